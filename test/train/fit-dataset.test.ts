import { describe, expect, test } from "vitest";
import { array, generator } from "../../src/data/index.ts";
import { ArgumentError, ShapeError, SluiceError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { memory, type Tensor, tensor } from "../../src/tensor/index.ts";
import type { DatasetBatch } from "../../src/train/batches/dataset-source.ts";
import { sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linearData, linearModel, weightsOf } from "./support.ts";

const quiet = { verbose: 0 } as const;
const { x, y } = linearData(22);
const inOrder = { ...quiet, batchSize: 8, shuffle: false } as const;

/** The samples in batches of 8, as a list. */
function batches(rows = 22): DatasetBatch[] {
  const starts = Array.from({ length: Math.ceil(rows / 8) }, (_, i) => 8 * i);
  return starts.map((start) => ({ xs: x.slice(start, start + 8), ys: y.slice(start, start + 8) }));
}

describe("fitDataset", () => {
  test("makes the steps that fit makes, from lists, generators and async generators", async () => {
    const fitted = linearModel();
    const { history } = await fitted.fit(x, y, { ...inOrder, epochs: 3 });
    const expected = await weightsOf(fitted);
    const tuples = batches().map((batch) => ("xs" in batch ? [batch.xs, batch.ys] : batch));
    const sources = [
      batches(),
      tuples as DatasetBatch[],
      () => batches(),
      function* () {
        yield* batches();
      },
      async function* () {
        for (const batch of batches()) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield batch;
        }
      },
    ];
    for (const source of sources) {
      const model = linearModel();
      const result = await model.fitDataset(source, { ...quiet, epochs: 3 });
      expect(await weightsOf(model)).toEqual(expected);
      expectClose(result.history.loss ?? [], history.loss ?? [], tolerances.samePrecision);
      expect(result.params).toMatchObject({ samples: null, batchSize: null });
      expect(model.history).toBe(result);
    }
  });

  test("builds a model whose input shape nobody gave from the first batch", async () => {
    const model = kept(sequential({ layers: [layers.dense({ units: 1 })] }));
    model.compile({ optimizer: "sgd", loss: "mse" });
    const { history } = await model.fitDataset(batches(), { ...quiet, epochs: 2 });
    expect(history.loss?.[1]).toBeLessThan(Number(history.loss?.[0]));
  });

  test("with stepsPerEpoch, epochs go on in the data where the one before ended", async () => {
    const passes: number[] = [];
    const model = linearModel();
    const { history } = await model.fitDataset(
      (pass) => {
        passes.push(pass);
        return batches();
      },
      { ...quiet, epochs: 3, batchesPerEpoch: 2 },
    );
    const fitted = linearModel();
    await fitted.fit(x, y, { ...inOrder, epochs: 2 });
    expect(await weightsOf(model)).toEqual(await weightsOf(fitted));
    expect(passes).toEqual([0, 1]);
    expect(history.loss).toHaveLength(3);
  });

  test("fit has stepsPerEpoch, too", async () => {
    const [model, fitted] = [linearModel(), linearModel()];
    const { params } = await model.fit(x, y, { ...inOrder, epochs: 3, stepsPerEpoch: 2 });
    await fitted.fit(x, y, { ...inOrder, epochs: 2 });
    expect(await weightsOf(model)).toEqual(await weightsOf(fitted));
    expect(params).toMatchObject({ steps: 2, samples: 22 });
  });

  test("validates on samples or on batches, on as many as it is told", async () => {
    const model = linearModel(0);
    const validations = [[x, y], batches(), () => batches()] as const;
    for (const validationData of validations) {
      const config = { ...quiet, validationData, validationBatchSize: 8 };
      const all = await model.fitDataset(batches(), config);
      expectClose(all.history.val_loss ?? [], all.history.loss ?? [], tolerances.samePrecision);
      const two = await model.fitDataset(batches(), { ...config, validationSteps: 2 });
      const part = await model.fitDataset(batches(16), quiet);
      expectClose(two.history.val_loss ?? [], part.history.loss ?? [], tolerances.samePrecision);
      const fitted = await model.fit(x, y, { ...config, validationSteps: 2 });
      expectClose(fitted.history.val_loss ?? [], part.history.loss ?? [], tolerances.samePrecision);
    }
  });

  test("validates on the same batches in each epoch", async () => {
    const model = linearModel(0);
    const config = { ...quiet, epochs: 3, validationSteps: 2 };
    const dataset = array(batches());
    for (const validationData of [batches(), () => batches(), dataset]) {
      const { history } = await model.fitDataset(batches(), { ...config, validationData });
      const [first, ...others] = history.val_loss ?? [];
      expect(others).toEqual([first, first]);
    }
  });

  test("asks a dataset for the pass of the epoch, whatever was read from it before", async () => {
    const passes: number[] = [];
    const dataset = generator((pass) => {
      passes.push(pass);
      return batches();
    });
    await dataset.toArray();
    await linearModel().fitDataset(dataset, { ...quiet, epochs: 3 });
    await linearModel().fitDataset(dataset, { ...quiet, initialEpoch: 4, epochs: 6 });
    await linearModel().fitDataset(dataset, { ...quiet, epochs: 3, stepsPerEpoch: 2 });
    expect(passes).toEqual([0, ...[0, 1, 2], ...[4, 5], ...[0, 1]]);
  });

  test("weighs samples and classes", async () => {
    const labels = x.map((_, i) => [i % 2]);
    const sampleWeight = x.map((_, i) => i / 10);
    const [model, fitted] = [linearModel(), linearModel()];
    const config = { classWeight: { 1: 3 } };
    await fitted.fit(x, labels, { ...inOrder, ...config, sampleWeight });
    const weighed = batches().map((batch, i): DatasetBatch => {
      const rows = [8 * i, 8 * i + 8] as const;
      const xs = "xs" in batch ? batch.xs : [];
      const [ys, weights] = [labels.slice(...rows), sampleWeight.slice(...rows)];
      return i === 1 ? [xs, ys, weights] : { xs, ys, sampleWeights: weights };
    });
    await model.fitDataset(weighed, { ...quiet, ...config });
    expectClose(
      (await weightsOf(model)).flat(),
      (await weightsOf(fitted)).flat(),
      tolerances.samePrecision,
    );
  });

  test("ends what was computed for a batch on the GPU; host data can be used again", async () => {
    const model = linearModel();
    const host = batches().map((batch) => ("xs" in batch ? tensor(batch.xs as number[][]) : null));
    const made: Tensor[] = [];
    const source = function* (): Generator<DatasetBatch> {
      for (const [i, one] of host.entries()) {
        if (one === null) continue;
        const computed = one.mul(2);
        made.push(computed);
        yield { xs: computed, ys: y.slice(8 * i, 8 * i + 8) };
      }
    };
    await model.fitDataset(source, quiet);
    const before = memory();
    await model.fitDataset(source, { ...quiet, epochs: 5 });
    expect(memory()).toEqual(before);
    expect(made.every((one) => one.isDisposed)).toBe(true);
    expect(host.some((one) => one?.isDisposed)).toBe(false);
  });

  test("leaves the tensors of a list to its owner, so that it can be gone through again", async () => {
    const model = linearModel();
    const list = [tensor(x).mul(2), tensor(x).mul(3)].map((xs) => ({ xs, ys: tensor(y) }));
    const { history } = await model.fitDataset(list, { ...quiet, epochs: 3 });
    expect(history.loss).toHaveLength(3);
    expect(list.some(({ xs }) => xs.isDisposed)).toBe(false);
    for (const { xs } of list) xs.dispose();
  });

  test("closes the iterator when training stops early or fails", async () => {
    const model = linearModel();
    let [opened, closed] = [0, 0];
    const source = async function* (): AsyncGenerator<DatasetBatch> {
      opened++;
      try {
        yield* batches();
      } finally {
        closed++;
      }
    };
    const stop = {
      onBatchEnd: () => {
        model.stopTraining = true;
      },
    };
    await model.fitDataset(source, { ...quiet, epochs: 3, callbacks: stop });
    expect([opened, closed]).toEqual([1, 1]);
    const failing = { onBatchEnd: () => Promise.reject(new RangeError("mine")) };
    await expect(
      model.fitDataset(source, { ...quiet, batchesPerEpoch: 2, callbacks: failing }),
    ).rejects.toThrow("mine");
    expect([opened, closed]).toEqual([2, 2]);
  });

  test("asks for no batch before the one ahead was handed to the GPU", async () => {
    const model = linearModel();
    const events: string[] = [];
    const source = function* (): Generator<DatasetBatch> {
      for (const [i, batch] of batches().entries()) {
        events.push(`made ${i}`);
        yield batch;
      }
    };
    const callbacks = { onBatchBegin: (batch: number) => void events.push(`begin ${batch}`) };
    await model.fitDataset(source, { ...quiet, callbacks });
    expect(events).toEqual(["made 0", "begin 0", "made 1", "begin 1", "made 2", "begin 2"]);
  });
});

describe("data sets that do not fit", () => {
  const bad = async (source: unknown, config: object = {}): Promise<Error> =>
    linearModel()
      .fitDataset(source as never, { ...quiet, ...config })
      .then(() => new Error("nothing was thrown"))
      .catch((error: Error) => error);

  test("that fail are named with batch and epoch; the cause is kept", async () => {
    const error = await bad(
      function* () {
        yield* batches().slice(0, 2);
        throw new RangeError("disk on fire");
      },
      { epochs: 2 },
    );
    expect(error).toBeInstanceOf(SluiceError);
    expect(error.message).toMatch(/fitDataset: the data set failed at batch 2 of epoch 0: disk/);
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  test("functions that fail are named likewise", async () => {
    const error = await bad(() => {
      throw new RangeError("no such file");
    });
    expect(error).toBeInstanceOf(SluiceError);
    expect(error.message).toContain("failed at batch 0 of epoch 0: no such file");
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  test("that end early are named with what came and what was expected", async () => {
    const once = batches()[Symbol.iterator]();
    const error = await bad({ [Symbol.iterator]: () => once }, { epochs: 2, stepsPerEpoch: 2 });
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain("ended after 3 batches, at batch 1 of epoch 1");
    const again = batches()[Symbol.iterator]();
    const second = await bad({ [Symbol.iterator]: () => again }, { epochs: 2 });
    expect(second.message).toContain("gave no batch in epoch 1");
    expect((await bad([])).message).toContain("gave no batch in epoch 0");
  });

  test("batches of other shapes are named with their place", async () => {
    const odd = [...batches(), { xs: [[1, 2, 3]], ys: [[1]] }];
    const error = await bad(odd);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toContain("batch 3 of epoch 0: x: received shape [1,3]");
    const uneven = await bad([{ xs: x.slice(0, 3), ys: y.slice(0, 2) }]);
    expect(uneven.message).toContain("batch 0 of epoch 0: x has 3 samples, but y has 2");
    expect((await bad([{ x: 1 }])).message).toContain("Expected { xs, ys } or [xs, ys]");
    expect((await bad(5)).message).toContain("received 5 as data set");
    expect((await bad(() => 5)).message).toContain("received 5 as data set");
  });

  test("options that there are not", async () => {
    expect((await bad(batches(), { batchSize: 4 })).message).toContain("no option batchSize");
  });
});

describe("passes of a data set", () => {
  const passesOf = (): { seen: number[]; source: (pass: number) => DatasetBatch[] } => {
    const seen: number[] = [];
    const source = (pass: number): DatasetBatch[] => {
      seen.push(pass);
      return batches();
    };
    return { seen, source };
  };

  test("go on from call to call, so that no order is repeated", async () => {
    const { seen, source } = passesOf();
    const model = linearModel();
    for (let i = 0; i < 3; i++) await model.fitDataset(source, { ...quiet, epochs: 2 });
    await model.fitDataset(source, { ...quiet, epochs: 3, initialEpoch: 2 });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("begin where somebody says, without reading what was before", async () => {
    const { seen, source } = passesOf();
    await linearModel().fitDataset(source, { ...quiet, epochs: 6, initialEpoch: 4 });
    expect(seen).toEqual([4, 5]);
    const steps = passesOf();
    let read = 0;
    const counted = function* (pass: number): Generator<DatasetBatch> {
      for (const batch of steps.source(pass)) {
        read++;
        yield batch;
      }
    };
    await linearModel().fitDataset(counted, {
      ...quiet,
      epochs: 6,
      initialEpoch: 4,
      stepsPerEpoch: 2,
    });
    expect(read).toBe(4);
  });
});
