/**
 * Convolution three ways, forward and with all gradients: the windows as one matrix by a change of view (what `sl.conv1d` and
 * `sl.conv2d` do), the same matrix by joining shifted slices, and one product for each tap of the kernel, added up.
 *
 *     node tools/run.mjs bench/convolution.ts            (SLUICE_ADAPTER=swiftshader for the software fallback)
 *     node tools/run.mjs bench/convolution.ts --plans    prints the dispatches, too
 *     node tools/run.mjs bench/convolution.ts --cpu-time (milliseconds of processor time: of software adapters, and of a
 *                                                         machine that is busy with other things)
 */
import * as sl from "sluice";

const ROUNDS = 8;

interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly filter: readonly number[];
  readonly ways: Readonly<Record<string, (x: sl.Tensor, filter: sl.Tensor) => sl.Tensor>>;
}

/** Shifted slices of a padded x, one for each tap, [B, ..., I], row by row. */
function taps(x: sl.Tensor, filter: sl.Tensor): sl.Tensor[] {
  const sizes = filter.shape.slice(0, -2);
  const around = sizes.map((size) => [(size - 1) >> 1, size >> 1] as const);
  const padded = sl.pad(x, [[0, 0], ...around, [0, 0]]);
  const [rows = 1, columns = 1] = sizes;
  const shifts = Array.from({ length: rows * columns }, (_, i) =>
    sizes.length === 1 ? [i] : [Math.floor(i / columns), i % columns],
  );
  return shifts.map((shift) => padded.slice([0, ...shift, 0], [...x.shape]));
}

function joined(x: sl.Tensor, filter: sl.Tensor): sl.Tensor {
  const [filters = 1, depth = 1] = [filter.shape.at(-1), filter.size / (filter.shape.at(-1) ?? 1)];
  const unfolded = sl.concat(taps(x, filter), -1);
  return unfolded.matMul(filter.reshape([depth, filters]));
}

function tapByTap(x: sl.Tensor, filter: sl.Tensor): sl.Tensor {
  const [channels = 1, filters = 1] = filter.shape.slice(-2);
  const kernels = filter.reshape([-1, channels, filters]).unstack(0);
  const products = taps(x, filter).map((tap, i) => tap.matMul(kernels[i] as sl.Tensor));
  return products.reduce((sum, product) => sum.add(product));
}

const CASES: readonly Case[] = [
  {
    name: "conv1d [32,128,16] K 5 F 32",
    x: [32, 128, 16],
    filter: [5, 16, 32],
    ways: { view: (x, f) => sl.conv1d(x, f, 1, "same"), joined, tapByTap },
  },
  {
    name: "conv1d [32,128,16] K 25 F 32",
    x: [32, 128, 16],
    filter: [25, 16, 32],
    ways: { view: (x, f) => sl.conv1d(x, f, 1, "same"), joined, tapByTap },
  },
  {
    name: "conv2d [32,28,28,1] 3x3 F 8",
    x: [32, 28, 28, 1],
    filter: [3, 3, 1, 8],
    ways: { view: (x, f) => sl.conv2d(x, f, 1, "same"), joined, tapByTap },
  },
  {
    name: "conv2d [32,14,14,8] 3x3 F 16",
    x: [32, 14, 14, 8],
    filter: [3, 3, 8, 16],
    ways: { view: (x, f) => sl.conv2d(x, f, 1, "same"), joined, tapByTap },
  },
];

function now(): number {
  if (!process.argv.includes("--cpu-time")) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface Measured {
  readonly dispatches: number;
  readonly scratch: number;
  readonly first: number;
  readonly best: number;
}

async function measure(run: () => sl.Tensor[]): Promise<Measured> {
  const plan = await sl.explain(run());
  if (process.argv.includes("--plans")) console.log(String(plan));
  const timed = async (): Promise<number> => {
    const start = now();
    await Promise.all(run().map((one) => one.data()));
    return now() - start;
  };
  const first = await timed();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await timed());
  const scratch = plan.scratch.reduce((sum, bytes) => sum + bytes, 0);
  return { dispatches: plan.dispatches.length, scratch, first, best };
}

await sl.init({ seed: 1 });
console.log(`adapter: ${sl.adapterName()}`);
console.log(
  "case                           way       what       dispatches  scratch KB  first ms  best ms",
);
for (const { name, x: shape, filter: filterShape, ways } of CASES) {
  const [x, filter] = [sl.randomNormal(shape), sl.randomNormal(filterShape)];
  await Promise.all([x.data(), filter.data()]);
  for (const [way, call] of Object.entries(ways)) {
    const forward = () => [call(x, filter).square().sum()];
    const both = () => {
      const { value, grads } = sl.valueAndGrads((x, filter) => call(x, filter).square().sum())([
        x,
        filter,
      ]);
      return [value, ...grads];
    };
    for (const [what, run] of [
      ["forward", forward],
      ["gradients", both],
    ] as const) {
      const { dispatches, scratch, first, best } = await measure(run);
      console.log(
        `${name.padEnd(31)}${way.padEnd(10)}${what.padEnd(11)}${String(dispatches).padStart(10)}` +
          `${(scratch / 1024).toFixed(0).padStart(12)}${first.toFixed(0).padStart(10)}${best.toFixed(2).padStart(9)}`,
      );
    }
  }
}
process.exit(0);
