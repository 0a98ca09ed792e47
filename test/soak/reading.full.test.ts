import { expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { meanSquaredError } from "../../src/losses/index.ts";
import { adam } from "../../src/optimizers/index.ts";
import { matMul, memory, tensor, variable } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { noise } from "../train/support.ts";

test("two thousand predictions that are read and never disposed leave nothing on the GPU", async () => {
  const model = sequential({ layers: [layers.gru({ units: 6, inputShape: [5, 2] })] });
  const x = tensor(noise(8 * 5 * 2), [8, 5, 2]);
  await model.predict(x).data();
  const before = memory();
  for (let i = 0; i < 2000; i++) await model.predict(x).data();
  expect(memory()).toEqual(before);
  model.dispose();
});

test("a hand-written loop owns at step 2,000 what it owned at step 100", async () => {
  const weights = variable(noise(6), true, "soak/weights");
  const [x, y] = [tensor(noise(4 * 6), [4, 6]), tensor(noise(4), [4, 1])];
  const optimizer = adam(1e-3);
  const step = (): void => {
    optimizer.minimize(() => meanSquaredError(y, matMul(x, weights.reshape([6, 1]))));
  };
  for (let i = 0; i < 100; i++) step();
  await weights.data();
  const at100 = memory();
  for (let i = 100; i < 2000; i++) step();
  await weights.data();
  expect(memory()).toEqual(at100);
  optimizer.dispose();
  weights.dispose();
});
