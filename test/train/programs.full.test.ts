import { describe, expect, test } from "vitest";
import * as sl from "../../src/index.ts";

/*
 * The program that everybody writes first, as everybody writes it: a thousand windows of ten values, one
 * recurrent layer of 64 units, one dense unit; Adam, mean squared error, 100 epochs in batches of 32. The last
 * batch has 8 samples.
 */

const SAMPLES = 1000;
const STEPS = 10;

/** Two superposed waves; the value after each window is its target. */
function waves(): { x: sl.Tensor; y: sl.Tensor } {
  const at = (t: number): number => 0.6 * Math.sin(t / 3) + 0.4 * Math.sin(t / 7.3);
  const x = Array.from({ length: SAMPLES }, (_, i) =>
    Array.from({ length: STEPS }, (_, t) => [at(i + t)]),
  );
  const y = Array.from({ length: SAMPLES }, (_, i) => [at(i + STEPS)]);
  return { x: sl.tensor3d(x), y: sl.tensor2d(y) };
}

const CELLS = {
  simpleRNN: () => sl.layers.simpleRNN({ units: 64, inputShape: [STEPS, 1] }),
  lstm: () => sl.layers.lstm({ units: 64, inputShape: [STEPS, 1] }),
  gru: () => sl.layers.gru({ units: 64, inputShape: [STEPS, 1] }),
};

describe("the first program of everybody", () => {
  test.for(Object.entries(CELLS))("trains with %s", { timeout: 600_000 }, async ([, cell]) => {
    await sl.init({ seed: 1 });
    const before = sl.memory();
    const { x, y } = waves();
    const model = sl.sequential();
    model.add(cell());
    model.add(sl.layers.dense({ units: 1 }));
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const { history } = await model.fit(x, y, { epochs: 100, batchSize: 32, verbose: 0 });
    const loss = history.loss as number[];
    expect(loss).toHaveLength(100);
    expect(loss.every(Number.isFinite)).toBe(true);
    // The targets' mean square is 0.26: what was learned has to be most of it.
    expect(loss[99]).toBeLessThan(1e-3);
    expect(loss[99]).toBeLessThan((loss[0] ?? 0) / 20);
    const score = await (model.evaluate(x, y, { batchSize: 32 }) as sl.Tensor).array();
    expect(score).toBeLessThan(2e-3);
    const forecast = await model.predict(x).data();
    expect(forecast).toHaveLength(SAMPLES);
    x.dispose();
    y.dispose();
    model.dispose();
    expect(sl.memory()).toEqual(before);
  });
});
