import { describe, expect, test } from "vitest";
import { ArgumentError, FormatError } from "../../../src/errors.ts";
import { memory, tensor } from "../../../src/tensor/index.ts";
import type { EpochLogs } from "../../../src/train/callbacks/callback-hooks.ts";
import {
  type EarlyStoppingConfig,
  earlyStopping,
} from "../../../src/train/callbacks/early-stopping.ts";
import { linearData, linearModel, weightsOf } from "../support.ts";
import { FakeFit, listen, train } from "./support.ts";

const { NaN: nan } = Number;

describe("earlyStopping", () => {
  // Rules of keras.callbacks.EarlyStopping, by hand: a figure improves when it is better than the best by more than minDelta;
  // each other epoch adds 1 to wait; wait ≥ patience stops, but not in epoch 0; beating the best without beating the
  // baseline is a new best that does not set wait back.
  test.each<[string, EarlyStoppingConfig, number[], number | null]>([
    ["never while it improves", {}, [4, 3, 2, 1], null],
    ["patience 0: at the first epoch without improvement", {}, [4, 3, 3, 1], 2],
    ["patience 1 is the same", { patience: 1 }, [4, 3, 3, 1], 2],
    ["patience 2: at the second in a row", { patience: 2 }, [4, 3, 3, 2, 5, 2, 1], 5],
    ["an improvement below minDelta is none", { minDelta: 0.5 }, [4, 3.6, 3.4, 3], 1],
    ["a negative minDelta counts without its sign", { minDelta: -0.5 }, [4, 3.6, 1], 1],
    ["exactly minDelta is none", { minDelta: 0.5 }, [4, 3.5, 1], 1],
    [
      "slow progress adds up against the best",
      { minDelta: 0.5, patience: 2 },
      [4, 3.7, 3.4, 3],
      null,
    ],
    ["mode max", { mode: "max" }, [1, 2, 2], 2],
    ["mode max by the name", { monitor: "val_binaryAccuracy" }, [0.1, 0.2, 0.1], 2],
    ["mode min against the name", { monitor: "acc", mode: "min" }, [0.3, 0.2, 0.1], null],
    ["NaN improves nothing", { patience: 2 }, [4, nan, nan, 1], 2],
    ["NaN in the first epoch does not stop", {}, [nan, 4, 3], null],
    ["NaN from the first epoch on", {}, [nan, nan], 1],
    ["a baseline that is not reached", { baseline: 1, patience: 2 }, [4, 3, 2], null],
    [
      "a baseline not reached: the first epoch worse than the best",
      { baseline: 1, patience: 2 },
      [4, 3, 3, 0],
      2,
    ],
    ["a baseline that is reached", { baseline: 3.5, patience: 2 }, [4, 3, 3, 2, 2], null],
    ["startFromEpoch 2: epochs 0 and 1 are not watched", { startFromEpoch: 2 }, [1, 0, 5, 4, 4], 4],
  ])("%s", async (_, config, figures, expected) => {
    const name = config.monitor ?? "val_loss";
    const callback = earlyStopping(config);
    expect(await train(callback, figures, { name })).toBe(expected);
    expect(callback.stoppedEpoch).toBe(expected ?? 0);
  });

  test("knows the best epoch, and begins anew with each fit", async () => {
    const callback = earlyStopping({ patience: 2 });
    expect(await train(callback, [4, 2, 3, 3])).toBe(3);
    expect(callback).toMatchObject({ best: 2, bestEpoch: 1, wait: 2 });
    expect(await train(callback, [9, 8, 8.5])).toBe(null);
    expect(callback).toMatchObject({ best: 8, bestEpoch: 1, wait: 1, stoppedEpoch: 0 });
  });

  test.each([
    ["val_acc", true],
    ["acc_1", true],
    ["decoder_accuracy", true],
    ["sparseCategoricalAccuracy", true],
    ["AUC", true],
    ["val_prAuc", true],
    ["f1Score", true],
    ["val_r2", true],
    ["precision", true],
    ["recall_2", true],
    ["loss", false],
    ["val_mae", false],
    ["accelerationMae", false],
    ["perplexity", false],
  ])("takes larger figures of %s as better: %s", async (monitor, isMax) => {
    const callback = earlyStopping({ monitor, patience: 9 });
    await train(callback, [1, 2], { name: monitor });
    expect(callback.best).toBe(isMax ? 2 : 1);
  });

  test("tells when it stops and what comes back, if asked to", async () => {
    const lines = listen("log");
    await train(earlyStopping(), [1, 2]);
    expect(lines).toEqual([]);
    await train(earlyStopping({ verbose: 1, restoreBestWeights: true }), [1, 2]);
    expect(lines).toEqual(["Epoch 2: early stopping", "The weights of epoch 1 come back"]);
  });

  test("a figure that there is not: one warning that says what there is, and no stop", async () => {
    const warnings = listen("warn");
    const callback = earlyStopping({ monitor: "val_los" });
    const fit = new FakeFit(callback);
    await fit.list.trainBegin();
    expect(
      await fit.run([
        { loss: 1, val_loss: 2 },
        { loss: 1, val_loss: 2 },
      ]),
    ).toBe(null);
    expect(warnings).toEqual([
      'callbacks.earlyStopping: there is no figure "val_los" to monitor. Available: loss, val_loss. Did you mean ' +
        '"val_loss"? Figures of a validation need validationData or validationSplit.',
    ]);
  });

  test("epochs without validation, where there is one at times, neither warn nor count", async () => {
    const warnings = listen("warn");
    const callback = earlyStopping({ patience: 1 });
    const fit = new FakeFit(callback, { params: { doValidation: true } });
    await fit.list.trainBegin();
    const table: EpochLogs[] = [
      { loss: 1 },
      { loss: 1, val_loss: 2 },
      { loss: 1 },
      { loss: 1, val_loss: 3 },
    ];
    expect(await fit.run(table)).toBe(3);
    expect(warnings).toEqual([]);
  });
});

describe("earlyStopping in fit", () => {
  const { x, y } = linearData(16);
  const quiet = { batchSize: 8, shuffle: false, verbose: 0 } as const;

  /** Figures as if the epoch `best` had been the best one. */
  const pretend = (best: number) => ({
    onEpochEnd: (epoch: number, logs: Record<string, number>) => {
      logs.pretended = Math.abs(epoch - best);
    },
  });

  test.each([false, true])("restoreBestWeights %s", async (restoreBestWeights) => {
    const model = linearModel();
    const weights: number[][][] = [];
    const note = { onEpochEnd: async () => void weights.push(await weightsOf(model)) };
    await model.fit(x, y, quiet);
    const before = memory();
    const stopping = earlyStopping({ monitor: "pretended", patience: 2, restoreBestWeights });
    const callbacks = [pretend(1), note, stopping];
    const history = await model.fit(x, y, { ...quiet, epochs: 9, callbacks });
    expect(history.epoch).toEqual([0, 1, 2, 3]);
    expect(history.history.pretended).toEqual([1, 0, 1, 2]);
    expect(await weightsOf(model)).toEqual(weights[restoreBestWeights ? 1 : 3]);
    expect(weights[1]).not.toEqual(weights[3]);
    expect(memory()).toEqual(before);
  });

  test("the best weights come back when training was not stopped, too, as in Keras 3", async () => {
    const model = linearModel();
    const weights: number[][][] = [];
    const note = { onEpochEnd: async () => void weights.push(await weightsOf(model)) };
    const stopping = earlyStopping({ monitor: "pretended", patience: 9, restoreBestWeights: true });
    await model.fit(x, y, { ...quiet, epochs: 4, callbacks: [pretend(1), note, stopping] });
    expect(await weightsOf(model)).toEqual(weights[1]);
  });

  test("frees the best weights when fit fails", async () => {
    const model = linearModel();
    await model.fit(x, y, quiet);
    const before = memory();
    const failing = { onEpochEnd: (epoch: number) => void (epoch === 2 && fail()) };
    const stopping = earlyStopping({ monitor: "loss", restoreBestWeights: true });
    const config = { ...quiet, epochs: 9, callbacks: [stopping, failing] };
    await expect(model.fit(x, y, config)).rejects.toThrow("mine");
    expect(memory()).toEqual(before);
  });

  test("goes on with the state of another process, best weights included", async () => {
    const figures = [4, 2, 3, 3];
    const whole = linearModel();
    const parts = linearModel();
    const stopping = () =>
      earlyStopping({ monitor: "told", patience: 2, restoreBestWeights: true });
    const told = {
      onEpochEnd: (epoch: number, logs: Record<string, number>) => {
        logs.told = figures[epoch] ?? 0;
      },
    };
    const all = await whole.fit(x, y, { ...quiet, epochs: 9, callbacks: [told, stopping()] });
    const first = stopping();
    let state: unknown;
    let tensors: Record<string, number[]> = {};
    const save = {
      onEpochEnd: async (epoch: number) => {
        if (epoch !== 2) return;
        state = JSON.parse(JSON.stringify(first.getState()));
        const entries = Object.entries(first.getTensors());
        const read = entries.map(async ([name, one]) => [name, await one.array()] as const);
        tensors = Object.fromEntries(await Promise.all(read)) as Record<string, number[]>;
      },
    };
    await parts.fit(x, y, { ...quiet, epochs: 3, callbacks: [told, first, save] });
    expect(state).toEqual({ wait: 1, best: 2, bestEpoch: 1 });
    const second = stopping();
    const resume = {
      onTrainBegin: () => {
        second.setTensors(
          Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, tensor(v)])),
        );
        second.setState(state as Record<string, unknown>);
      },
    };
    const config = { ...quiet, initialEpoch: 3, epochs: 9, callbacks: [told, second, resume] };
    const rest = await parts.fit(x, y, config);
    expect(rest.epoch).toEqual([3]);
    expect(all.epoch).toEqual([0, 1, 2, 3]);
    expect(await weightsOf(parts)).toEqual(await weightsOf(whole));
  });
});

describe("earlyStopping refuses", () => {
  test.each([
    [{ patience: -1 }, "patience is -1. Expected a whole number from 0 up."],
    [{ patience: 1.5 }, "whole number"],
    [{ minDelta: nan }, "minDelta: received NaN"],
    [{ mode: "maximum" }, 'received mode "maximum". Expected "auto", "min" or "max".'],
    [{ monitor: 5 }, "received 5 as monitor"],
    [{ baseline: "low" }, 'baseline: received "low"'],
    [{ verbose: 3 }, "received verbose 3"],
    [{ restoreBest: true }, "Did you mean restoreBestWeights?"],
    [{ startFromEpoch: "2" }, "whole number"],
  ])("%j", (config, message) => {
    expect(() => earlyStopping(config as EarlyStoppingConfig)).toThrow(ArgumentError);
    expect(() => earlyStopping(config as EarlyStoppingConfig)).toThrow(message);
  });

  test("a state that is none of its own", () => {
    const callback = earlyStopping();
    expect(() => callback.setState({ cooling: 1 })).toThrow(FormatError);
    expect(() => callback.setState({ wait: "1", best: 2, bestEpoch: 0 })).toThrow(FormatError);
    const restoring = earlyStopping({ restoreBestWeights: true });
    expect(() => restoring.setState({ wait: 1, best: 2, bestEpoch: 0 })).toThrow(
      "lacks the weights",
    );
    restoring.setState({ wait: 0, best: null, bestEpoch: 0 });
    expect(restoring.best).toBe(Infinity);
  });
});

function fail(): never {
  throw new RangeError("mine");
}
