import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import * as train from "../../src/optimizers/index.ts";
import { compile, counters, sum, type Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linear, makers, noise, vector } from "./support.ts";

const SIZE = 9;

describe("weightDecay", () => {
  // keras.optimizers.Optimizer: variable -= variable * weight_decay * learning_rate, before the update.
  test.each(Object.entries(makers))(
    "of %s takes a share of the rate, whatever the gradient",
    async (name, make) => {
      const [w, plain] = [vector([2, -3]), vector([2, -3])];
      const config = { learningRate: 0.5, weightDecay: 0.1 };
      const decays = kept(make(config));
      const other = kept(make({ learningRate: 0.5, weightDecay: 0 }));
      for (let step = 0; step < 2; step++) {
        decays.minimize(linear(w, [0, 0]));
        other.minimize(linear(plain, [0, 0]));
      }
      expectClose(await w.data(), [2 * 0.95 ** 2, -3 * 0.95 ** 2], tolerances.arithmetic);
      expect(await plain.data(), name).toEqual(new Float32Array([2, -3]));
    },
  );

  test("comes before the step, so that the step is not decayed", async () => {
    const w = vector([1]);
    kept(train.sgd({ learningRate: 0.5, weightDecay: 0.2 })).minimize(linear(w, [1]));
    expectClose(await w.data(), [1 - 0.5 * 0.2 - 0.5], tolerances.arithmetic);
  });
});

describe("useEma", () => {
  /** keras.optimizers.Optimizer: a = momentum·a + (1 - momentum)·p, with momentum 0 at the first update. */
  const reference = (
    gradients: readonly (readonly number[])[],
    { momentum, every = 0 }: { momentum: number; every?: number },
  ) => {
    let [p, a]: [number[], number[]] = [
      [1, -2],
      [0, 0],
    ];
    gradients.forEach((gradient, step) => {
      p = p.map((x, i) => x - 0.1 * (gradient[i] ?? 0));
      const share = step === 0 ? 0 : momentum;
      a = a.map((x, i) => share * x + (1 - share) * (p[i] ?? 0));
      if (every > 0 && (step + 1) % every === 0) p = a;
    });
    return { p, a };
  };
  const gradients = Array.from({ length: 21 }, (_, step) => Array.from(noise([2], step)));

  test("keeps running means beside the weights, which become them in the end", async () => {
    const w = vector([1, -2], "mean/w");
    const optimizer = kept(train.sgd({ learningRate: 0.1, useEma: true, emaMomentum: 0.8 }));
    for (const gradient of gradients) optimizer.minimize(linear(w, gradient));
    const { p, a } = reference(gradients, { momentum: 0.8 });
    expectClose(await w.data(), p, tolerances.optimizer);
    const average = (await optimizer.getWeights()).find(
      ({ name }) => name === "sgd/mean/w/average",
    );
    expectClose((await average?.tensor.data()) ?? [], a, tolerances.optimizer);
    optimizer.finalizeVariableValues();
    expectClose(await w.data(), a, tolerances.optimizer);
  });

  test("overwrites the weights every so many updates", async () => {
    const w = vector([1, -2]);
    const options = { useEma: true, emaMomentum: 0.8, emaOverwriteFrequency: 4 };
    const optimizer = kept(train.sgd({ learningRate: 0.1, ...options }));
    for (const gradient of gradients) optimizer.minimize(linear(w, gradient));
    const { p } = reference(gradients, { momentum: 0.8, every: 4 });
    expectClose(await w.data(), p, tolerances.optimizer);
  });

  test("is 0.99 by default, and a mean of equal weights stays what it is", async () => {
    const w = vector([1 / 3]);
    const optimizer = kept(train.sgd({ learningRate: 0.1, useEma: true }));
    for (let step = 0; step < 50; step++) optimizer.minimize(linear(w, [0]));
    optimizer.finalizeVariableValues();
    expect(await w.data()).toEqual(Float32Array.of(1 / 3));
    expect(optimizer.getConfig()).toEqual({
      kind: "sgd",
      learningRate: 0.1,
      momentum: 0,
      nesterov: false,
      useEma: true,
    });
  });

  test("begins with the weights where the first update is refused", async () => {
    const w = vector([1]);
    const optimizer = kept(train.sgd({ learningRate: 1, useEma: true, emaMomentum: 0.5 }));
    optimizer.minimize(linear(w, [Number.NaN]));
    optimizer.minimize(linear(w, [-2]));
    optimizer.finalizeVariableValues();
    expect(await w.data()).toEqual(Float32Array.of(2)); // the mean of 1 and 3
  });

  test("finalizeVariableValues changes nothing without it, or the weights that it is given", async () => {
    const [a, b] = [vector([1]), vector([1])];
    const plain = kept(train.sgd(1));
    plain.minimize(() => a.sum());
    plain.finalizeVariableValues();
    expect(await a.data()).toEqual(Float32Array.of(0));
    const optimizer = kept(train.sgd({ learningRate: 1, useEma: true, emaMomentum: 0.5 }));
    for (let step = 0; step < 2; step++) optimizer.minimize(() => a.add(b).sum());
    optimizer.finalizeVariableValues(b);
    expect(await a.data()).toEqual(Float32Array.of(-2));
    expect(await b.data()).toEqual(Float32Array.of(-0.5));
  });
});

describe("gradientAccumulationSteps", () => {
  test.each(Object.entries(makers))(
    "of %s is a step along the mean of the gradients",
    async (_name, make) => {
      const [w, other] = [vector(wave([SIZE], 0.2)), vector(wave([SIZE], 0.2))];
      const accumulates = kept(make({ gradientAccumulationSteps: 4, clipnorm: 0.5 }));
      const plain = kept(make({ clipnorm: 0.5 }));
      for (let update = 0; update < 6; update++) {
        const parts = [0, 1, 2, 3].map((part) => noise([SIZE], 4 * update + part));
        const before = await w.data();
        for (const [i, part] of parts.entries()) {
          accumulates.minimize(linear(w, part));
          if (i < 3) expect(await w.data()).toEqual(before);
        }
        const mean = before.map((_, i) => parts.reduce((sum, part) => sum + (part[i] ?? 0), 0) / 4);
        plain.minimize(linear(other, mean));
      }
      expect(accumulates.iterations).toBe(6);
      expectClose(await w.data(), await other.data(), tolerances.longOptimizer);
    },
  );

  test("clips the mean, not its parts", async () => {
    for (const bound of [{ clipvalue: 1 }, { clipnorm: 1 }, { globalClipnorm: 1 }]) {
      const w = vector([0]);
      const optimizer = kept(
        train.sgd({ learningRate: 1, gradientAccumulationSteps: 2, ...bound }),
      );
      optimizer.minimize(linear(w, [5]));
      optimizer.minimize(linear(w, [-4]));
      expect(await w.data()).toEqual(Float32Array.of(-0.5));
    }
  });

  test("a refused step leaves no trace in the mean, wherever it falls", async () => {
    for (const bad of [0, 1, 2]) {
      const w = vector([0]);
      const optimizer = kept(train.sgd({ learningRate: 1, gradientAccumulationSteps: 3 }));
      const parts = [1, 3, 5].map((part, i) => (i === bad ? Number.POSITIVE_INFINITY : part));
      for (const part of parts) optimizer.minimize(linear(w, [part]));
      const good = parts.filter(Number.isFinite);
      const mean = good.reduce((sum, part) => sum + part, 0) / good.length;
      if (bad < 2) {
        expect(await w.data()).toEqual(Float32Array.of(-mean));
        continue;
      }
      // The update was due at the refused step: the next one takes up what has come until then.
      expect(await w.data()).toEqual(Float32Array.of(0));
      for (const part of [2, 2, 2]) optimizer.minimize(linear(w, [part]));
      expectClose(await w.data(), [-(1 + 3 + 2 + 2 + 2) / 5], tolerances.arithmetic);
    }
  });

  test("sums that no float32 holds have a mean all the same", async () => {
    const w = vector([0]);
    const options = { learningRate: 1, gradientAccumulationSteps: 4, clipvalue: 1 };
    const optimizer = kept(train.sgd(options));
    for (let step = 0; step < 4; step++) optimizer.minimize(linear(w, [3e38]));
    expect(await optimizer.refusedUpdates()).toBe(0);
    expect(await w.data()).toEqual(Float32Array.of(-1));
  });

  test("asks a schedule for every batch, as Keras does, and averages at updates only", async () => {
    const w = vector([0]);
    const rate = train.piecewiseConstant({ boundaries: [1, 3], values: [1, 10, 100] });
    const options = { gradientAccumulationSteps: 2, useEma: true, emaMomentum: 0.5 };
    const optimizer = kept(train.sgd({ learningRate: rate, ...options }));
    for (let step = 0; step < 6; step++) optimizer.minimize(linear(w, [1]));
    expect(await w.data()).toEqual(Float32Array.of(-111));
    optimizer.finalizeVariableValues();
    // ½·(½·(-1 - 11) - 111)
    expect(await w.data()).toEqual(Float32Array.of(-58.5));
  });
});

describe("one plan", () => {
  const everything = {
    weightDecay: 0.01,
    useEma: true,
    emaOverwriteFrequency: 2,
    gradientAccumulationSteps: 3,
    globalClipnorm: 1,
  };

  test.each(Object.entries(makers))(
    "serves all steps of %s, and makes nothing when warm",
    async (_name, make) => {
      const [w, kernel] = [vector(wave([SIZE], 0.2)), vector(wave([SIZE], 0.3))];
      w.constraint = (value) => value.clipByValue(-1, 1);
      const optimizer = kept(make(everything));
      const step = kept(
        compile((g: Tensor) => void optimizer.minimize(() => sum(w.add(kernel).mul(g)))),
      );
      const run = async (): Promise<void> => {
        for (let i = 0; i < 6; i++) step(tensor(noise([SIZE], i)));
        await w.data();
      };
      await run();
      const before = counters();
      await run();
      const after = counters();
      expect(after.plansCreated - before.plansCreated).toBe(0);
      expect(after.buffersCreated - before.buffersCreated).toBe(0);
      expect(after.bindGroupsCreated - before.bindGroupsCreated).toBe(0);
      expect(after.pipelinesCreated - before.pipelinesCreated).toBe(0);
      expect(after.submits - before.submits).toBe(7); // and one readback
    },
  );

  test.each(Object.entries(makers))(
    "a refused step of %s changes nothing at all",
    async (name, make) => {
      const w = vector(wave([SIZE], 0.2), `refused/${name}`);
      w.constraint = (value) => value.mul(0.9);
      // Two steps make an update due at the refused one.
      const optimizer = kept(make({ ...everything, weightDecay: 0.5 }));
      for (let step = 0; step < 5; step++) optimizer.minimize(linear(w, noise([SIZE], step)));
      const read = async () =>
        Promise.all((await optimizer.getWeights()).slice(1).map(({ tensor: one }) => one.data()));
      const [weight, state] = [await w.data(), await read()];
      const gradient = noise([SIZE], 5);
      gradient[3] = Number.NaN;
      optimizer.minimize(linear(w, gradient));
      expect(await w.data()).toEqual(weight);
      expect(await read()).toEqual(state);
      expect(await optimizer.refusedUpdates()).toBe(1);
      for (let step = 6; step < 9; step++) optimizer.minimize(linear(w, noise([SIZE], step)));
      expect(await w.data()).not.toEqual(weight);
      expect((await w.data()).every(Number.isFinite)).toBe(true);
    },
  );
});

describe("settings", () => {
  test("out of bounds are refused", () => {
    expect(() => train.sgd({ weightDecay: -1 })).toThrow("sgd weightDecay");
    expect(() => train.sgd({ emaMomentum: 1.5 })).toThrow("emaMomentum");
    expect(() => train.sgd({ emaOverwriteFrequency: 1.5 })).toThrow("whole number");
    expect(() => train.sgd({ gradientAccumulationSteps: 0 })).toThrow(ArgumentError);
    expect(() => train.adagrad({ initialAccumulatorValue: -1 })).toThrow("initialAccumulatorValue");
    expect(() => train.adadelta(1, 1)).toThrow("adadelta rho");
    expect(() => train.adamax(1, 0.9, 1)).toThrow("adamax beta2");
    expect(() => train.nadam({ beta1: 1 })).toThrow("nadam beta1");
    expect(() => train.lion({ beta1: 0 })).toThrow("lion beta1");
    expect(() => train.adafactor({ clipThreshold: 0 })).toThrow("adafactor clipThreshold");
    expect(() => train.adafactor({ clipTreshold: 1 } as never)).toThrow(
      "Did you mean clipThreshold?",
    );
    expect(() => train.sgd({ lossScaleFactor: 0 })).toThrow("sgd lossScaleFactor");
  });

  test("null stands for the default, as in configs of Keras", () => {
    const none = {
      clipnorm: null,
      weightDecay: null,
      emaOverwriteFrequency: null,
      gradientAccumulationSteps: null,
      lossScaleFactor: null,
    };
    expect(train.adam(none).getConfig()).toEqual(train.adam().getConfig());
  });
});
