import { expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { idle, memory, tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";

test("samples of 160 MiB train from the host; the GPU holds a batch of them at a time", async () => {
  const [rows, width] = [40_960, 1024];
  const before = memory().numBytes;
  const x = tensor(new Float32Array(rows * width).fill(0.01), [rows, width]);
  const y = tensor(new Float32Array(rows).fill(1), [rows, 1]);
  const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [width] })] });
  model.compile({ optimizer: { kind: "sgd", learningRate: 0.1 }, loss: "mse" });
  const seen: number[] = [];
  const { history } = await model.fit(x, y, {
    batchSize: 256,
    epochs: 2,
    stepsPerEpoch: 30,
    verbose: 0,
    callbacks: { onBatchEnd: () => void seen.push(memory().numBytes - before) },
  });
  expect(Math.max(...seen)).toBeLessThan(1024 * 1024);
  expect(new Set(seen).size).toBe(1);
  expect(history.loss?.[1]).toBeLessThan(Number(history.loss?.[0]));
  model.dispose();
  await idle();
});
