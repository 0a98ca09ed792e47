import { expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { counters, memory, tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { noise } from "../train/support.ts";

function stackedLstm() {
  const model = sequential({
    layers: [
      layers.lstm({ units: 4, returnSequences: true, inputShape: [5, 2] }),
      layers.lstm({ units: 4 }),
      layers.dense({ units: 1 }),
    ],
  });
  model.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["mae"] });
  return model;
}

const [x, y] = [tensor(noise(80 * 5 * 2), [80, 5, 2]), tensor(noise(80), [80, 1])];

test("ten thousand steps of two LSTM layers leave memory and caches as after the first hundred", async () => {
  const model = stackedLstm();
  const fit = (epochs: number) => model.fit(x, y, { batchSize: 8, epochs, verbose: 0 });
  for (let i = 0; i < 2; i++) await fit(5); // only a second fit has to clear what the one before may have refused
  const [before, made] = [memory(), counters()];
  await fit(990);
  expect(memory()).toEqual(before);
  const { buffersCreated, bindGroupsCreated, pipelinesCreated, plansCreated } = counters();
  expect(pipelinesCreated).toBe(made.pipelinesCreated);
  expect(plansCreated - made.plansCreated).toBeLessThanOrEqual(1);
  expect(buffersCreated - made.buffersCreated).toBeLessThanOrEqual(8);
  // The data lies in other buffers in each fit, so a few bind groups are new.
  expect(bindGroupsCreated - made.bindGroupsCreated).toBeLessThan(200);
  model.dispose();
});

test("a hundred models made, trained and disposed leave nothing", async () => {
  const before = memory();
  for (let i = 0; i < 100; i++) {
    const model = stackedLstm();
    await model.fit(x, y, { batchSize: 40, verbose: 0 });
    model.dispose();
    expect(memory()).toEqual(before);
  }
});
