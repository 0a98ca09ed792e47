import { describe, expect, test } from "vitest";
import { AbortError, NumericsError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { memory, tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linearData, linearModel, lstmModel, noise, sineData, weightsOf } from "./support.ts";

const { dense, simpleRNN } = layers;

const quietly = { verbose: 0 } as const;
const quiet = { verbose: 0, shuffle: false } as const;

describe("a loss or gradient that is not finite", () => {
  test("stops training; the weights are bit for bit those of the last finite step", async () => {
    const { x, y } = linearData(40);
    const clean = linearModel();
    // Batches of 8: epoch 0 is 0-4; the sample 20 is in batch 2.
    await clean.fit(x.slice(0, 16), y.slice(0, 16), { ...quiet, batchSize: 8 });
    const model = linearModel();
    const bad = x.map((row, i) => (i === 20 ? [Number.NaN, 0] : row));
    const error = await model.fit(bad, y, { ...quiet, batchSize: 8, epochs: 3 }).catch((e) => e);
    expect(error).toBeInstanceOf(NumericsError);
    expect(error.message).toContain("epoch 0, batch 2");
    expect(error.details).toEqual({ epoch: 0, batch: 2 });
    expect(await weightsOf(model)).toEqual(await weightsOf(clean));
    expect((await weightsOf(model)).flat()).not.toContain(0);
  });

  test("a second fit on good data works", async () => {
    const { x, y } = linearData(16);
    const model = linearModel(0.3);
    await expect(
      model.fit(
        x,
        y.map(() => [Number.POSITIVE_INFINITY]),
        quiet,
      ),
    ).rejects.toThrow(NumericsError);
    const { history } = await model.fit(x, y, { ...quiet, epochs: 20, batchSize: 4 });
    expect(history.loss?.at(-1)).toBeLessThan(1e-3);
  });

  test("is no place to go on from", async () => {
    const { x, y } = linearData(16);
    const model = linearModel(0.3);
    const bad = y.map(([value = 0], i) => [i === 12 ? 3e38 : value]);
    let epochs = 0;
    const data = () => [{ xs: x, ys: epochs++ === 0 ? y : bad }];
    await expect(model.fitDataset(data, { ...quietly, epochs: 2 })).rejects.toThrow("epoch 1");
    const { history } = await model.fit(x, y, { ...quiet, epochs: 3, initialEpoch: 1 });
    expect(history.loss).toHaveLength(2);
  });

  test("moments and the learning rate too large: the moment of divergence is found", async () => {
    const { x, y } = sineData(32, 6);
    const model = lstmModel();
    model.compile({ optimizer: { kind: "sgd", learningRate: 1e30 }, loss: "meanSquaredError" });
    const error = await model.fit(x, y, { ...quiet, batchSize: 8, epochs: 5 }).catch((e) => e);
    expect(error).toBeInstanceOf(NumericsError);
    const weights = (await weightsOf(model)).flat();
    expect(weights.every(Number.isFinite)).toBe(true);
  });

  test("a loss that overflows is noticed though its gradients are finite", async () => {
    const { x } = linearData(4);
    const model = linearModel();
    model.compile({ optimizer: "sgd", loss: "mae" });
    // Each error is 3e38, their sum is beyond float32, and each slope is ±1/4.
    await expect(
      model.trainOnBatch(
        x,
        x.map(() => [3e38]),
      ),
    ).rejects.toThrow(NumericsError);
  });

  test("leaves the states of stateful layers as they were, too", async () => {
    const rnn = simpleRNN({ units: 2, stateful: true, batchInputShape: [2, 3, 1] });
    const model = kept(sequential({ layers: [rnn, dense({ units: 1 })] }));
    model.compile({ optimizer: { kind: "sgd", learningRate: 0 }, loss: "mse" });
    const good = tensor(noise(6), [2, 3, 1]);
    const y = [[0], [0]];
    const afterOne = model.predict(good);
    model.resetStates();
    await model.trainOnBatch(good, y);
    await expect(model.trainOnBatch(good, [[Infinity], [0]])).rejects.toThrow(NumericsError);
    model.predict(good).dispose();
    const carriedOn = await model.predict(good).data();
    model.resetStates();
    expect(await model.predict(good).data()).toEqual(await afterOne.data());
    model.predict(good).dispose();
    // The refused batch left no trace: this is the third run over the same batch, not the fourth.
    expect(await model.predict(good).data()).toEqual(carriedOn);
  });

  test("trainOnBatch says so, too, and leaves the weights alone", async () => {
    const { x } = linearData(4);
    const model = linearModel();
    const before = await weightsOf(model);
    await expect(model.trainOnBatch(x, [[Infinity], [0], [0], [0]])).rejects.toThrow(NumericsError);
    expect(await weightsOf(model)).toEqual(before);
    expect(await model.trainOnBatch(x, [[1], [0], [0], [0]])).toBeGreaterThan(0);
  });
});

describe("an AbortSignal", () => {
  test("that is aborted already keeps fit from beginning", async () => {
    const { x, y } = linearData(8);
    const model = linearModel();
    const before = await weightsOf(model);
    const signal = AbortSignal.abort();
    await expect(model.fit(x, y, { ...quiet, signal })).rejects.toThrow(AbortError);
    expect(await weightsOf(model)).toEqual(before);
  });

  test("ends training within a step, with the weights after the last finished one", async () => {
    const { x, y } = linearData(80);
    const reference = linearModel();
    await reference.fit(x.slice(0, 24), y.slice(0, 24), { ...quiet, batchSize: 8 });
    const model = linearModel();
    const controller = new AbortController();
    const begun: number[] = [];
    const error = await model
      .fit(x, y, {
        ...quiet,
        batchSize: 8,
        signal: controller.signal,
        callbacks: {
          onBatchEnd: (batch) => {
            begun.push(batch);
            if (batch === 2) controller.abort();
          },
        },
      })
      .catch((e) => e);
    expect(error).toBeInstanceOf(AbortError);
    expect(error.name).toBe("AbortError");
    expect(begun).toEqual([0, 1, 2]);
    expect(await weightsOf(model)).toEqual(await weightsOf(reference));
  });

  test("needs no callback: training ends soon, after some whole number of steps", async () => {
    const { x, y } = linearData(4000);
    const model = linearModel(0.01);
    const controller = new AbortController();
    setTimeout(() => controller.abort("enough"), 30);
    const config = { ...quiet, batchSize: 2, epochs: 1000 };
    const error = await model.fit(x, y, { ...config, signal: controller.signal }).catch((e) => e);
    expect(error).toBeInstanceOf(AbortError);
    expect(error.cause).toBe("enough");
    const steps = model.optimizer.iterations;
    const reference = linearModel(0.01);
    for (let i = 0; i < steps; i++) {
      const start = 2 * (i % 2000);
      void reference.trainOnBatch(x.slice(start, start + 2), y.slice(start, start + 2));
    }
    expectClose(
      (await weightsOf(model)).flat(),
      (await weightsOf(reference)).flat(),
      tolerances.samePrecision,
    );
  });

  test("ends validation as well, and leaves memory and model ready for the next fit", async () => {
    const { x, y } = linearData(32);
    const model = linearModel();
    await model.fit(x, y, quiet);
    const before = memory();
    const controller = new AbortController();
    const training = model.fit(x, y, {
      ...quiet,
      batchSize: 4,
      epochs: 2,
      validationSplit: 0.5,
      signal: controller.signal,
      yieldEvery: "batch",
      callbacks: { onEpochEnd: () => controller.abort() },
    });
    await expect(training).rejects.toThrow(AbortError);
    await expect(model.fit(x, y, { ...quiet, signal: controller.signal })).rejects.toThrow(
      AbortError,
    );
    await model.fit(x, y, { ...quiet, validationSplit: 0.5 });
    // The validation step keeps figures of its own; nothing else may stay.
    expect(memory().numTensors - before.numTensors).toBeLessThanOrEqual(1);
  });

  test("ends the wait for a batch that does not come; the batch that comes late is dropped", async () => {
    const { x, y } = linearData(8);
    const model = linearModel();
    const controller = new AbortController();
    let arrive = (): void => {};
    let isClosed = false;
    const source = async function* (): AsyncGenerator<{ xs: number[][]; ys: number[][] }> {
      try {
        yield { xs: x, ys: y };
        await new Promise<void>((resolve) => {
          arrive = resolve;
        });
        yield { xs: x, ys: y };
      } finally {
        isClosed = true;
      }
    };
    setTimeout(() => controller.abort("enough"), 30);
    const training = model.fitDataset(source, { ...quietly, signal: controller.signal });
    await expect(training).rejects.toThrow(AbortError);
    expect(model.optimizer.iterations).toBe(1);
    arrive();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isClosed).toBe(true);
    await model.fit(x, y, quietly);
  });
});

describe("stopTraining", () => {
  test("ends fit after the step under way; fit resolves", async () => {
    const { x, y } = linearData(64);
    const model = linearModel();
    const ends: number[] = [];
    const { epoch } = await model.fit(x, y, {
      ...quiet,
      batchSize: 8,
      epochs: 5,
      callbacks: {
        onEpochEnd: (epoch) => {
          ends.push(epoch);
          if (epoch === 1) model.stopTraining = true;
        },
      },
    });
    expect(epoch).toEqual([0, 1]);
    const again = await model.fit(x, y, { ...quiet, epochs: 2 });
    expect(again.epoch).toEqual([0, 1]);
  });
});

describe("callbacks", () => {
  test("are called in order, and promises are waited for", async () => {
    const { x, y } = linearData(12);
    const model = linearModel();
    const calls: string[] = [];
    const later = async (text: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      calls.push(text);
    };
    await model.fit(x, y, {
      ...quiet,
      batchSize: 8,
      epochs: 1,
      callbacks: [
        {
          setModel: (one) => void calls.push(Object.is(one, model) ? "model" : "?"),
          onTrainBegin: () => later("train begin"),
          onEpochBegin: (epoch) => later(`epoch ${epoch} begin`),
          onBatchBegin: (batch, { size }) => later(`batch ${batch} of ${size} begin`),
          onBatchEnd: (batch, { loss }) => later(`batch ${batch} end ${Number(loss) > 0}`),
          onEpochEnd: (epoch, logs) => later(`epoch ${epoch} end ${Object.keys(logs)}`),
          onTrainEnd: () => later("train end"),
        },
        { onTrainEnd: () => void calls.push("second") },
      ],
    });
    expect(calls).toEqual([
      "model",
      "train begin",
      "epoch 0 begin",
      "batch 0 of 8 begin",
      "batch 0 end true",
      "batch 1 of 4 begin",
      "batch 1 end true",
      "epoch 0 end loss",
      "train end",
      "second",
    ]);
  });

  test("onYield reports while an epoch runs, without being waited for by the GPU", async () => {
    const { x, y } = linearData(400);
    const model = linearModel();
    const seen: number[] = [];
    await model.fit(x, y, {
      ...quiet,
      batchSize: 2,
      yieldEvery: "batch",
      callbacks: {
        onYield: (_epoch, batch, { loss }) => void (Number(loss) > 0 && seen.push(batch)),
      },
    });
    expect(seen.length).toBeGreaterThan(1);
  });

  test("an error in a callback ends fit with that error; the next fit works", async () => {
    const { x, y } = linearData(8);
    const model = linearModel();
    const failing = { onEpochEnd: () => Promise.reject(new RangeError("mine")) };
    await expect(model.fit(x, y, { ...quiet, callbacks: failing })).rejects.toThrow("mine");
    await model.fit(x, y, quiet);
  });

  test("the rest of the program gets its turn, and no frame is awaited", async () => {
    const { x, y } = linearData(400);
    const model = linearModel();
    await model.fit(x, y, { ...quiet, batchSize: 4 });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await model.fit(x, y, { ...quiet, batchSize: 4, yieldEvery: 0 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });
});
