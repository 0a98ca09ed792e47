import { describe, expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { meanSquaredError } from "../../src/losses/index.ts";
import { memory, Tensor, tensor, variable } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linearData, linearModel, lstmModel, sineData, weightsOf } from "./support.ts";

const { dense } = layers;

function one(result: Tensor | Tensor[]): Tensor {
  if (result instanceof Tensor) return result;
  throw new Error("expected one tensor");
}

describe("predict", () => {
  test("gives all samples in order, however they fall into batches", async () => {
    const { x } = sineData(21, 5);
    const model = lstmModel();
    const whole = await model.predict(x, { batchSize: 64 }).data();
    const parts = model.predict(x, { batchSize: 4 });
    expect(parts.shape).toEqual([21, 1]);
    expectClose(await parts.data(), whole, tolerances.samePrecision);
    const single = model.predict(x.slice(3, 4));
    expectClose(await single.data(), whole.slice(3, 4), tolerances.samePrecision);
  });

  test("takes host data, tensors and variables alike", async () => {
    const { x } = sineData(9, 5);
    const model = lstmModel();
    const expected = await model.predict(x, { batchSize: 4 }).data();
    const computed = tensor(x).mul(2).div(2);
    const there = kept(variable(tensor(x), false));
    expect(await model.predict(tensor(x), { batchSize: 4 }).data()).toEqual(expected);
    expect(await model.predict(computed, { batchSize: 4 }).data()).toEqual(expected);
    expect(await model.predict(there, { batchSize: 4 }).data()).toEqual(expected);
  });

  test("a later update does not change what was predicted before it", async () => {
    const { x, y } = linearData(40);
    const model = linearModel();
    const before = model.predict(x);
    const inParts = model.predict(x, { batchSize: 8 });
    await model.fit(x, y, { verbose: 0 });
    expect(await before.data()).toEqual(new Float32Array(40));
    expect(await inParts.data()).toEqual(new Float32Array(40));
    expect(await model.predict(x).data()).not.toEqual(new Float32Array(40));
  });

  test("a loop of predictions that are read leaves nothing behind", async () => {
    const { x } = sineData(10, 5);
    const model = lstmModel();
    await model.predict(x, { batchSize: 4 }).data();
    const before = memory();
    for (let i = 0; i < 20; i++) await model.predict(x, { batchSize: 4 }).data();
    expect(memory()).toEqual(before);
  });

  test("a loop of predictions that are disposed unread leaves nothing behind", async () => {
    const { x } = sineData(10, 5);
    const model = lstmModel();
    await model.predict(x, { batchSize: 4 }).data();
    const before = memory();
    for (let i = 0; i < 20; i++) model.predict(x, { batchSize: 4 }).dispose();
    await model.predictOnBatch(x).data();
    expect(memory().numTensors - before.numTensors).toBeLessThanOrEqual(1);
  });
});

describe("evaluate", () => {
  test("gives the mean over all samples, the last smaller batch weighed by its size", async () => {
    const { x, y } = linearData(11);
    const model = linearModel();
    const loss = one(model.evaluate(x, y, { batchSize: 4 }));
    expect(loss.shape).toEqual([]);
    const expected = y.reduce((sum, [value = 0]) => sum + value * value, 0) / y.length;
    expectClose(await loss.data(), [expected], tolerances.reduction);
  });

  test("gives a list when there are metrics; two evaluations do not mix", async () => {
    const { x, y } = linearData(11);
    const model = linearModel();
    model.compile({ loss: "mse", metrics: ["mae", "rmse"] });
    const first = model.evaluate(x, y, { batchSize: 4 }) as Tensor[];
    const second = model.evaluate(
      x,
      y.map(() => [0]),
    ) as Tensor[];
    const [mse = 0, mae = 0, rmse = 0] = await Promise.all(
      first.map(async (figure) => (await figure.data())[0]),
    );
    const mean = (of: (value: number) => number): number =>
      y.reduce((sum, [value = 0]) => sum + of(value), 0) / y.length;
    expectClose([mse, mae], [mean((v) => v * v), mean(Math.abs)], tolerances.reduction);
    expectClose([rmse], [Math.sqrt(mse)], tolerances.arithmetic);
    for (const figure of second) expect(await figure.data()).toEqual(new Float32Array([0]));
  });

  test("weights of steps decide which steps count", async () => {
    const { x } = sineData(3, 4);
    const model = kept(
      sequential({
        layers: [dense({ units: 1, inputShape: [null, 1], kernelInitializer: "ones" })],
      }),
    );
    model.compile({ loss: "mae" });
    const sampleWeight = x.map(() => [0, 0, 2, 2]);
    const loss = one(
      model.evaluate(
        x,
        x.map((row) => row.map(([v = 0], t) => [v + t])),
        { sampleWeight },
      ),
    );
    // Errors 0, 1, 2, 3 at the steps: (2·2 + 2·3) / 4.
    expectClose(await loss.data(), [2.5], tolerances.reduction);
  });

  test("judges as many batches as it is told, and gives figures by name", async () => {
    const { x, y } = linearData(11);
    const model = linearModel();
    model.compile({ loss: "mse", metrics: ["mae"] });
    const options = { batchSize: 4, returnDict: true } as const;
    const named = model.evaluate(x, y, { ...options, steps: 2 });
    const [loss, mae] = model.evaluate(x.slice(0, 8), y.slice(0, 8)) as Tensor[];
    expect(Object.keys(named)).toEqual(["loss", "mae"]);
    expectClose(
      await (named.loss as Tensor).data(),
      await (loss as Tensor).data(),
      tolerances.samePrecision,
    );
    expectClose(
      await (named.mae as Tensor).data(),
      await (mae as Tensor).data(),
      tolerances.samePrecision,
    );
    expect(model.predict(x, { batchSize: 4, steps: 2 }).shape).toEqual([8, 1]);
  });

  test("of a data set equals that of its samples, and several at once do not mix", async () => {
    const { x, y } = linearData(11);
    const model = linearModel();
    const batches = [0, 4, 8].map((start) => ({
      xs: x.slice(start, start + 4),
      ys: y.slice(start, start + 4),
    }));
    const before = memory();
    const [all, two] = await Promise.all([
      model.evaluateDataset(batches),
      model.evaluateDataset(() => batches, { batches: 2, returnDict: true }),
    ]);
    const whole = await one(model.evaluate(x, y)).data();
    const part = await one(model.evaluate(x.slice(0, 8), y.slice(0, 8))).data();
    expectClose(await one(all).data(), whole, tolerances.samePrecision);
    expectClose(await one(two.loss as Tensor).data(), part, tolerances.samePrecision);
    expect(memory().numTensors - before.numTensors).toBeLessThanOrEqual(1);
  });

  test("equals what fit reports for the same data", async () => {
    const { x, y } = sineData(30, 5);
    const model = lstmModel();
    const { history } = await model.fit(x, y, { validationSplit: 0.3, verbose: 0, seed: 1 });
    const loss = await one(model.evaluate(x.slice(21), y.slice(21))).data();
    expectClose(loss, history.val_loss ?? [], tolerances.samePrecision);
  });
});

describe("trainOnBatch and testOnBatch", () => {
  test("trainOnBatch makes one step and gives the loss before it", async () => {
    const { x, y } = linearData(8);
    const [model, fitted] = [linearModel(), linearModel()];
    const loss = await model.trainOnBatch(x, y);
    const { history } = await fitted.fit(x, y, { batchSize: 8, shuffle: false, verbose: 0 });
    expectClose([Number(loss)], history.loss ?? [], tolerances.samePrecision);
    expectClose(
      (await weightsOf(model)).flat(),
      (await weightsOf(fitted)).flat(),
      tolerances.samePrecision,
    );
  });

  test("testOnBatch gives a list with metrics and changes nothing", async () => {
    const { x, y } = linearData(8);
    const model = linearModel();
    model.compile({ loss: "mse", metrics: ["mae"] });
    const before = await weightsOf(model);
    const figures = await model.testOnBatch(x, y);
    expect(figures).toHaveLength(2);
    expect(await weightsOf(model)).toEqual(before);
  });

  test("calls that are not awaited keep their order", async () => {
    const { x, y } = linearData(8);
    const model = linearModel();
    const losses = await Promise.all([1, 2, 3].map(() => model.trainOnBatch(x, y)));
    expect(Number(losses[1])).toBeLessThan(Number(losses[0]));
    expect(Number(losses[2])).toBeLessThan(Number(losses[1]));
  });
});

describe("memory", () => {
  test("model.dispose gives back weights, optimizer state and figures", async () => {
    const { x, y } = sineData(16, 5);
    const before = memory();
    const model = lstmModel();
    await model.fit(x, y, { validationSplit: 0.25, verbose: 0 });
    await one(model.evaluate(x, y)).data();
    await model.predict(x).data();
    expect(memory().numTensors).toBeGreaterThan(before.numTensors);
    expect(model.dispose().numDisposedVariables).toBe(5);
    expect(memory()).toEqual(before);
    expect(model.dispose().numDisposedVariables).toBe(0);
  });

  test("an optimizer of one's own loses what it kept for the model, and goes on with others", async () => {
    const { x, y } = linearData(8);
    const before = memory();
    const { adam } = await import("../../src/optimizers/index.ts");
    const optimizer = adam(0.1);
    for (let i = 0; i < 2; i++) {
      const model = sequential({ layers: [dense({ units: 1, inputShape: [2] })] });
      model.compile({ optimizer, loss: "mse" });
      await model.fit(x, y, { verbose: 0 });
      model.dispose();
      expect(memory()).toEqual(before);
    }
    expect(optimizer.iterations).toBe(2);
  });

  test("compiling again frees what was compiled before", async () => {
    const { x, y } = linearData(8);
    const model = linearModel();
    await model.fit(x, y, { verbose: 0 });
    const before = memory();
    for (let i = 0; i < 3; i++) {
      model.compile({ optimizer: "sgd", loss: "mse" });
      await model.fit(x, y, { verbose: 0 });
    }
    expect(memory()).toEqual(before);
  });

  test("is the same after 100 and after 400 steps", async () => {
    const { x, y } = linearData(100);
    const model = linearModel();
    await model.fit(x, y, { batchSize: 2, epochs: 2, verbose: 0 });
    const before = memory();
    await model.fit(x, y, { batchSize: 2, epochs: 6, verbose: 0 });
    expect(memory()).toEqual(before);
  });
});

describe("losses given as functions", () => {
  test("of this library weigh samples; one's own that gives one number refuses to", async () => {
    const { x, y } = linearData(4);
    const model = linearModel();
    const sampleWeight = [0, 0, 0, 1];
    const figures: number[] = [];
    for (const loss of [meanSquaredError, "meanSquaredError"] as const) {
      model.compile({ loss });
      const data = await one(model.evaluate(x, y, { sampleWeight })).data();
      figures.push(data[0] ?? 0);
    }
    expect(figures[0]).toBe(figures[1]);
    expect(figures[0]).toBeGreaterThan(0);
    model.compile({ loss: (labels, predictions) => labels.sub(predictions).square().mean() });
    expect(() => model.evaluate(x, y, { sampleWeight })).toThrow("a cost for each sample");
  });
});
