import { expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { counters, tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { kept, lstmModel, noise } from "./support.ts";

test("a warm LSTM step (B 32, T 64, I 64, H 128) is one submit and makes nothing new", async () => {
  const [batch, time, features, units] = [32, 64, 64, 128];
  const model = kept(
    sequential({
      layers: [layers.lstm({ units, inputShape: [time, features] }), layers.dense({ units: 1 })],
    }),
  );
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const x = tensor(noise(batch * time * features), [batch, time, features]);
  const seen: ReturnType<typeof counters>[] = [];
  const epoch = { onEpochBegin: () => void seen.push(counters()) };
  const y = tensor(noise(batch), [batch, 1]);
  await model.fit(x, y, { epochs: 3, callbacks: epoch, yieldEvery: "never", verbose: 0 });
  const [before, after] = [seen[1], seen[2]];
  if (before === undefined || after === undefined) throw new Error("no counters");
  // One step, one reset of the figures and one reading of them.
  expect(after.submits - before.submits).toBe(3);
  expect(after.readbacks - before.readbacks).toBe(1);
  expect(after.buffersCreated - before.buffersCreated).toBe(0);
  expect(after.bindGroupsCreated - before.bindGroupsCreated).toBe(0);
  expect(after.pipelinesCreated - before.pipelinesCreated).toBe(0);
  expect(after.plansCreated - before.plansCreated).toBe(0);
});

test("twenty batch sizes and lengths need no pipeline that the first did not", async () => {
  const model = lstmModel({ units: 8 });
  const run = async (batch: number, time: number): Promise<void> => {
    const x = tensor(noise(batch * time), [batch, time, 1]);
    await model.trainOnBatch(x, tensor(noise(batch), [batch, 1]));
    await model.predict(x, { batchSize: batch }).data();
  };
  await run(4, 6);
  const { pipelinesCreated } = counters();
  for (let i = 0; i < 20; i++) await run(1 + ((i * 7) % 20), 2 + i);
  expect(counters().pipelinesCreated).toBe(pipelinesCreated);
});
