/**
 * Recurrent layers alone, in milliseconds, forward and with all gradients: the plans of the time loop, both directions
 * in one op or in two, and rows that end early. The best of interleaved rounds, so that load falls on all alike.
 *
 *     node tools/run.mjs bench/recurrent.ts                  (SLUICE_ADAPTER=swiftshader for the software fallback)
 *     node tools/run.mjs bench/recurrent.ts --plan=resident  (resident, stream or step)
 *     node tools/run.mjs bench/recurrent.ts --cpu-time       (milliseconds of processor time: of software adapters, and
 *                                                             of a machine that is busy with other things)
 *     node tools/run.mjs bench/recurrent.ts --size=1         (of the list below)
 */
import * as sl from "sluice";

const SIZES = [
  { batch: 8, time: 50, features: 8, units: 16 },
  { batch: 16, time: 56, features: 32, units: 32 },
  { batch: 8, time: 50, features: 16, units: 64 },
  { batch: 32, time: 64, features: 64, units: 128 },
] as const;
const CELLS = ["simpleRNN", "gru", "lstm"] as const;
const ROUNDS = 4;

const useCpuTime = process.argv.includes("--cpu-time");
const size = process.argv.find((one) => one.startsWith("--size="))?.slice("--size=".length);
const plan = process.argv.find((one) => one.startsWith("--plan="))?.slice("--plan=".length);
const forced = plan === undefined ? {} : { recurrentPlan: plan as "stream" };
const kernels = { bothDirections: true, ...forced };
await sl.init({ seed: 1, kernels });
console.log(`adapter: ${sl.adapterName()}; plan: ${plan ?? "chosen"}`);
console.log("B   T   I   H    cell       what                  forward  with gradients  (ms)");

type Run = () => Promise<unknown>;

/** Best milliseconds of each run. */
async function time(runs: readonly Run[], times: number): Promise<number[]> {
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  for (const run of runs) for (let i = 0; i < 2; i++) await run();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      const began = now();
      for (let n = 0; n < times; n++) await run();
      best[i] = Math.min(best[i] ?? 0, (now() - began) / times);
    }
  }
  return best;
}

function now(): number {
  if (!useCpuTime) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const chosen = size === undefined ? SIZES : SIZES.slice(Number(size), Number(size) + 1);
for (const { batch, time: steps, features, units } of chosen) {
  for (const cell of CELLS) {
    const make = (more: { goBackwards?: boolean } = {}) => {
      const config = { units, returnSequences: true, ...more };
      if (cell === "lstm") return sl.layers.lstm(config);
      return cell === "gru" ? sl.layers.gru(config) : sl.layers.simpleRNN(config);
    };
    const x = sl.variable(sl.randomNormal([batch, steps, features]), false);
    const lengths = Array.from({ length: batch }, (_, row) =>
      Math.ceil((steps * (row + 1)) / batch),
    );
    const one = make();
    const [forward, backward] = [make(), make({ goBackwards: true })];
    const both = sl.layers.bidirectional({ layer: make() });
    const variants: Record<string, () => sl.Tensor> = {
      "one direction": () => one.apply(x),
      "mask, half of it": () =>
        one.apply(x, {
          mask: sl.less(sl.range(0, steps), sl.tensor(lengths, [batch, 1])),
        }),
      "sequenceLengths, half": () => one.apply(x, { sequenceLengths: shuffled(lengths) }),
      "two ops": () => sl.concat([forward.apply(x), sl.reverse(backward.apply(x), 1)], 2),
      "both in one op": () => both.apply(x),
    };
    const runs = Object.values(variants).flatMap((variant): Run[] => {
      const loss = () => variant().square().mean();
      loss();
      return [
        () => loss().data(),
        () => {
          const { value, grads } = sl.variableGrads(loss);
          return Promise.all([value, ...Object.values(grads)].map((tensor) => tensor.data()));
        },
      ];
    });
    const ms = await time(runs, units > 64 ? 2 : 8);
    const head = [batch, steps, features].map((n) => String(n).padEnd(4)).join("");
    Object.keys(variants).forEach((name, i) => {
      const [inference = 0, training = 0] = ms.slice(2 * i);
      console.log(
        `${head}${String(units).padEnd(5)}${cell.padEnd(11)}${name.padEnd(22)}` +
          `${inference.toFixed(2).padStart(7)}${training.toFixed(2).padStart(16)}`,
      );
    });
  }
}

/** In an order that helps nobody. */
function shuffled(lengths: readonly number[]): number[] {
  return lengths.map((_, row) => lengths[(row * 5) % lengths.length] ?? 0);
}
