import { describe, expect, test } from "vitest";
import { ArgumentError, DisposedError, ShapeError } from "../../src/errors.ts";
import * as train from "../../src/optimizers/index.ts";
import { resolveOptimizer } from "../../src/optimizers/resolve.ts";
import {
  compile,
  memory,
  mul,
  sum,
  type Tensor,
  tensor,
  type Variable,
  variableGrads,
} from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { inputOf, loadOptimizerGoldens, optimizerGradient } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linear, vector } from "./support.ts";

describe("optimizers", () => {
  test.each(loadOptimizerGoldens())(
    "$name follows Keras's equations for 25 steps",
    async (golden) => {
      const { optimizer: kind, learningRate, momentum, nesterov, rho, centered } = golden;
      const { beta1, beta2, epsilon, weightDecay, amsgrad, initialAccumulatorValue } = golden;
      const settings = {
        learningRate,
        momentum,
        nesterov,
        rho,
        centered,
        beta1,
        beta2,
        epsilon,
        weightDecay,
        amsgrad,
        initialAccumulatorValue,
      };
      const known = Object.entries(settings).filter(([, value]) => value !== undefined);
      const optimizer = kept(resolveOptimizer({ kind, ...Object.fromEntries(known) }));
      const w = vector(inputOf(golden.initial));
      for (let step = 0; step < golden.steps; step++) {
        optimizer.minimize(linear(w, optimizerGradient(golden, step)));
        expectClose(await w.data(), golden.parametersAfterStep[step] ?? [], {
          ...tolerances.optimizer,
          label: `${golden.name}, step ${step}`,
        });
      }
      expect(optimizer.iterations).toBe(golden.steps);
    },
  );

  test("a compiled step replays with the numbers of its own step", async () => {
    const golden = loadOptimizerGoldens().find((one) => one.name === "adam");
    if (golden === undefined) throw new Error("no golden for adam");
    const { learningRate } = golden;
    const optimizer = kept(train.adam(learningRate));
    const w = vector(inputOf(golden.initial));
    const step = kept(
      compile((gradient: Tensor) => {
        optimizer.minimize(() => sum(mul(w, gradient)));
      }),
    );
    for (let i = 0; i < golden.steps; i++) step(tensor(optimizerGradient(golden, i)));
    expectClose(await w.data(), golden.parametersAfterStep.at(-1) ?? [], tolerances.optimizer);
    expect(optimizer.iterations).toBe(golden.steps);
  });

  test("several variables of odd sizes are updated as each alone", async () => {
    const sizes = [1, 63, 64, 65, 257];
    const together = sizes.map((size) =>
      vector(Float32Array.from({ length: size }, (_, i) => i / size)),
    );
    const apart = sizes.map((size) =>
      vector(Float32Array.from({ length: size }, (_, i) => i / size)),
    );
    const lossOf = (list: readonly Variable[]): Tensor =>
      list.map((w) => sum(w.square())).reduce((a, b) => a.add(b));
    const optimizer = kept(train.adam(0.1));
    for (let i = 0; i < 3; i++) optimizer.minimize(() => lossOf(together));
    for (const w of apart) {
      const own = kept(train.adam(0.1));
      for (let i = 0; i < 3; i++) own.minimize(() => lossOf([w]));
    }
    for (const [i, w] of together.entries()) {
      expect(await w.data()).toEqual(await apart[i]?.data());
    }
  });

  test("a schedule gives each step its rate, in replays too", async () => {
    const optimizer = kept(
      train.sgd(train.piecewiseConstant({ boundaries: [0, 1], values: [1, 0.5, 0.25] })),
    );
    const w = vector([0]);
    const step = kept(
      compile(() => {
        optimizer.minimize(() => w.sum());
      }),
    );
    for (let i = 0; i < 3; i++) step();
    expect(await w.data()).toEqual(new Float32Array([-1.75]));
    expect(optimizer.learningRate).toBe(0.25);
    optimizer.learningRate = 2;
    step();
    expect(await w.data()).toEqual(new Float32Array([-3.75]));
  });

  test("minimize returns the loss before the step when it is asked to", async () => {
    const w = vector([3]);
    const optimizer = kept(train.sgd(0.5));
    const cost = optimizer.minimize(() => w.square().sum(), true);
    expect(await cost?.data()).toEqual(new Float32Array([9]));
    expect(await w.data()).toEqual(new Float32Array([0]));
    expect(optimizer.minimize(() => w.square().sum())).toBeNull();
  });

  test("applyGradients takes what variableGrads gives, and leaves the value readable", async () => {
    const w = vector([3], "apply/w");
    const optimizer = kept(train.sgd(0.1));
    const { value, grads } = variableGrads(() => w.square().sum());
    optimizer.applyGradients(grads);
    expect(await value.data()).toEqual(new Float32Array([9]));
    expectClose(await w.data(), [2.4], tolerances.arithmetic);
    optimizer.applyGradients([{ name: "apply/w", tensor: tensor([1]) }]);
    expectClose(await w.data(), [2.3], tolerances.arithmetic);
  });

  test("varList limits a step to its variables", async () => {
    const [a, b] = [vector([1]), vector([1])];
    const optimizer = kept(train.sgd(0.5));
    optimizer.minimize(() => a.add(b).sum(), false, [b]);
    expect(await a.data()).toEqual(new Float32Array([1]));
    expect(await b.data()).toEqual(new Float32Array([0.5]));
  });
});

describe("gradient clipping", () => {
  const gradients = [3, 4]; // norm 5

  test("globalClipnorm scales all gradients together", async () => {
    const [a, b] = [vector([0]), vector([0])];
    const optimizer = kept(train.sgd({ learningRate: 1, globalClipnorm: 1 }));
    optimizer.minimize(() => a.mul(3).add(b.mul(4)).sum());
    expectClose(await a.data(), [-0.6], tolerances.arithmetic);
    expectClose(await b.data(), [-0.8], tolerances.arithmetic);
    const large = kept(train.sgd({ learningRate: 1, globalClipnorm: 10 }));
    large.minimize(() => a.mul(3).add(b.mul(4)).sum());
    expectClose(await a.data(), [-3.6], tolerances.arithmetic);
  });

  test("clipnorm scales each gradient by itself", async () => {
    const [w, small] = [vector([0, 0]), vector([0])];
    const optimizer = kept(train.sgd({ learningRate: 1, clipnorm: 2.5 }));
    optimizer.minimize(() => sum(mul(w, tensor(gradients))).add(small.sum()));
    expectClose(await w.data(), [-1.5, -2], tolerances.arithmetic);
    expectClose(await small.data(), [-1], tolerances.arithmetic);
  });

  test("clipvalue bounds each element", async () => {
    const w = vector([0, 0]);
    const optimizer = kept(train.sgd({ learningRate: 1, clipvalue: 3.5 }));
    optimizer.minimize(linear(w, [3, -4]));
    expectClose(await w.data(), [-3, 3.5], tolerances.arithmetic);
  });

  test("both norms are right where no float32 holds their square, or the norm itself", async () => {
    for (const largest of [1e19, 1e25, 3.4e38]) {
      for (const config of [{ clipnorm: 1 }, { globalClipnorm: 1 }]) {
        const w = vector([0, 0, 0]);
        const optimizer = kept(train.sgd({ learningRate: 1, ...config }));
        optimizer.minimize(linear(w, [largest, -largest, 0.5]));
        const share = Math.SQRT1_2;
        expectClose(await w.data(), [-share, share, 0], tolerances.arithmetic);
      }
    }
  });

  test("only one kind of clipping is taken", () => {
    expect(() => train.sgd({ clipnorm: 1, clipvalue: 1 })).toThrow("one of them");
  });
});

describe("gradients that are not finite", () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "%s changes nothing and is counted",
    async (bad) => {
      const w = vector([1, 2, 3]);
      const optimizer = kept(train.adam(0.1));
      optimizer.minimize(linear(w, [1, 1, 1]));
      const before = await w.data();
      optimizer.minimize(linear(w, [1, bad, 1]));
      expect(await w.data()).toEqual(before);
      expect(await optimizer.refusedUpdates()).toBe(1);
      optimizer.minimize(linear(w, [1, 1, 1]));
      expect(await w.data()).not.toEqual(before);
      expect(await optimizer.refusedUpdates()).toBe(1);
    },
  );

  test("moments stay as they were", async () => {
    const [w, other] = [vector([1]), vector([1])];
    const [touched, untouched] = [
      kept(train.sgd({ momentum: 0.9 })),
      kept(train.sgd({ momentum: 0.9 })),
    ];
    touched.minimize(linear(w, [1]));
    untouched.minimize(linear(other, [1]));
    touched.minimize(linear(w, [Number.NaN]));
    touched.minimize(linear(w, [1]));
    untouched.minimize(linear(other, [1]));
    expect(await w.data()).toEqual(await other.data());
  });
});

describe("finite gradients whose square is no float32", () => {
  const makers: Readonly<Record<string, () => train.Optimizer>> = {
    adam: () => train.adam(0.1),
    adamw: () => train.adamw(0.1),
    rmsprop: () => train.rmsprop(0.1),
    "rmsprop with momentum": () => train.rmsprop({ learningRate: 0.1, momentum: 0.9 }),
    "centered rmsprop": () => train.rmsprop({ learningRate: 0.1, centered: true }),
    "centered rmsprop with momentum": () =>
      train.rmsprop({ learningRate: 0.1, centered: true, momentum: 0.9 }),
    amsgrad: () => train.adam({ learningRate: 0.1, amsgrad: true }),
    adagrad: () => train.adagrad(0.1),
    adadelta: () => train.adadelta(1),
    adamax: () => train.adamax(0.1),
    nadam: () => train.nadam(0.1),
    lion: () => train.lion(0.1),
  };

  test.each(Object.entries(makers))("%s takes a step of ordinary size", async (_name, make) => {
    const [w, other] = [vector([1]), vector([1])];
    const [huge, large] = [kept(make()), kept(make())];
    // The rules do not depend on the scale of the gradients, so 1e18 shows what 1e30 has to do.
    for (let step = 0; step < 3; step++) {
      huge.minimize(linear(w, [3e38]));
      large.minimize(linear(other, [1e18]));
    }
    expect(await huge.refusedUpdates()).toBe(0);
    expectClose(await w.data(), await other.data(), tolerances.optimizer);
    for (let step = 0; step < 3; step++) huge.minimize(linear(w, [1]));
    expect((await w.data()).every(Number.isFinite)).toBe(true);
  });

  test("centered rmsprop survives a variance that rounds below 0", async () => {
    const w = vector([0], "spread/w");
    const config = { learningRate: 1e-6, centered: true, name: "spread" };
    const optimizer = kept(train.rmsprop(config));
    optimizer.minimize(linear(w, [100]));
    const state = await optimizer.getWeights();
    // A mean of 100 whose square exceeds the mean square by its rounding.
    const one = (value: number): Tensor => tensor(Float32Array.of(value));
    await optimizer.setWeights(
      state.map(({ name, tensor: old }) => {
        if (name.endsWith("/velocity")) return { name, tensor: one(9999.99) };
        return { name, tensor: name.endsWith("/average_gradient") ? one(100) : old };
      }),
    );
    optimizer.minimize(linear(w, [100]));
    expect((await w.data()).every(Number.isFinite)).toBe(true);
  });
});

describe("the life of an optimizer", () => {
  test("its state can be taken along", async () => {
    const [a, b] = [vector([1, 2], "taken/a"), vector([1, 2], "taken/a")];
    const first = kept(train.adam({ learningRate: 0.1, name: "taken" }));
    first.minimize(() => a.square().sum(), false, [a]);
    const state = await first.getWeights();
    expect(state.map((one) => one.name)).toEqual([
      "iter",
      "taken/taken/a/momentum",
      "taken/taken/a/velocity",
    ]);
    b.assign(await a.data());
    const second = kept(train.adam({ learningRate: 0.1, name: "taken" }));
    await second.setWeights(state);
    first.minimize(() => a.square().sum(), false, [a]);
    second.minimize(() => b.square().sum(), false, [b]);
    expect(second.iterations).toBe(2);
    expect(await b.data()).toEqual(await a.data());
  });

  test("dispose gives back all that it kept", async () => {
    const w = vector([1, 2, 3]);
    await w.data();
    const before = memory();
    const optimizer = train.adam(0.1);
    optimizer.minimize(() => w.square().sum());
    await w.data();
    expect(memory().numTensors).toBeGreaterThan(before.numTensors);
    optimizer.dispose();
    expect(memory().numTensors).toBe(before.numTensors);
    expect(memory().numBytes).toBe(before.numBytes);
    expect(() => optimizer.minimize(() => w.square().sum())).toThrow(DisposedError);
  });

  test("getConfig says how to make it again", () => {
    const optimizer = train.rmsprop({ learningRate: 0.01, momentum: 0.5, globalClipnorm: 1 });
    expect(optimizer.getConfig()).toEqual({
      kind: "rmsprop",
      learningRate: 0.01,
      rho: 0.9,
      momentum: 0.5,
      epsilon: 1e-7,
      centered: false,
      globalClipnorm: 1,
    });
    expect(train.momentum(0.1, 0.9, true).getConfig()).toEqual({
      kind: "sgd",
      learningRate: 0.1,
      momentum: 0.9,
      nesterov: true,
    });
  });

  test("the defaults are those of Keras 3", () => {
    expect(resolveOptimizer("sgd").learningRate).toBe(0.01);
    expect(resolveOptimizer("adam").getConfig()).toEqual({
      kind: "adam",
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      amsgrad: false,
    });
    expect(resolveOptimizer("adamw").getConfig()).toMatchObject({ weightDecay: 0.004 });
    expect(resolveOptimizer("rmsprop").getConfig()).toMatchObject({ rho: 0.9, epsilon: 1e-7 });
  });

  test("bad settings and gradients are refused", () => {
    expect(() => train.adam(-1)).toThrow(ArgumentError);
    expect(() => train.adam(Number.NaN)).toThrow("learningRate");
    expect(() => train.adam(0.1, 1)).toThrow("beta1");
    expect(() => train.sgd({ momentum: 1.5 })).toThrow("momentum");
    expect(() => resolveOptimizer("adm" as "adam")).toThrow('"adam"');
    expect(() => resolveOptimizer(3 as never)).toThrow(ArgumentError);
    const w = vector([1, 2], "refused/w");
    const optimizer = kept(train.sgd(0.1));
    expect(() => optimizer.applyGradients({ "refused/w": tensor([1]) })).toThrow(ShapeError);
    expect(() => optimizer.applyGradients({ nobody: tensor([1]) })).toThrow("nobody");
    expect(() => optimizer.minimize(() => w.square())).toThrow(ShapeError);
  });
});
