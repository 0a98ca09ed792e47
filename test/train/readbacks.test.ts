import { afterEach, describe, expect, test, vi } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { currentEngine } from "../../src/tensor/current.ts";
import { counters, memory, type Tensor, type TensorLike, tensor } from "../../src/tensor/index.ts";
import { callbacks, type FitConfig, type Sequential, sequential } from "../../src/train/index.ts";
import { kept, noise } from "./support.ts";

const [batchSize, steps, features] = [16, 12, 64];
const batches = 40;
const rows = batches * batchSize;
const values = noise(rows * steps * features);
const labels = noise(rows, 2).map((value) => (value > 0 ? 1 : 0));
const batchBytes = 4 * batchSize * steps * features; // inputs of one batch: an upload of those would show
const dataBytes = 4 * (values.length + labels.length);

afterEach(() => {
  vi.restoreAllMocks();
});

type Data = readonly [TensorLike, TensorLike];

/** What one epoch did. */
interface Epoch {
  readonly readbacks: number;
  readonly submits: number;
  readonly buffersCreated: number;
  /** Bytes of each write from the host to the GPU. */
  readonly writes: readonly number[];
}

/** The first of the samples and their labels, on the host. */
const x = (count = rows): Tensor =>
  tensor(values.slice(0, count * steps * features), [count, steps, features]);
const y = (count = rows): Tensor => tensor(labels.slice(0, count), [count, 1]);

type Name = "auc" | "precision" | "accuracy";

function classifier(metrics: Name[] = ["auc", "precision", "accuracy"]): Sequential {
  const model = kept(
    sequential({
      layers: [
        layers.gru({ units: 4, inputShape: [steps, features] }),
        layers.dense({ units: 1, activation: "sigmoid" }),
      ],
    }),
  );
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics });
  return model;
}

/** Bytes of each write to the GPU's queue, from now on. */
async function watchWrites(): Promise<number[]> {
  const { queue } = (await currentEngine().gpu()).device;
  const writes: number[] = [];
  const write = queue.writeBuffer.bind(queue);
  vi.spyOn(queue, "writeBuffer").mockImplementation((...args) => {
    writes.push((args[2] as ArrayBufferView).byteLength);
    write(...args);
  });
  return writes;
}

/** Trains for four epochs and tells what the last three did: the first one compiles, and uploads the data. */
async function epochsOf(data: Data, config: FitConfig = {}): Promise<Epoch[]> {
  const model = classifier();
  const writes = await watchWrites();
  const marks: (ReturnType<typeof counters> & { writes: number })[] = [];
  const mark = (): void => void marks.push({ ...counters(), writes: writes.length });
  const lambda = callbacks.lambda({ onEpochBegin: mark, onTrainEnd: mark });
  const { history } = await model.fit(...data, {
    ...{ epochs: 4, batchSize, verbose: 0, ...config },
    callbacks: [lambda, ...[config.callbacks ?? []].flat()],
  });
  vi.restoreAllMocks();
  expect(history.auc).toHaveLength(4);
  return marks.slice(1, -1).map((before, i) => {
    const after = marks[i + 2] ?? before;
    return {
      readbacks: after.readbacks - before.readbacks,
      submits: after.submits - before.submits,
      buffersCreated: after.buffersCreated - before.buffersCreated,
      writes: writes.slice(before.writes, after.writes),
    };
  });
}

/** Three times the same. */
const each = (count: number): number[] => [count, count, count];

describe("an epoch of 40 batches on data on the GPU, with auc, precision and accuracy,", () => {
  test("is one readback, a submit a batch, and uploads no data", async () => {
    const epochs = await epochsOf([x().mul(1), y().mul(1)]);
    expect(epochs.map(({ readbacks }) => readbacks)).toEqual(each(1));
    // Besides the batches, one that begins the figures anew, and one that reads them.
    expect(epochs.map(({ submits }) => submits)).toEqual(each(batches + 2));
    expect(epochs.map(({ buffersCreated }) => buffersCreated)).toEqual(each(0));
    for (const { writes } of epochs) {
      // A batch writes the numbers of its samples and the scalars of its step; the figures begin with zeros.
      expect(writes).toHaveLength(2 * batches + 1);
      expect(Math.max(...writes)).toBeLessThan(batchBytes);
      expect(writes.filter((bytes) => bytes === 4 * batchSize)).toHaveLength(batches);
    }
  });

  test("is two with a validation, whose figures are read on their own", async () => {
    const data = [x().mul(1), y().mul(1)] as const;
    const split = await epochsOf(data, { validationSplit: 0.25 });
    expect(split.map(({ readbacks }) => readbacks)).toEqual(each(2));
    expect(split.map(({ submits }) => submits)).toEqual(each(batches + 4));
    const given = await epochsOf(data, { validationData: [x(64).mul(1), y(64).mul(1)] });
    expect(given.map(({ readbacks }) => readbacks)).toEqual(each(2));
    expect(given.map(({ submits }) => submits)).toEqual(each(batches + 64 / batchSize + 4));
    for (const { writes } of [...split, ...given]) {
      expect(Math.max(...writes)).toBeLessThan(batchBytes);
    }
  });

  test("is one where the validation has its turn in another epoch", async () => {
    const config = { validationSplit: 0.25, validationFreq: [1, 3] };
    const epochs = await epochsOf([x().mul(1), y().mul(1)], config);
    expect(epochs.map(({ readbacks }) => readbacks)).toEqual([1, 2, 1]);
  });
});

describe("host arrays", () => {
  test.each([
    ["as tensors", async () => [x(), y()]],
    ["nested", async () => [await x().array(), await y().array()]],
  ] as [string, () => Promise<Data>][])(
    "%s are uploaded once, for as long as training lasts",
    async (_, make) => {
      const data = await make();
      const model = classifier(["accuracy"]);
      await model.fit(x(), y(), { batchSize, verbose: 0 });
      const before = memory();
      const writes = await watchWrites();
      const seen: ReturnType<typeof memory>[] = [];
      const look = (): void => void seen.push(memory());
      await model.fit(...data, {
        ...{ batchSize, epochs: 3, verbose: 0 },
        callbacks: { onEpochBegin: look, onEpochEnd: look },
      });
      vi.restoreAllMocks();
      expect(seen).toHaveLength(6);
      for (const { numBytes, numTensors } of seen) {
        expect(numBytes - before.numBytes).toBe(dataBytes);
        expect(numTensors - before.numTensors).toBe(2);
      }
      const large = writes.filter((bytes) => bytes >= batchBytes);
      expect(large).toEqual([4 * values.length]);
      expect(writes.filter((bytes) => bytes === 4 * labels.length)).toHaveLength(1);
      expect(memory()).toEqual(before);
    },
  );
});
