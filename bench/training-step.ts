/**
 * One warm training step of `recurrent → dense`, Adam, mean squared error: wall time, dispatches, submits.
 *
 *     node tools/run.mjs bench/training-step.ts            (SLUICE_ADAPTER=swiftshader for the software fallback)
 */
import * as sl from "sluice";

const SHAPES = [
  { batch: 32, time: 10, features: 1, units: 64 },
  { batch: 16, time: 56, features: 32, units: 32 },
  { batch: 32, time: 64, features: 64, units: 128 },
] as const;
const CELLS = ["simpleRNN", "gru", "lstm"] as const;
const STEPS = 20;
const ROUNDS = 3;

await sl.init({ seed: 1 });
console.log(`adapter: ${sl.adapterName()}`);
console.log("B   T   I   H    cell       ms/step  dispatches  submits  first step ms");
for (const { batch, time, features, units } of SHAPES) {
  for (const cell of CELLS) {
    const config = { units, inputShape: [time, features] };
    const recurrent = {
      simpleRNN: () => sl.layers.simpleRNN(config),
      gru: () => sl.layers.gru(config),
      lstm: () => sl.layers.lstm(config),
    }[cell]();
    const model = sl.sequential({ layers: [recurrent, sl.layers.dense({ units: 1 })] });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const x = sl.variable(sl.randomNormal([batch * STEPS, time, features]), false);
    const y = sl.variable(sl.randomNormal([batch * STEPS, 1]), false);
    const began = performance.now();
    await model.trainOnBatch(sl.slice(x, 0, batch), sl.slice(y, 0, batch));
    const first = performance.now() - began;
    const fit = () => model.fit(x, y, { batchSize: batch, epochs: 1, verbose: 0 });
    await fit();
    const before = sl.counters();
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      await fit();
      best = Math.min(best, (performance.now() - start) / STEPS);
    }
    const after = sl.counters();
    const steps = ROUNDS * STEPS;
    // Beside the steps each fit uploads, resets and reads its figures: a few submits and dispatches a round.
    const dispatches = Math.floor((after.dispatches - before.dispatches) / steps);
    const submits = Math.floor((after.submits - before.submits) / steps);
    const columns = [batch, time, features].map((n) => String(n).padEnd(4)).join("");
    console.log(
      `${columns}${String(units).padEnd(5)}${cell.padEnd(11)}${best.toFixed(2).padStart(7)}` +
        `${String(dispatches).padStart(12)}${String(submits).padStart(9)}${first.toFixed(0).padStart(15)}`,
    );
    model.dispose();
    x.dispose();
    y.dispose();
  }
}
