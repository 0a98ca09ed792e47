import { describe, expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { l2 } from "../../src/regularizers/index.ts";
import { counters, type Tensor, tensor, variable } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linearData, linearModel, lstmModel, sineData, weightsOf } from "./support.ts";

const { dense } = layers;

/** The same training in double precision: gradient descent on the mean squared error, in order. */
function descend(
  { x, y }: ReturnType<typeof linearData>,
  { batchSize, epochs, rate }: { batchSize: number; epochs: number; rate: number },
): { weights: number[]; losses: number[] } {
  let [a, b, c] = [0, 0, 0];
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let total = 0;
    for (let start = 0; start < x.length; start += batchSize) {
      const rows = x.slice(start, start + batchSize);
      const errors = rows.map(([p = 0, q = 0], i) => a * p + b * q + c - Number(y[start + i]?.[0]));
      total += errors.reduce((sum, error) => sum + error * error, 0);
      const slope = (of: (row: number[]) => number): number =>
        (2 / rows.length) * errors.reduce((sum, error, i) => sum + error * of(rows[i] ?? []), 0);
      const steps = [slope(([p = 0]) => p), slope(([, q = 0]) => q), slope(() => 1)];
      a -= rate * (steps[0] ?? 0);
      b -= rate * (steps[1] ?? 0);
      c -= rate * (steps[2] ?? 0);
    }
    losses.push(total / x.length);
  }
  return { weights: [a, b, c], losses };
}

describe("fit", () => {
  test("makes the steps that gradient descent makes, the last smaller batch among them", async () => {
    const data = linearData(21);
    const model = linearModel(0.1);
    const { history, epoch } = await model.fit(data.x, data.y, {
      batchSize: 8,
      epochs: 3,
      shuffle: false,
      verbose: 0,
    });
    const expected = descend(data, { batchSize: 8, epochs: 3, rate: 0.1 });
    expectClose((await weightsOf(model)).flat(), expected.weights, tolerances.trainingLoss);
    expectClose(history.loss ?? [], expected.losses, tolerances.trainingLoss);
    expect(epoch).toEqual([0, 1, 2]);
  });

  test("learns what there is to learn", async () => {
    const { x, y } = linearData(256);
    const model = linearModel(0.3);
    const { history } = await model.fit(x, y, { epochs: 20, seed: 3, verbose: 0 });
    expect(history.loss?.at(-1)).toBeLessThan(1e-6);
    const [kernel, bias] = await weightsOf(model);
    expect(kernel?.[0]).toBeCloseTo(2, 2);
    expect(kernel?.[1]).toBeCloseTo(-1, 2);
    expect(bias?.[0]).toBeCloseTo(0.5, 2);
  });

  test("an LSTM learns to continue sines", async () => {
    const { x, y } = sineData(64, 10);
    const model = lstmModel({ units: 8 });
    const { history } = await model.fit(x, y, { epochs: 20, batchSize: 16, seed: 1, verbose: 0 });
    const losses = history.loss ?? [];
    expect(losses.at(-1)).toBeLessThan(0.2 * Number(losses[0]));
  });

  test("the same seed gives the same weights, bit for bit; another seed others", async () => {
    const { x, y } = linearData(40);
    const run = async (seed: number): Promise<number[][]> => {
      const model = linearModel();
      await model.fit(x, y, { batchSize: 8, epochs: 2, seed, verbose: 0 });
      return weightsOf(model);
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
  });

  test("validationSplit takes the last samples, before shuffling, and does not train on them", async () => {
    const { x, y } = linearData(20);
    const wrong = y.map(([value = 0], i) => [i < 15 ? value : 100]);
    const model = linearModel(0.3);
    const { history, params } = await model.fit(x, wrong, {
      epochs: 30,
      validationSplit: 0.25,
      batchSize: 5,
      seed: 1,
      verbose: 0,
    });
    expect(params).toMatchObject({ samples: 15, validationSamples: 5, steps: 3 });
    expect(history.loss?.at(-1)).toBeLessThan(1e-3);
    expect(history.val_loss?.at(-1)).toBeGreaterThan(9000);
    expect(history.val_loss).toHaveLength(30);
  });

  test("validationData is judged with the weights at the epoch's end", async () => {
    const { x, y } = linearData(24);
    const held = linearData(7);
    const model = linearModel(0.1);
    const { history } = await model.fit(x, y, {
      epochs: 2,
      batchSize: 8,
      shuffle: false,
      validationData: [held.x, held.y],
      verbose: 0,
    });
    const [a = 0, b = 0, c = 0] = descend({ x, y }, { batchSize: 8, epochs: 2, rate: 0.1 }).weights;
    const errors = held.x.map(
      ([p = 0, q = 0], i) => (a * p + b * q + c - Number(held.y[i]?.[0])) ** 2,
    );
    const expected = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expectClose([Number(history.val_loss?.at(-1))], [expected], tolerances.trainingLoss);
  });

  test("sample weights decide what is learned", async () => {
    const { x, y } = linearData(32);
    const wrong = y.map(([value = 0], i) => [i % 2 === 0 ? value : 100]);
    const model = linearModel(0.3);
    await model.fit(x, wrong, {
      epochs: 40,
      sampleWeight: y.map((_, i) => (i % 2 === 0 ? 2 : 0)),
      seed: 1,
      verbose: 0,
    });
    expect((await weightsOf(model)).flat()[2]).toBeCloseTo(0.5, 2);
  });

  test("metrics are reported under the names they were asked for by, validation with val_", async () => {
    const { x, y } = linearData(16);
    const model = linearModel();
    model.compile({
      optimizer: { kind: "sgd", learningRate: 0 },
      loss: "mae",
      metrics: ["mae", "mse", "rmse"],
    });
    const { history } = await model.fit(x, y, { validationSplit: 0.5, batchSize: 3, verbose: 0 });
    const { loss, mae, mse, rmse, val_mae } = history;
    expect(Object.keys(history).sort()).toEqual(
      ["loss", "mae", "mse", "rmse", "val_loss", "val_mae", "val_mse", "val_rmse"].sort(),
    );
    const targets = y.slice(0, 8).flat();
    const mean = (values: readonly number[]): number =>
      values.reduce((a, b) => a + b, 0) / values.length;
    expectClose(loss ?? [], mae ?? [], tolerances.arithmetic);
    expectClose(mse ?? [], [mean(targets.map((target) => target ** 2))], tolerances.reduction);
    expectClose(rmse ?? [], [Math.sqrt(Number(mse?.[0]))], tolerances.arithmetic);
    expectClose(val_mae ?? [], [mean(y.slice(8).flat().map(Math.abs))], tolerances.reduction);
  });

  test("a classifier reports its accuracy", async () => {
    const { x } = linearData(64);
    const labels = x.map(([a = 0, b = 0]) => (a > b ? 1 : 0));
    const model = kept(
      sequential({ layers: [dense({ units: 2, inputShape: [2], activation: "softmax" })] }),
    );
    model.compile({
      optimizer: { kind: "adam", learningRate: 0.1 },
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
    });
    const { history } = await model.fit(x, labels, { epochs: 20, seed: 1, verbose: 0 });
    expect(history.accuracy?.at(-1)).toBeGreaterThan(0.9);
  });

  test("a loss of one's own sees labels and predictions with the batch in front", async () => {
    const { x, y } = linearData(16);
    const model = linearModel();
    const shapes: number[][] = [];
    model.compile({
      optimizer: { kind: "sgd", learningRate: 0.1 },
      loss: (labels, predictions) => {
        shapes.push(labels.shape, predictions.shape);
        return predictions.sub(labels).abs().mean();
      },
    });
    await model.fit(x, y, { batchSize: 8, verbose: 0 });
    expect(shapes.slice(0, 2)).toEqual([
      [8, 1],
      [8, 1],
    ]);
  });

  test("a metric of one's own is reported under its name", async () => {
    const { x, y } = linearData(10);
    const model = linearModel();
    const bias = (labels: Tensor, predictions: Tensor): Tensor => predictions.sub(labels);
    model.compile({ optimizer: { kind: "sgd", learningRate: 0 }, loss: "mse", metrics: [bias] });
    const { history } = await model.fit(x, y, { batchSize: 4, verbose: 0 });
    const mean = y.flat().reduce((sum, value) => sum + value, 0) / y.length;
    expectClose(history.bias ?? [], [-mean], tolerances.reduction);
  });

  test("takes tensors that are still to be computed, and variables", async () => {
    const { x, y } = linearData(24);
    const config = { batchSize: 8, epochs: 2, shuffle: false, verbose: 0 } as const;
    const [plain, lazy] = [linearModel(), linearModel()];
    await plain.fit(x, y, config);
    const labels = kept(variable(tensor(y), false));
    await lazy.fit(tensor(x).mul(4).div(4), labels, config);
    expect(await weightsOf(lazy)).toEqual(await weightsOf(plain));
    expectClose(await labels.data(), y.flat(), tolerances.arithmetic);
  });

  test("training goes on from where it stood, with initialEpoch as its number", async () => {
    const { x, y } = linearData(16);
    const model = linearModel();
    const first = await model.fit(x, y, { epochs: 2, verbose: 0 });
    const second = await model.fit(x, y, { epochs: 4, initialEpoch: 2, verbose: 0 });
    expect(first.epoch).toEqual([0, 1]);
    expect(second.epoch).toEqual([2, 3]);
    expect(second.history.loss?.[0]).toBeLessThan(Number(first.history.loss?.[1]));
    expect(model.history).toBe(second);
  });

  test("regularizers add to the loss", async () => {
    const { x, y } = linearData(8);
    const model = kept(
      sequential({
        layers: [
          dense({
            units: 1,
            inputShape: [2],
            kernelInitializer: "ones",
            kernelRegularizer: l2({ l2: 0.5 }),
          }),
        ],
      }),
    );
    model.compile({
      optimizer: { kind: "sgd", learningRate: 0 },
      loss: () => model.weights[0]?.sum() as never,
    });
    const { history } = await model.fit(x, y, { verbose: 0 });
    // Sum of two ones, and 0.5·(1² + 1²).
    expectClose(history.loss ?? [], [3], tolerances.arithmetic);
  });

  test("one warm step is one submit, without new buffers, bind groups, pipelines or plans", async () => {
    const { x, y } = sineData(32 * 6, 8);
    const model = lstmModel({ units: 16 });
    const seen: ReturnType<typeof counters>[] = [];
    await model.fit(x, y, {
      batchSize: 32,
      epochs: 2,
      yieldEvery: "never",
      verbose: 0,
      callbacks: { onBatchBegin: () => void seen.push(counters()) },
    });
    for (let i = 8; i < 12; i++) {
      const [before, after] = [seen[i - 1], seen[i]];
      if (before === undefined || after === undefined) throw new Error(`no counters at batch ${i}`);
      expect(after.submits - before.submits).toBe(1);
      expect(after.buffersCreated - before.buffersCreated).toBe(0);
      expect(after.bindGroupsCreated - before.bindGroupsCreated).toBe(0);
      expect(after.pipelinesCreated - before.pipelinesCreated).toBe(0);
      expect(after.plansCreated - before.plansCreated).toBe(0);
      expect(after.readbacks - before.readbacks).toBe(0);
    }
  });
});
