import { describe, expect, test } from "vitest";
import { array, type Dataset, windows, zip } from "../../../src/data/index.ts";
import { ArgumentError, FormatError } from "../../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../src/formats/index.ts";
import { layers } from "../../../src/layers/index.ts";
import { idle, memory, setSeed } from "../../../src/tensor/index.ts";
import type { DatasetBatch } from "../../../src/train/batches/dataset-source.ts";
import { callbacks, type Sequential, sequential } from "../../../src/train/index.ts";
import { kept, linearModel, noise, sineData, weightsOf } from "../support.ts";

const { x, y } = sineData(24, 5);
const config = { batchSize: 8, epochs: 4, verbose: 0, validationSplit: 0.25 } as const; // 18 samples, 3 batches an epoch

/** A place in memory. */
function place(): { file: Uint8Array; store: object; writes: number; removed: boolean } {
  const own = { file: new Uint8Array(), writes: 0, removed: false, store: {} };
  own.store = {
    read: async () => own.file,
    write: async (bytes: Uint8Array) => {
      own.file = bytes.slice();
      own.writes++;
    },
    remove: async () => {
      own.removed = true;
    },
  };
  return own;
}

/** What a program does at its start: the same model, from the same seed. */
function program(): Sequential {
  setSeed(5);
  const model = kept(
    sequential({
      layers: [
        layers.lstm({ units: 5, inputShape: [5, 1], dropout: 0.2, name: "body" }),
        layers.dropout({ rate: 0.2, seed: 9, name: "drop" }),
        layers.dense({ units: 1, name: "end" }),
      ],
    }),
  );
  model.compile({
    optimizer: { kind: "adam", learningRate: 0.02 },
    loss: "meanSquaredError",
    metrics: ["mae"],
  });
  return model;
}

const watchers = () => [
  callbacks.reduceLROnPlateau({ monitor: "val_loss", patience: 1, factor: 0.5, minDelta: 1 }),
  callbacks.earlyStopping({ monitor: "loss", patience: 2, minDelta: 10, restoreBestWeights: true }),
];

/** Fails at the beginning of update number `step`, which is not made. */
const crashAt = (step: number): object => {
  let steps = 0;
  return {
    onBatchBegin: () => {
      if (steps++ === step) throw new RangeError("crash");
    },
  };
};

describe("backupAndRestore", () => {
  test.each([1, 4, 5, 6, 8])(
    "goes on after a crash at update %i as if there had been none",
    async (step) => {
      const whole = program();
      const expected = await whole.fit(x, y, { ...config, callbacks: watchers() });
      const backup = place();
      const first = program();
      const target = backup.store as never;
      const kind = { target, saveFreq: 1 };
      await expect(
        first.fit(x, y, {
          ...config,
          callbacks: [callbacks.backupAndRestore(kind), ...watchers(), crashAt(step)],
        }),
      ).rejects.toThrow("crash");
      const second = program();
      const begun: number[] = [];
      const seen = { onBatchBegin: (batch: number) => void begun.push(batch) };
      const went = await second.fit(x, y, {
        ...config,
        callbacks: [callbacks.backupAndRestore(kind), ...watchers(), seen],
      });
      expect(begun[0]).toBe(step % 3);
      expect(went.history).toEqual(expected.history);
      expect(went.epoch).toEqual(expected.epoch);
      expect(await weightsOf(second)).toEqual(await weightsOf(whole));
      expect(second.optimizer.learningRate).toBe(whole.optimizer.learningRate);
      expect(backup.removed).toBe(true);
    },
  );

  test("at the ends of epochs, by default", async () => {
    const backup = place();
    const target = backup.store as never;
    const once = callbacks.backupAndRestore({ target, deleteCheckpoint: false });
    const whole = program();
    const expected = await whole.fit(x, y, { ...config, callbacks: once });
    expect(backup.writes).toBe(4);
    expect(backup.removed).toBe(false);
    // All was done: nothing is left to do.
    const again = program();
    const { history } = await again.fit(x, y, { ...config, callbacks: once });
    expect(history).toEqual(expected.history);
    expect(await weightsOf(again)).toEqual(await weightsOf(whole));
    expect(backup.writes).toBe(4);
    // Two epochs more.
    const more = await program().fit(x, y, { ...config, epochs: 6, callbacks: once });
    expect(more.epoch).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("of data sets, given as functions of the pass", async () => {
    const passes: number[] = [];
    const data = (pass: number): { xs: number[][][]; ys: number[][] }[] => {
      passes.push(pass);
      const starts = pass % 2 === 0 ? [0, 7, 14] : [14, 0, 7];
      return starts.map((start) => ({
        xs: x.slice(start, start + 7),
        ys: y.slice(start, start + 7),
      }));
    };
    for (const steps of [{}, { stepsPerEpoch: 2 }]) {
      const fit = { epochs: 4, verbose: 0, ...steps } as const;
      const whole = program();
      const expected = await whole.fitDataset(data, fit);
      const backup = callbacks.backupAndRestore({ target: place().store as never, saveFreq: 1 });
      await expect(
        program().fitDataset(data, { ...fit, callbacks: [backup, crashAt(5)] }),
      ).rejects.toThrow("crash");
      const second = program();
      passes.length = 0;
      const went = await second.fitDataset(data, { ...fit, callbacks: backup });
      expect(went.history).toEqual(expected.history);
      expect(await weightsOf(second)).toEqual(await weightsOf(whole));
    }
  });

  const shuffled: [string, () => Dataset<DatasetBatch>][] = [
    [
      "a dataset that shuffles",
      () =>
        zip({ xs: array(x), ys: array(y) })
          .shuffle(10, 7)
          .batch(8),
    ],
    [
      "windows that are shuffled",
      () => windows(noise(28), { size: 5 }).batches({ batchSize: 8, shuffle: true, seed: 7 }),
    ],
  ];
  // Both have 3 batches a pass.
  const cases = shuffled.flatMap(([name, make]) =>
    [{}, { stepsPerEpoch: 2 }].flatMap((steps) =>
      [{ crash: 5, saveFreq: 1 } as const, { crash: 7, saveFreq: "epoch" } as const].map((how) => ({
        name,
        make,
        steps,
        ...how,
      })),
    ),
  );

  test.each(cases)(
    "of $name, $steps, after a crash at update $crash, saved at each $saveFreq",
    async ({ make, steps, crash, saveFreq }) => {
      const fit = { epochs: 4, verbose: 0, validationData: make(), ...steps } as const;
      const whole = program();
      const expected = await whole.fitDataset(make(), fit);
      const backup = callbacks.backupAndRestore({ target: place().store as never, saveFreq });
      const first = program().fitDataset(make(), { ...fit, callbacks: [backup, crashAt(crash)] });
      await expect(first).rejects.toThrow("crash");
      const second = program();
      const again = make(); // as a new process has it: nobody has read it
      const went = await second.fitDataset(again, { ...fit, callbacks: backup });
      expect(went.history).toEqual(expected.history);
      expect(await weightsOf(second)).toEqual(await weightsOf(whole));
    },
  );

  test("leaves no memory behind", async () => {
    const model = program();
    await model.fit(x, y, config);
    await idle();
    const before = memory();
    const target = place().store as never;
    await model.fit(x, y, {
      ...config,
      callbacks: [callbacks.backupAndRestore({ target, saveFreq: 2 }), ...watchers()],
    });
    await idle();
    expect(memory()).toEqual(before);
  });

  test("of another model or optimizer, or damaged, is refused, and nothing changes", async () => {
    const backup = place();
    const target = backup.store as never;
    const callback = callbacks.backupAndRestore({ target, deleteCheckpoint: false });
    await program().fit(x, y, { ...config, epochs: 1, callbacks: callback });
    const other = linearModel();
    const before = await weightsOf(other);
    const bad = other.fit([[1, 2]], [[1]], { verbose: 0, callbacks: callback });
    await expect(bad).rejects.toThrow(FormatError);
    expect(await weightsOf(other)).toEqual(before);
    const plain = program();
    plain.compile({ optimizer: "sgd", loss: "mse" });
    await expect(plain.fit(x, y, { ...config, callbacks: callback })).rejects.toThrow(
      /written by a training with Adam. Expected SGD/,
    );
    backup.file = backup.file.slice(0, 100);
    const model = program();
    await expect(model.fit(x, y, { ...config, callbacks: callback })).rejects.toThrow(FormatError);
    await model.fit(x, y, config); // the model is not left busy
  });

  test("whose optimizer is damaged is refused, and nothing changes", async () => {
    const backup = place();
    const target = backup.store as never;
    const callback = callbacks.backupAndRestore({ target, deleteCheckpoint: false });
    await program().fit(x, y, { ...config, epochs: 1, callbacks: callback });
    const { tensors, metadata } = decodeSafetensors(backup.file);
    const whole = [...tensors.values()];
    const cut = (end: string): Uint8Array =>
      encodeSafetensors(
        whole.map((one) =>
          one.name.endsWith(end) ? { ...one, shape: [0], bytes: new Uint8Array() } : one,
        ),
        metadata,
      );
    for (const end of ["/velocity", "/iter"]) {
      backup.file = cut(end);
      const model = program();
      await model.fit(x, y, { ...config, epochs: 2 });
      const before = await weightsOf(model);
      const bad = model.fit(x, y, { ...config, callbacks: callback });
      await expect(bad).rejects.toThrow(FormatError);
      await expect(bad).rejects.toThrow(/^the given store: /);
      expect(await weightsOf(model)).toEqual(before);
      expect(model.optimizer.iterations).toBe(6);
      // The order of the samples is that of before, too: the next epoch is as if nobody had asked for the backup.
      const same = program();
      await same.fit(x, y, { ...config, epochs: 2 });
      const next = { ...config, epochs: 3, initialEpoch: 2 };
      await model.fit(x, y, next);
      await same.fit(x, y, next);
      expect(await weightsOf(model)).toEqual(await weightsOf(same));
    }
  });

  test("refuses options that there are not", () => {
    const make = (options: object) => () => callbacks.backupAndRestore(options as never);
    expect(make({ target: "a", saveFreq: 0 })).toThrow(ArgumentError);
    expect(make({ target: "a", backup_dir: "b" })).toThrow("backup_dir");
    expect(make({})).toThrow(ArgumentError);
  });
});
