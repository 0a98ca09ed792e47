import { expect, test } from "vitest";
import * as sl from "../../src/index.ts";

test("an LSTM learns, forecasts, and leaves nothing behind", async () => {
  await sl.init({ seed: 1 });
  const before = sl.memory();
  const rows = Array.from({ length: 40 }, (_, i) => i);
  const wave = (t: number): number => Math.sin(t / 3);
  const x = sl.tensor3d(rows.map((i) => Array.from({ length: 6 }, (_, t) => [wave(i + t)])));
  const y = sl.tensor2d(rows.map((i) => [wave(i + 6)]));
  const model = sl.sequential();
  model.add(sl.layers.lstm({ units: 8, inputShape: [6, 1] }));
  model.add(sl.layers.dense({ units: 1 }));
  model.compile({ optimizer: sl.train.adam(0.02), loss: "meanSquaredError" });
  // 40 samples in batches of 16: the last one has 8.
  const { history } = await model.fit(x, y, { epochs: 20, batchSize: 16, verbose: 0 });
  const loss = history.loss as number[];
  expect(loss[19]).toBeLessThan((loss[0] ?? 0) / 10);
  expect(await model.predict(x).data()).toHaveLength(40);
  model.dispose();
  expect(sl.memory()).toEqual(before);
});

test("gradients by hand are those of the formula", async () => {
  const w = sl.variable([1, 2, 3], true, "tiny/w");
  const { value, grads } = sl.variableGrads(() => w.square().sum());
  expect(await value.array()).toBe(14);
  expect([...((await grads["tiny/w"]?.data()) ?? [])]).toEqual([2, 4, 6]);
  w.dispose();
});
