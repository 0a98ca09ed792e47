import { describe, expect, test } from "vitest";
import { ArgumentError, NumericsError } from "../../../src/errors.ts";
import { memory } from "../../../src/tensor/index.ts";
import { Callback } from "../../../src/train/callbacks/callback.ts";
import type { CallbackHooks, EpochLogs } from "../../../src/train/callbacks/callback-hooks.ts";
import { CallbackList } from "../../../src/train/callbacks/callback-list.ts";
import { lambda } from "../../../src/train/callbacks/lambda.ts";
import { terminateOnNaN } from "../../../src/train/callbacks/terminate-on-nan.ts";
import { linearData, linearModel, weightsOf } from "../support.ts";
import { FakeFit, FakeModel, listen } from "./support.ts";

const quiet = { verbose: 0, shuffle: false } as const;

describe("Callback", () => {
  class StopBelow extends Callback {
    readonly calls: string[] = [];

    override onTrainBegin(): void {
      const { epochs, steps, metrics, doValidation } = this.params;
      this.calls.push(`begin ${epochs} ${steps} ${metrics} ${doValidation}`);
    }

    override async onEpochEnd(epoch: number, logs: EpochLogs): Promise<void> {
      await null;
      this.calls.push(`epoch ${epoch}`);
      if (Number(logs.loss) < 0.1) this.model.stopTraining = true;
    }
  }

  test("knows the model and what fit was asked for, in several fits", async () => {
    const { x, y } = linearData(16);
    const callback = new StopBelow();
    for (let i = 0; i < 2; i++) {
      const model = linearModel(0.3);
      const config = { ...quiet, batchSize: 8, epochs: 20, validationSplit: 0.25 };
      const history = await model.fit(x, y, { ...config, callbacks: [callback] });
      expect(callback.model).toBe(model);
      expect(history.history.loss?.at(-1)).toBeLessThan(0.1);
      expect(history.history.loss?.at(-2)).toBeGreaterThanOrEqual(0.1);
      expect(callback.calls).toEqual([
        "begin 20 2 loss true",
        ...history.epoch.map((epoch) => `epoch ${epoch}`),
      ]);
      callback.calls.length = 0;
    }
  });

  test("has no hook that was not written, so that fit does not wait for batches", () => {
    const list = new CallbackList("fit", [new StopBelow(), new Callback()], new FakeModel());
    expect(list.has("onEpochEnd")).toBe(true);
    expect(list.has("onBatchEnd")).toBe(false);
    expect(list.has("getState")).toBe(false);
  });

  test("says so when there is no fit yet", () => {
    expect(() => new StopBelow().model).toThrow(
      "StopBelow: there is no model yet. Expected to be called by fit",
    );
    expect(() => new StopBelow().params).toThrow(ArgumentError);
  });
});

describe("the list of callbacks", () => {
  test("hands on what a callback adds to the figures of an epoch, to the history as well", async () => {
    const { x, y } = linearData(8);
    const seen: number[] = [];
    const callbacks: CallbackHooks[] = [
      {
        onEpochEnd: (epoch, logs) => {
          logs.added = epoch * 10;
        },
      },
      { onEpochEnd: (_, logs) => void seen.push(Number(logs.added)) },
    ];
    const { history } = await linearModel().fit(x, y, { ...quiet, epochs: 2, callbacks });
    expect(seen).toEqual([0, 10]);
    expect(history.added).toEqual([0, 10]);
  });

  test("calls onTrainExit however training ended, onTrainEnd only when it came to an end", async () => {
    const { x, y } = linearData(8);
    const calls: string[] = [];
    const noting: CallbackHooks = {
      onTrainEnd: () => void calls.push("end"),
      onTrainExit: () => void calls.push("exit"),
    };
    const model = linearModel();
    await model.fit(x, y, { ...quiet, callbacks: noting });
    expect(calls.splice(0)).toEqual(["end", "exit"]);
    const error = new RangeError("mine");
    const failing = { onBatchEnd: () => Promise.reject(error) };
    const run = model.fit(x, y, { ...quiet, callbacks: [failing, noting] });
    expect(await run.catch((caught) => caught)).toBe(error);
    expect(calls.splice(0)).toEqual(["exit"]);
    const controller = new AbortController();
    const aborting = { onEpochEnd: () => controller.abort() };
    const { signal } = controller;
    const aborted = model.fit(x, y, { ...quiet, epochs: 2, signal, callbacks: [aborting, noting] });
    await expect(aborted).rejects.toThrow("aborted");
    expect(calls).toEqual(["exit"]);
  });

  test("calls every onTrainExit, and throws the first error then", async () => {
    const calls: number[] = [];
    const exits = [1, 2, 3].map((i) => ({
      onTrainExit: () => {
        calls.push(i);
        if (i < 3) throw new RangeError(`exit ${i}`);
      },
    }));
    await expect(new FakeFit(exits).list.trainExit()).rejects.toThrow("exit 1");
    expect(calls).toEqual([1, 2, 3]);
  });

  test("saves what callbacks have to remember, and gives it back in the order of the list", () => {
    const got: unknown[] = [];
    const stateful = (state: number): CallbackHooks => ({
      getState: () => ({ state }),
      setState: (one) => void got.push(one),
    });
    const list = new CallbackList("fit", [stateful(1), {}, stateful(2)], new FakeModel());
    const saved = list.save();
    expect(saved).toEqual([
      { state: { state: 1 }, tensors: {} },
      { state: null, tensors: {} },
      { state: { state: 2 }, tensors: {} },
    ]);
    list.restore(JSON.parse(JSON.stringify(saved)));
    list.restore([]);
    expect(got).toEqual([{ state: 1 }, { state: 2 }]);
  });

  test.each([
    ["onTestBegin", "there is no hook onTestBegin. evaluate() and predict() enqueue all batches"],
    ["on_predict_batch_end", "there is no hook on_predict_batch_end. evaluate()"],
    ["onTrainBatchEnd", "It is called onBatchEnd here."],
    ["on_train_batch_begin", "It is called onBatchBegin here."],
    ["on_epoch_end", "Did you mean onEpochEnd?"],
    ["onEpochsEnd", "Did you mean onEpochEnd?"],
  ])("refuses the hook %s, also of a class", (name, message) => {
    const hooks = { [name]: () => {} } as CallbackHooks;
    class Mine extends Callback {}
    Object.defineProperty(Mine.prototype, name, { value: () => {} });
    for (const one of [hooks, new Mine()]) {
      expect(() => new CallbackList("fit", one, new FakeModel())).toThrow(ArgumentError);
      expect(() => new CallbackList("fit", one, new FakeModel())).toThrow(message);
    }
    expect(() => lambda(hooks)).toThrow(message);
  });
});

describe("lambda", () => {
  test("gives a callback of these hooks", async () => {
    const epochs: number[] = [];
    const callback = lambda({ onEpochEnd: (epoch) => void epochs.push(epoch) });
    await new FakeFit(callback).run([{ loss: 1 }, { loss: 1 }]);
    expect(epochs).toEqual([0, 1]);
  });
});

describe("terminateOnNaN", () => {
  const { x, y } = linearData(40);
  // Batches of 8; the sample 20 is in batch 2.
  const bad = x.map((row, i) => (i === 20 ? [Number.NaN, 0] : row));

  test.each(["never", "batch"] as const)(
    "ends fit with the weights before the bad batch (yieldEvery %s)",
    async (yieldEvery) => {
      const clean = linearModel();
      await clean.fit(x.slice(0, 16), y.slice(0, 16), { ...quiet, batchSize: 8 });
      const warnings = listen("warn");
      const model = linearModel();
      const ended: boolean[] = [];
      const callbacks = [terminateOnNaN(), { onTrainEnd: () => void ended.push(true) }];
      const config = { ...quiet, batchSize: 8, epochs: 3, yieldEvery, callbacks };
      const { epoch, history } = await model.fit(bad, y, config);
      expect(epoch).toEqual([0]);
      expect(history.loss).toEqual([Number.NaN]);
      expect(await weightsOf(model)).toEqual(await weightsOf(clean));
      expect(ended).toEqual([true]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain("epoch 0, batch 2");
      const before = memory();
      const again = await model.fit(x, y, { ...quiet, epochs: 2 });
      expect(again.epoch).toEqual([0, 1]);
      expect(memory()).toEqual(before);
    },
  );

  test("without it, or with a callback that does not want that, fit throws", async () => {
    const told: unknown[] = [];
    const callbacks: CallbackHooks = {
      onNumericsError: (error) => {
        told.push(error);
        return false;
      },
    };
    const run = linearModel().fit(bad, y, { ...quiet, batchSize: 8, callbacks });
    const error = await run.catch((caught) => caught);
    expect(error).toBeInstanceOf(NumericsError);
    expect(told).toEqual([error]);
  });
});
