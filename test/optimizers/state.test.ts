import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { registerClass } from "../../src/names/class-registry.ts";
import * as train from "../../src/optimizers/index.ts";
import { type OptimizerSpec, resolveOptimizer } from "../../src/optimizers/resolve.ts";
import { type Tensor, tensor, type Variable, variable } from "../../src/tensor/index.ts";
import { wave } from "../helpers/golden.ts";
import { kept, linear, makers, noise, vector } from "./support.ts";

class Heavy extends train.CustomOptimizer<"speed"> {
  static override readonly className = "Heavy";
  static override readonly slots = ["speed"];
  override update(p: Tensor, g: Tensor, { slots, learningRate }: train.UpdateContext<"speed">) {
    const speed = slots.speed.mul(0.9).add(g);
    return { parameter: p.sub(speed.mul(learningRate)), slots: { speed } };
  }
}
registerClass(Heavy);

const all: typeof makers = {
  ...makers,
  custom: (config) => new Heavy({ learningRate: 0.05, ...config }),
};

const options: Readonly<Record<string, train.OptimizerConfig>> = {
  "no options": {},
  "a schedule": {
    learningRate: train.exponentialDecay({
      initialLearningRate: 0.1,
      decaySteps: 3,
      decayRate: 0.5,
    }),
  },
  // Five steps end within an accumulation.
  "all options": {
    weightDecay: 0.1,
    useEma: true,
    emaMomentum: 0.8,
    emaOverwriteFrequency: 2,
    gradientAccumulationSteps: 2,
    globalClipnorm: 0.5,
    name: "own",
  },
};

const shapes = { kernel: [5, 3], bias: [70] };

/** Weights of the same names and first values each time. */
function weights(): Variable[] {
  return Object.entries(shapes).map(([name, shape]) =>
    kept(variable(tensor(wave(shape, 0.2), shape), true, `state/${name}`)),
  );
}

function train5(optimizer: train.Optimizer, list: readonly Variable[], from: number): void {
  for (let step = from; step < from + 5; step++) {
    const losses = list.map((w) => linear(w, noise(w.shape, step)));
    optimizer.minimize(() => losses.map((loss) => loss()).reduce((a, b) => a.add(b)), false, [
      ...list,
    ]);
  }
}

const contents = async (list: readonly { data(): Promise<ArrayLike<number>> }[]) =>
  Promise.all(list.map((one) => one.data()));

const cases = Object.entries(all).flatMap(([name, make]) =>
  Object.entries(options).map(([option, config]) => ({ name, option, config, make })),
);

describe("saving and resuming", () => {
  test.each(cases)("of $name with $option goes on to the bit", async ({ make, config }) => {
    const whole = weights();
    const first = kept(make(config));
    train5(first, whole, 0);
    const saved = await first.getWeights();
    const savedConfig = JSON.parse(JSON.stringify(first.getConfig())) as OptimizerSpec;
    const copies = await contents(whole);

    const resumed = weights();
    resumed.forEach((w, i) => {
      w.assign(tensor(Float32Array.from(copies[i] ?? []), w.shape));
    });
    const second = kept(resolveOptimizer(savedConfig));
    await second.setWeights(saved);
    // What waits for its weight is not lost when it is saved again.
    const waiting = await second.getWeights();
    expect(waiting.map(({ name }) => name).sort()).toEqual(saved.map(({ name }) => name).sort());
    train5(first, whole, 5);
    train5(second, resumed, 5);
    expect(await contents(resumed)).toEqual(await contents(whole));
    expect(await contents(resumed)).not.toEqual(copies);

    const [a, b] = [await first.getWeights(), await second.getWeights()];
    expect(b.map(({ name }) => name)).toEqual(a.map(({ name }) => name));
    expect(await contents(b.map((one) => one.tensor))).toEqual(
      await contents(a.map((one) => one.tensor)),
    );
    expect(second.iterations).toBe(first.iterations);
    first.finalizeVariableValues();
    second.finalizeVariableValues();
    expect(await contents(resumed)).toEqual(await contents(whole));
  });

  test("names hang on the weights, not on what was made before", async () => {
    const options = { useEma: true, gradientAccumulationSteps: 2 };
    const optimizer = kept(train.adam(options));
    optimizer.minimize(() => vector([1, 2], "lstm_1/kernel").sum());
    expect((await optimizer.getWeights()).map(({ name }) => name)).toEqual([
      "iter",
      "adam/accumulated_steps",
      "adam/lstm_1/kernel/momentum",
      "adam/lstm_1/kernel/velocity",
      "adam/lstm_1/kernel/gradient_accumulator",
      "adam/lstm_1/kernel/average",
    ]);
  });

  test("goes into an optimizer that has taken steps, too", async () => {
    const [a, b] = [vector([1, 2], "into/w"), vector([1, 2], "into/w")];
    const [first, second] = [1, 2].map(() =>
      kept(train.adam({ learningRate: 0.1, gradientAccumulationSteps: 2 })),
    );
    if (first === undefined || second === undefined) throw new Error("two are expected");
    for (let step = 0; step < 3; step++) first.minimize(linear(a, [1, -2]));
    for (let step = 0; step < 4; step++) second.minimize(linear(b, [7, 8]));
    await second.setWeights(await first.getWeights());
    b.assign(await a.data());
    first.minimize(linear(a, [3, 1]));
    second.minimize(linear(b, [3, 1]));
    expect(await b.data()).toEqual(await a.data());
  });

  test("of counts that are none is refused", async () => {
    const optimizer = kept(train.sgd({ gradientAccumulationSteps: 2 }));
    const set = (name: string, value: number) =>
      optimizer.setWeights([{ name, tensor: tensor([value], []) }]);
    await expect(set("iter", 1.5)).rejects.toThrow(ArgumentError);
    await expect(set("iter", -1)).rejects.toThrow("iter");
    await expect(set("sgd/accumulated_steps", Number.NaN)).rejects.toThrow("accumulated_steps");
    expect(optimizer.iterations).toBe(0);
  });

  test("of a size that is not that of the weight is refused", async () => {
    const optimizer = kept(train.sgd({ learningRate: 1, momentum: 0.9 }));
    await optimizer.setWeights([{ name: "sgd/size/w/momentum", tensor: tensor([1, 2, 3]) }]);
    const step = () => optimizer.minimize(linear(vector([1, 2], "size/w"), [1, 1]));
    expect(step).toThrow(ShapeError);
    expect(step).toThrow('"sgd/size/w/momentum" was given 3 numbers. Expected 2, for shape [2]');
  });

  test("that is refused in one part changes nothing", async () => {
    const optimizer = kept(train.adam({ learningRate: 0.1 }));
    const w = vector([1, 2], "whole/w");
    optimizer.minimize(linear(w, [1, -1]));
    const before = await optimizer.getWeights();
    const wrong = before.map(({ name, tensor: one }) => ({
      name,
      tensor: name.endsWith("/velocity") ? tensor([1, 2, 3]) : one.add(tensor(1, [], one.dtype)),
    }));
    await expect(optimizer.setWeights(wrong)).rejects.toThrow(ShapeError);
    const after = await optimizer.getWeights();
    const values = (list: typeof before) =>
      Promise.all(list.map(async (one) => [one.name, Array.from(await one.tensor.data())]));
    expect(await values(after)).toEqual(await values(before));
    expect(optimizer.iterations).toBe(1);
  });
});

describe("getConfig", () => {
  test.each(cases)("of $name with $option makes the same optimizer", ({ make, config }) => {
    const optimizer = kept(make(config));
    const described = { className: optimizer.getClassName(), config: optimizer.getConfig() };
    const again = kept(resolveOptimizer(JSON.parse(JSON.stringify(described))));
    expect(again.getConfig()).toEqual(optimizer.getConfig());
    expect(again.getClassName()).toBe(optimizer.getClassName());
    expect(again.learningRate).toBe(optimizer.learningRate);
  });

  test("says which names and defaults Keras gives", () => {
    const shared = { learningRate: 0.001 };
    const defaults: [OptimizerSpec, object][] = [
      ["adagrad", { ...shared, initialAccumulatorValue: 0.1, epsilon: 1e-7 }],
      ["adadelta", { ...shared, rho: 0.95, epsilon: 1e-7 }],
      ["adamax", { ...shared, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }],
      ["nadam", { ...shared, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }],
      ["lion", { ...shared, beta1: 0.9, beta2: 0.99 }],
      [
        "adafactor",
        {
          ...shared,
          beta2Decay: -0.8,
          epsilon1: 1e-30,
          epsilon2: 1e-3,
          clipThreshold: 1,
          relativeStep: true,
        },
      ],
    ];
    for (const [name, config] of defaults) {
      expect(kept(resolveOptimizer(name)).getConfig()).toEqual({ kind: name, ...config });
    }
    expect(train.adamw({ weightDecay: 0 }).getConfig()).toMatchObject({ weightDecay: 0 });
  });

  test("takes TF.js's positional arguments for the same", () => {
    expect(train.adagrad(0.1, 0.2).getConfig()).toMatchObject({ initialAccumulatorValue: 0.2 });
    expect(train.adadelta(0.1, 0.8, 1e-3).getConfig()).toMatchObject({ rho: 0.8, epsilon: 1e-3 });
    const adamax = train.adamax(0.1, 0.8, 0.7, 1e-3, 0.5);
    expect(adamax.getConfig()).toEqual({
      kind: "adamax",
      learningRate: {
        className: "InverseTimeDecay",
        config: { initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.5, staircase: false },
      },
      beta1: 0.8,
      beta2: 0.7,
      epsilon: 1e-3,
    });
  });
});
