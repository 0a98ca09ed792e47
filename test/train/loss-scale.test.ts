import { describe, expect, test } from "vitest";
import { NumericsError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { meanSquaredError } from "../../src/losses/index.ts";
import * as train from "../../src/optimizers/index.ts";
import { counters, runtimeScalar, type Tensor, tensor } from "../../src/tensor/index.ts";
import { callbacks, loadLayersModel, type Sequential, sequential } from "../../src/train/index.ts";
import { kept, linearData, linearModel, lstmModel, sineData, weightsOf } from "./support.ts";

const quiet = { verbose: 0, shuffle: false, batchSize: 8 } as const;
const { x, y } = linearData(40);

/** The mean squared error, times the script's number of the step: a loss of 1e36 and a scale of 2^15 overflow. */
function scriptedLoss(script: readonly number[]): (labels: Tensor, predictions: Tensor) => Tensor {
  let step = 0;
  return (labels, predictions) =>
    meanSquaredError(labels, predictions).mul(runtimeScalar(() => script[step++] ?? Number.NaN));
}

function scaledModel(loss: unknown = "meanSquaredError", config: train.LossScaleConfig = {}) {
  const model = linearModel();
  const optimizer = kept(train.lossScaleOptimizer(train.sgd(0.1), config));
  model.compile({ optimizer, loss: loss as "meanSquaredError" });
  return { model, optimizer };
}

describe("fit with lossScaleOptimizer", () => {
  test("passes over a batch that overflows, and trains as if it had not been", async () => {
    const { model, optimizer } = scaledModel(scriptedLoss([1, 1, 1e36, 1, 1]), {
      dynamicGrowthSteps: 2,
    });
    let faults = 0;
    const watch = { onNumericsError: () => void faults++ };
    const { history } = await model.fit(x, y, { ...quiet, callbacks: watch as never });
    // 2^15 · 2 after two steps, half of it after the third, and doubled by the last two.
    expect(await optimizer.lossScale()).toBe(2 ** 16);
    expect(history.loss?.every(Number.isFinite)).toBe(true);
    expect(await optimizer.refusedUpdates()).toBe(0);
    expect(faults).toBe(0);
    const plain = linearModel();
    const without = <T>(rows: readonly T[]) => [...rows.slice(0, 16), ...rows.slice(24)];
    await plain.fit(without(x), without(y), quiet);
    expect(await weightsOf(model)).toEqual(await weightsOf(plain));
    expect((await weightsOf(model)).flat()).not.toContain(0);
  });

  test("reports losses as they are", async () => {
    const [scaled, plain] = [scaledModel().model, linearModel()];
    const [ours, theirs] = [
      await scaled.fit(x, y, { ...quiet, epochs: 3 }),
      await plain.fit(x, y, { ...quiet, epochs: 3 }),
    ];
    expect(ours.history).toEqual(theirs.history);
    expect(await weightsOf(scaled)).toEqual(await weightsOf(plain));
  });

  test("reports what diverges once no smaller scale is left", async () => {
    // Batches 1 and 2 make the scale 1; batch 3 is refused at it.
    const { model, optimizer } = scaledModel("meanSquaredError", { initialScale: 4 });
    const bad = y.map((row, i) => (i < 8 ? row : [Number.POSITIVE_INFINITY]));
    const error = await model.fit(x, bad, { ...quiet, epochs: 3 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(NumericsError);
    expect(error.details).toEqual({ epoch: 0, batch: 3 });
    expect(await optimizer.lossScale()).toBe(1);
    expect((await weightsOf(model)).flat().every(Number.isFinite)).toBe(true);
    // Sticky: the batch behind it was refused, too.
    expect(await optimizer.refusedUpdates()).toBe(2);
    const { history } = await model.fit(x, y, { ...quiet, epochs: 30 });
    expect(history.loss?.at(-1)).toBeLessThan(1e-2);
    await expect(model.trainOnBatch(x, bad)).rejects.toThrow(NumericsError);
  });

  test("trainOnBatch passes over what a smaller scale may mend", async () => {
    const { model, optimizer } = scaledModel(scriptedLoss([1e36, 1e36]));
    const before = await weightsOf(model);
    await model.trainOnBatch(x, y);
    await model.trainOnBatch(x, y);
    expect(await weightsOf(model)).toEqual(before);
    expect(await optimizer.lossScale()).toBe(2 ** 13);
  });

  test("is one submit a step and one readback an epoch", async () => {
    const model = lstmModel();
    const optimizer = kept(train.lossScaleOptimizer(train.adam(0.01), { dynamicGrowthSteps: 3 }));
    model.compile({ optimizer, loss: "meanSquaredError" });
    const data = sineData(32, 6);
    const [xs, ys] = [tensor(data.x), tensor(data.y)];
    const seen: ReturnType<typeof counters>[] = [];
    const epoch = { onEpochBegin: () => void seen.push(counters()) };
    await model.fit(xs, ys, { ...quiet, epochs: 3, callbacks: epoch, yieldEvery: "never" });
    const [before, after] = [seen[1], seen[2]];
    if (before === undefined || after === undefined) throw new Error("no counters");
    expect(after.submits - before.submits).toBe(4 + 2); // figures begin anew, and are read
    expect(after.readbacks - before.readbacks).toBe(1);
    expect(after.buffersCreated - before.buffersCreated).toBe(0);
    expect(after.plansCreated - before.plansCreated).toBe(0);
    expect(await optimizer.lossScale()).toBe(2 ** 19); // twelve steps
  });
});

describe("training that was saved", () => {
  /** An LSTM whose scale grows after two good steps. */
  const made = (inner = train.adam(0.01)): Sequential => {
    const model = kept(
      sequential({
        layers: [
          layers.lstm({ units: 8, inputShape: [5, 1], name: "body" }),
          layers.dense({ units: 1, name: "end" }),
        ],
      }),
    );
    const config = { initialScale: 2 ** 20, dynamicGrowthSteps: 2 };
    const optimizer = kept(train.lossScaleOptimizer(inner, config));
    model.compile({ optimizer, loss: "meanSquaredError" });
    return model;
  };
  const data = sineData(24, 5);
  // The second of three batches overflows in each epoch.
  const sampleWeight = data.y.map((_, i) => (i === 10 ? 1e36 : 1));
  const fitting = { ...quiet, sampleWeight };
  const scaleOf = (model: Sequential) => model.optimizer.lossScale();

  test("goes on to the same bits, with the scale that it had come to", async () => {
    const [whole, part] = [made(), made()];
    part.setWeights(whole.getWeights());
    await whole.fit(data.x, data.y, { ...fitting, epochs: 8 });
    await part.fit(data.x, data.y, { ...fitting, epochs: 5 });
    // Good, over, good; from then on the first batch doubles what the second halves.
    expect(await scaleOf(part)).toBe(2 ** 19);
    const again = kept(await loadLayersModel(await part.save()));
    expect(again.optimizer).toBeInstanceOf(train.LossScaleOptimizer);
    await again.fit(data.x, data.y, { ...fitting, epochs: 8, initialEpoch: 5 });
    expect(await weightsOf(again)).toEqual(await weightsOf(whole));
    const saved = async (model: typeof whole | typeof again) =>
      Promise.all((await model.optimizer.getWeights()).map(async (one) => one.tensor.data()));
    expect(await saved(again)).toEqual(await saved(whole));
    expect((await saved(again)).slice(-2)).toEqual([Float32Array.of(2 ** 19), Float32Array.of(1)]);
  });

  test("goes on after a crash, with the rate that it had; another optimizer is told apart", async () => {
    let file = new Uint8Array();
    const target = {
      read: async () => file,
      write: async (bytes: Uint8Array) => {
        file = Uint8Array.from(bytes);
      },
      remove: async () => undefined,
    } as never;
    const backup = callbacks.backupAndRestore({ target, deleteCheckpoint: false });
    const first = made();
    first.optimizer.learningRate = 0.02;
    await first.fit(data.x, data.y, { ...fitting, epochs: 3, callbacks: backup });
    const second = made();
    await second.fit(data.x, data.y, { ...fitting, epochs: 3, callbacks: backup });
    expect(await weightsOf(second)).toEqual(await weightsOf(first));
    expect(await scaleOf(second)).toBe(await scaleOf(first));
    expect(second.optimizer.learningRate).toBe(0.02);
    const other = made(train.sgd(0.01));
    await expect(other.fit(data.x, data.y, { ...fitting, callbacks: backup })).rejects.toThrow(
      "LossScaleOptimizer of Adam. Expected LossScaleOptimizer of SGD",
    );
  });
});
