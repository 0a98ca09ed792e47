/**
 * A training step of a cell written by a user, the minimal gated unit, over T steps: by `layers.rnn`, which is a loop on the
 * GPU, and by the same loop in JavaScript, which records every step.
 *
 *     node tools/run.mjs bench/scan.ts            (SLUICE_ADAPTER=swiftshader for the software fallback)
 */
import * as sl from "sluice";

const [BATCH, FEATURES, UNITS] = [32, 16, 32];
const LENGTHS = [16, 32, 64, 128, 256, 512];
/** Above this the JavaScript loop takes minutes to record and compile. */
const MOST_UNROLLED = 128;
const ROUNDS = 5;

/** Zhou et al. 2016: f = σ(x·W + h·U + b), n = tanh(x·V + (f⊙h)·R + d), h' = (1 - f)⊙h + f⊙n. */
class MinimalGatedUnit extends sl.layers.RNNCell {
  static override readonly className = "MinimalGatedUnit";
  get stateSize(): number {
    return UNITS;
  }
  override build([, features]: [null, number]): void {
    this.addWeight("kernel", [features, 2 * UNITS], "float32", "glorotUniform");
    for (const name of ["forget", "candidate"]) {
      this.addWeight(`${name}_kernel`, [UNITS, UNITS], "float32", "orthogonal");
    }
  }
  call(x: sl.Tensor, [h]: [sl.Tensor]) {
    const [f, n] = x.matMul(this.weight("kernel")).split(2, 1) as [sl.Tensor, sl.Tensor];
    const forget = f.add(h.matMul(this.weight("forget_kernel"))).sigmoid();
    const candidate = n.add(h.mul(forget).matMul(this.weight("candidate_kernel"))).tanh();
    const output = h.add(forget.mul(candidate.sub(h)));
    return { output, states: [output] };
  }
}

interface Measured {
  readonly first: number;
  readonly step: number;
  readonly dispatches: number;
}

/** First and warm training steps of the mean square of the last state, by stochastic gradient descent. */
async function measure(run: (x: sl.Tensor) => sl.Tensor, time: number): Promise<Measured> {
  const x = sl.randomNormal([BATCH, time, FEATURES]);
  await x.data();
  const optimizer = sl.train.sgd(0.01);
  const step = sl.compile((x: sl.Tensor) => {
    const { value, grads } = sl.variableGrads(() => run(x).square().mean());
    optimizer.applyGradients(grads);
    return value;
  });
  const timed = async (): Promise<number> => {
    const start = performance.now();
    await step(x).data();
    return performance.now() - start;
  };
  const first = await timed();
  const before = sl.counters().dispatches;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await timed());
  const dispatches = (sl.counters().dispatches - before) / ROUNDS;
  step.dispose();
  return { first, step: best, dispatches };
}

await sl.init({ seed: 1 });
console.log(`adapter: ${sl.adapterName()}`);
console.log("T     way        first step ms   ms/step   ms/step/T   dispatches");
for (const time of LENGTHS) {
  const cell = new MinimalGatedUnit();
  const layer = sl.layers.rnn({ cell });
  layer.build([BATCH, time, FEATURES]);
  const ways: [string, (x: sl.Tensor) => sl.Tensor][] = [["scan", (x) => layer.apply(x)]];
  if (time <= MOST_UNROLLED) {
    ways.push([
      "unrolled",
      (x) => {
        let h: sl.Tensor = sl.zeros([BATCH, UNITS]);
        for (const piece of x.unstack(1)) h = cell.call(piece, [h]).output;
        return h;
      },
    ]);
  }
  for (const [name, run] of ways) {
    const { first, step, dispatches } = await measure(run, time);
    console.log(
      `${String(time).padEnd(6)}${name.padEnd(11)}${first.toFixed(0).padStart(13)}${step.toFixed(2).padStart(10)}` +
        `${(step / time).toFixed(3).padStart(12)}${String(dispatches).padStart(13)}`,
    );
  }
  layer.dispose();
}
