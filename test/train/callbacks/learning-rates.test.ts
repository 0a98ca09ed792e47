import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { learningRateScheduler } from "../../../src/train/callbacks/learning-rate-scheduler.ts";
import {
  type ReduceLROnPlateauConfig,
  reduceLROnPlateau,
} from "../../../src/train/callbacks/reduce-lr-on-plateau.ts";
import { linearData, linearModel } from "../support.ts";
import { FakeFit, FakeModel, listen } from "./support.ts";

/** The learning rate after each epoch of these figures. */
async function ratesOver(config: ReduceLROnPlateauConfig, figures: number[]): Promise<number[]> {
  const model = new FakeModel();
  model.optimizer.learningRate = 1;
  const fit = new FakeFit(reduceLROnPlateau(config), { model });
  await fit.list.trainBegin();
  const rates: number[] = [];
  for (const value of figures) {
    await fit.run([{ [config.monitor ?? "val_loss"]: value }]);
    rates.push(model.optimizer.learningRate);
  }
  return rates;
}

describe("reduceLROnPlateau", () => {
  // Rules of keras.callbacks.ReduceLROnPlateau, by hand: each epoch without an improvement by more than minDelta adds 1 to
  // wait; wait ≥ patience multiplies the rate, at least minLr, and begins a cooldown of epochs that do not count.
  test.each<[string, ReduceLROnPlateauConfig, number[], number[]]>([
    ["patience 1", { patience: 1, factor: 0.5 }, [3, 3, 2, 2, 2], [1, 0.5, 0.5, 0.25, 0.125]],
    ["patience 2", { patience: 2, factor: 0.5 }, [3, 3, 3, 3, 3], [1, 1, 0.5, 0.5, 0.25]],
    ["patience 0 reduces as patience 1", { patience: 0, factor: 0.5 }, [3, 3, 2], [1, 0.5, 0.5]],
    ["the default minDelta", { patience: 1, factor: 0.5 }, [3, 2.99995, 2.9998], [1, 0.5, 0.5]],
    ["minLr", { patience: 1, factor: 0.5, minLr: 0.3 }, [3, 3, 3, 3], [1, 0.5, 0.3, 0.3]],
    [
      "cooldown 2",
      { patience: 1, factor: 0.5, cooldown: 2 },
      [3, 3, 3, 3, 3],
      [1, 0.5, 0.5, 0.25, 0.25],
    ],
    ["mode max", { monitor: "acc", patience: 1, factor: 0.5 }, [1, 2, 2, 3], [1, 1, 0.5, 0.5]],
    ["NaN", { patience: 1, factor: 0.5 }, [3, NaN, 2], [1, 0.5, 0.5]],
    ["the default patience", { factor: 0.5 }, Array(11).fill(3), [...Array(10).fill(1), 0.5]],
  ])("%s", async (_, config, figures, expected) => {
    expect(await ratesOver(config, figures)).toEqual(expected);
  });

  test("adds the rate of the epoch to its figures, and tells of reductions if asked to", async () => {
    const lines = listen("log");
    const fit = new FakeFit(reduceLROnPlateau({ patience: 1, verbose: 1 }));
    await fit.list.trainBegin();
    await fit.run([{ val_loss: 1 }, { val_loss: 1 }, { val_loss: 0 }]);
    const rates = fit.history.map((logs) => logs.learning_rate);
    expect(rates).toEqual([0.1, 0.1, expect.closeTo(0.01, 12)]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^Epoch 2: the learning rate is reduced to 0\.01/);
  });

  test("begins anew with each fit, and goes on with its state", async () => {
    const callback = reduceLROnPlateau({ patience: 2, factor: 0.5, cooldown: 3 });
    const first = new FakeFit(callback);
    await first.list.trainBegin();
    await first.run([{ val_loss: 1 }, { val_loss: 1 }, { val_loss: 1 }]);
    const state = JSON.parse(JSON.stringify(callback.getState()));
    expect(state).toEqual({ wait: 0, best: 1, cooling: 3 });
    const second = reduceLROnPlateau({ patience: 2, factor: 0.5, cooldown: 3 });
    const [a, b] = [new FakeFit(callback), new FakeFit(second)];
    for (const fit of [a, b]) await fit.list.trainBegin();
    b.list.restore([{ state, tensors: {} }]);
    const rest = Array(4).fill({ val_loss: 2 });
    await a.run(rest);
    await b.run(rest);
    // a: the best is 2, so epochs 1 and 2 are without improvement; b: cooling 2, 1, 0 (that epoch counts), then one more.
    expect(a.model.optimizer.learningRate).toBe(0.05);
    expect(b.model.optimizer.learningRate).toBe(0.05);
    expect(a.history.map((logs) => logs.learning_rate)).toEqual([0.1, 0.1, 0.1, 0.05]);
    expect(b.history.map((logs) => logs.learning_rate)).toEqual([0.1, 0.1, 0.1, 0.1]);
  });

  test("in fit: the rate that is set is trained with, and is in the history", async () => {
    const { x, y } = linearData(8);
    const model = linearModel(0.1);
    const worse = {
      onEpochEnd: (epoch: number, logs: Record<string, number>) => {
        logs.fixed = epoch;
      },
    };
    const reduce = reduceLROnPlateau({ monitor: "fixed", patience: 2, factor: 0 });
    const { history } = await model.fit(x, y, {
      epochs: 5,
      shuffle: false,
      verbose: 0,
      callbacks: [worse, reduce],
    });
    expect(history.learning_rate).toEqual([0.1, 0.1, 0.1, 0, 0]);
    const [, b = 0, c, d] = history.loss ?? [];
    expect(c).toBeLessThan(b);
    expect(d).toBeLessThan(Number(c));
    expect(history.loss?.[4]).toBe(d);
  });

  test.each([
    [{ factor: 1 }, "factor: received 1. Expected a number from 0 on, below 1."],
    [{ factor: -0.1 }, "factor"],
    [{ cooldown: 0.5 }, "whole number"],
    [{ minLr: -1 }, "minLr"],
    [{ min_lr: 0.1 }, "Did you mean minLr?"],
  ])("refuses %j", (config, message) => {
    expect(() => reduceLROnPlateau(config as ReduceLROnPlateauConfig)).toThrow(ArgumentError);
    expect(() => reduceLROnPlateau(config as ReduceLROnPlateauConfig)).toThrow(message);
  });
});

describe("learningRateScheduler", () => {
  test("sets the rate of each epoch from its number and the rate before", async () => {
    const { x, y } = linearData(8);
    const model = linearModel(0.1);
    const asked: [number, number][] = [];
    const schedule = learningRateScheduler((epoch, rate) => {
      asked.push([epoch, rate]);
      return epoch < 2 ? rate : rate / 2;
    });
    const { history } = await model.fit(x, y, { epochs: 4, verbose: 0, callbacks: schedule });
    expect(asked).toEqual([
      [0, 0.1],
      [1, 0.1],
      [2, 0.1],
      [3, 0.05],
    ]);
    expect(history.learning_rate).toEqual([0.1, 0.1, 0.05, 0.025]);
    expect(model.optimizer.learningRate).toBe(0.025);
  });

  test("tells the rate if asked to", async () => {
    const lines = listen("log");
    await new FakeFit(learningRateScheduler(() => 0.5, 1)).run([{ loss: 1 }]);
    expect(lines).toEqual(["Epoch 1: the learning rate is 0.5"]);
  });

  test.each([[undefined], [NaN], [-1], ["0.1"], [Promise.resolve(0.1)]])(
    "refuses a schedule that gives %s",
    async (value) => {
      const callback = learningRateScheduler(() => value as number);
      await expect(new FakeFit(callback).run([{ loss: 1 }])).rejects.toThrow("the schedule gave");
    },
  );

  test("refuses what is no function", () => {
    expect(() => learningRateScheduler(0.1 as never)).toThrow("received 0.1. Expected a function");
  });
});

describe("an optimizer whose rate follows a schedule", () => {
  test.each([
    ["reduceLROnPlateau", reduceLROnPlateau()],
    ["learningRateScheduler", learningRateScheduler(() => 0.1)],
  ])("is refused by %s before anything is trained", async (name, callback) => {
    const { x, y } = linearData(8);
    const model = linearModel();
    model.optimizer.learningRate = () => 0.1;
    const run = model.fit(x, y, { verbose: 0, callbacks: callback });
    await expect(run).rejects.toThrow(
      `callbacks.${name}: the learning rate of ${model.name}'s optimizer follows a schedule`,
    );
    expect(model.optimizer.iterations).toBe(0);
  });
});
