/**
 * Attention and its gradient by the kernels, and by simple ops that store the scores: milliseconds, ratio, and the most
 * memory that either held.
 *
 *     node tools/run.mjs bench/attention.ts [name]     (SLUICE_ADAPTER=swiftshader for the software fallback)
 */
import * as sl from "sluice";

const ROUNDS = 5;

interface Case {
  readonly name: string;
  /** B, N, M, T, S, D */
  readonly sizes: readonly [number, number, number, number, number, number];
  readonly causal: boolean;
}

const CASES: readonly Case[] = [
  { name: "D16", sizes: [8, 4, 4, 128, 128, 16], causal: true },
  { name: "D32", sizes: [8, 4, 4, 128, 128, 32], causal: true },
  { name: "D64", sizes: [4, 4, 4, 128, 128, 64], causal: true },
  { name: "D128", sizes: [2, 4, 4, 128, 128, 128], causal: true },
  { name: "long", sizes: [1, 4, 4, 512, 512, 32], causal: true },
  { name: "full", sizes: [8, 4, 4, 128, 128, 32], causal: false },
  { name: "grouped", sizes: [8, 4, 1, 128, 128, 32], causal: true },
  { name: "decode", sizes: [1, 4, 4, 1, 1024, 32], causal: false },
];

type Attention = (q: sl.Tensor, k: sl.Tensor, v: sl.Tensor) => sl.Tensor;

/** First and warm run of a compiled function. */
async function measure(f: Attention, xs: readonly [sl.Tensor, sl.Tensor, sl.Tensor]) {
  const run = sl.compile((q: sl.Tensor, k: sl.Tensor, v: sl.Tensor) => f(q, k, v));
  const timed = async (): Promise<number> => {
    const start = performance.now();
    const result = run(...xs);
    await sl.idle();
    result.dispose();
    return performance.now() - start;
  };
  const first = await timed();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await timed());
  run.dispose();
  return { first, best };
}

function withGradient(f: Attention): Attention {
  return (q, k, v) => {
    const grads = sl.grads((...[a, b, c]) => f(a as sl.Tensor, b as sl.Tensor, c as sl.Tensor))([
      q,
      k,
      v,
    ]);
    return sl.addN(grads.map((one) => one.sum()));
  };
}

await sl.init({ seed: 1 });
console.log(`adapter: ${sl.adapterName()}`);
console.log("case      pass       first ms   kernels ms   simple ops ms   ratio");
for (const { name, sizes, causal } of CASES) {
  if (process.argv[2] !== undefined && process.argv[2] !== name) continue;
  const [b, n, m, t, s, d] = sizes;
  const xs = [
    [b, n, t, d],
    [b, m, s, d],
    [b, m, s, d],
  ].map((shape) => sl.randomNormal(shape));
  for (const x of xs) await x.buffer();
  const [q, k, v] = xs as [sl.Tensor, sl.Tensor, sl.Tensor];
  const fused: Attention = (q, k, v) => sl.scaledDotProductAttention(q, k, v, { causal });
  const simple: Attention = (q, k, v) => {
    const repeated =
      n === m
        ? v
        : v
            .expandDims(2)
            .broadcastTo([b, m, n / m, s, d])
            .reshape([b, n, s, d]);
    return sl.matMul(sl.attentionScores(q, k, { causal }), repeated);
  };
  for (const pass of ["forward", "gradient"] as const) {
    if (pass === "gradient" && t === 1) continue;
    const of = (f: Attention): Attention => (pass === "forward" ? f : withGradient(f));
    const kernels = await measure(of(fused), [q, k, v]);
    const ops = await measure(of(simple), [q, k, v]);
    console.log(
      `${name.padEnd(9)} ${pass.padEnd(10)} ${kernels.first.toFixed(0).padStart(8)} ` +
        `${kernels.best.toFixed(2).padStart(12)} ${ops.best.toFixed(2).padStart(15)} ` +
        `${(ops.best / kernels.best).toFixed(2).padStart(7)}`,
    );
  }
  for (const x of xs) x.dispose();
}
await sl.idle();
