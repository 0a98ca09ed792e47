import { describe, expect, test } from "vitest";
import * as train from "../../src/optimizers/index.ts";
import {
  compile,
  counters,
  runtimeScalar,
  sum,
  type Tensor,
  type Variable,
  variableGrads,
} from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linear, makers, noise, scaling, standing, vector } from "./support.ts";

class Heavy extends train.CustomOptimizer<"speed"> {
  static override readonly className = "HeavyOfLossScale";
  static override readonly slots = ["speed"];
  override update(p: Tensor, g: Tensor, { slots, learningRate }: train.UpdateContext<"speed">) {
    const speed = slots.speed.mul(0.9).add(g);
    return { parameter: p.sub(speed.mul(learningRate)), slots: { speed } };
  }
}

const all: typeof makers = {
  ...makers,
  custom: (config) => new Heavy({ learningRate: 0.05, ...config }),
};

/** A compiled step whose gradient is the script's number of that step: one plan serves all. */
function scripted(
  optimizer: train.Optimizer,
  w: Variable,
  script: readonly number[],
): () => Promise<void> {
  let step = 0;
  const run = kept(
    compile(() => {
      const factor = runtimeScalar(() => script[step++] ?? Number.NaN);
      optimizer.minimize(() => sum(w).mul(factor), false, w);
    }),
  );
  return async () => {
    run();
    await w.data();
  };
}

// keras/src/optimizers/loss_scale_optimizer.py: `_stateful_handle_finite_grads` and `_stateful_handle_non_finite_grads`.
describe("the scale", () => {
  test("is halved by an overflow and doubled by good steps in a row", async () => {
    const [good, over] = [1, 1e38];
    const script = [good, good, over, good, over, over, good, good, good, good, good];
    const w = vector([0]);
    const optimizer = scaling(train.sgd(1), 8, 2);
    expect(await standing(optimizer)).toEqual([8, 0]);
    const step = scripted(optimizer, w, script);
    const seen: number[][] = [];
    for (const _ of script) {
      await step();
      seen.push(await standing(optimizer));
    }
    expect(seen).toEqual([
      ...[
        [8, 1],
        [16, 0],
        [8, 0],
        [8, 1],
        [4, 0],
      ],
      // 1e38 · 4 is beyond float32, too.
      ...[
        [2, 0],
        [2, 1],
        [4, 0],
        [4, 1],
        [8, 0],
        [8, 1],
      ],
    ]);
    expect(await optimizer.lossScale()).toBe(8);
    expect(await w.data()).toEqual(Float32Array.of(-8));
    expect(await optimizer.refusedUpdates()).toBe(0);
    expect(optimizer.iterations).toBe(script.length);
  });

  test("finds what a large gradient takes, and the gradient comes out as it was", async () => {
    const w = vector([0]);
    const optimizer = scaling(train.sgd(1), 16);
    const step = scripted(optimizer, w, Array(4).fill(1e38));
    for (let i = 0; i < 4; i++) await step();
    expect(await standing(optimizer)).toEqual([2, 1]);
    expect(await w.data()).toEqual(Float32Array.of(-1e38));
  });

  test("grows to 2^24 at most", async () => {
    const w = vector([0]);
    for (const first of [2 ** 23, 2 ** 24 - 2]) {
      const optimizer = scaling(train.sgd(1), first, 1);
      for (let i = 0; i < 3; i++) {
        optimizer.minimize(linear(w, [1]));
        expect(await standing(optimizer)).toEqual([2 ** 24, 0]);
      }
    }
    expect(await w.data()).toEqual(Float32Array.of(-6));
  });

  test("shrinks to 1 at least, from where on a step that is not finite is refused", async () => {
    for (const first of [4, 3]) {
      const w = vector([5]);
      const optimizer = scaling(train.sgd(1), first, 3);
      const bad = () => optimizer.minimize(linear(w, [Number.NaN]));
      for (const expected of [
        [first / 2, 0],
        [1, 0],
      ]) {
        bad();
        expect(await standing(optimizer)).toEqual(expected);
        expect(await optimizer.refusedUpdates()).toBe(0);
      }
      for (const refused of [1, 2]) {
        bad();
        expect(await standing(optimizer)).toEqual([1, 0]);
        expect(await optimizer.refusedUpdates()).toBe(refused);
      }
      expect(await w.data()).toEqual(Float32Array.of(5));
      // Of another scale than powers of two the inverse is 1 again, too.
      optimizer.minimize(linear(w, [0.7]));
      expect(await w.data()).toEqual(Float32Array.of(5 - Math.fround(0.7)));
    }
  });

  test("a loss that is not finite halves it though its gradient is", async () => {
    const w = vector([3]);
    const optimizer = scaling(train.sgd(1), 4);
    optimizer.minimize(() => sum(w).add(Number.POSITIVE_INFINITY));
    expect(await w.data()).toEqual(Float32Array.of(3));
    expect(await standing(optimizer)).toEqual([2, 0]);
  });
});

describe("updates", () => {
  const options: Readonly<Record<string, train.OptimizerConfig>> = {
    "no options": {},
    globalClipnorm: { globalClipnorm: 0.5 },
    clipnorm: { clipnorm: 0.5 },
    "all options": {
      weightDecay: 0.1,
      useEma: true,
      emaOverwriteFrequency: 2,
      gradientAccumulationSteps: 2,
      clipvalue: 0.5,
    },
  };
  const cases = Object.entries(all).flatMap(([name, make]) =>
    Object.entries(options).map(([option, config]) => ({ name, option, config, make })),
  );

  // Multiplying by a power of two and by its inverse is exact, and so is all that lies between.
  test.each(cases)(
    "of $name with $option are bit for bit those without scaling",
    async ({ make, config }) => {
      const [w, other] = [vector(wave([70], 0.2)), vector(wave([70], 0.2))];
      const scaled = scaling(kept(make(config)), 2 ** 15, 3);
      const plain = kept(make(config));
      for (let step = 0; step < 5; step++) {
        scaled.minimize(linear(w, noise([70], step)));
        plain.minimize(linear(other, noise([70], step)));
      }
      expect(await w.data()).toEqual(await other.data());
      expect(await scaled.lossScale()).toBe(2 ** 16);
    },
  );

  test("of a scale that is no power of two, or of a fixed one, are equal within rounding", async () => {
    const [w, other, third] = [1, 2, 3].map(() => vector(wave([70], 0.2)));
    if (!w || !other || !third) throw new Error("three are expected");
    const scaled = scaling(train.sgd(0.5), 1000);
    const fixed = kept(train.sgd({ learningRate: 0.5, lossScaleFactor: 1e-3 }));
    const plain = kept(train.sgd(0.5));
    for (let step = 0; step < 5; step++) {
      scaled.minimize(linear(w, noise([70], step)));
      plain.minimize(linear(other, noise([70], step)));
      fixed.minimize(linear(third, noise([70], step)));
    }
    expectClose(await w.data(), await other.data(), tolerances.optimizer);
    expectClose(await third.data(), await other.data(), tolerances.optimizer);
  });

  test.each(Object.entries(all))("that overflow leave all of %s as it was", async (_, make) => {
    const w = vector(wave([9], 0.2));
    const config = { useEma: true, gradientAccumulationSteps: 2, weightDecay: 0.5 };
    const optimizer = scaling(kept(make(config)), 2 ** 10);
    for (let step = 0; step < 5; step++) optimizer.minimize(linear(w, noise([9], step)));
    const read = async () => {
      const own = (await optimizer.getWeights()).filter(
        ({ name }) => !/^iter$|dynamic_scale|step_counter/.test(name),
      );
      return Promise.all(own.map(({ tensor: one }) => one.data()));
    };
    const [weight, state] = [await w.data(), await read()];
    expect(state.length).toBeGreaterThan(2);
    const gradient = noise([9], 5);
    gradient[3] = 3e38;
    optimizer.minimize(linear(w, gradient));
    expect(await w.data()).toEqual(weight);
    expect(await read()).toEqual(state);
    expect(await standing(optimizer)).toEqual([2 ** 9, 0]);
    for (let step = 6; step < 9; step++) optimizer.minimize(linear(w, noise([9], step)));
    expect(await w.data()).not.toEqual(weight);
  });

  test("an overflow among accumulated gradients leaves no trace in their mean", async () => {
    const w = vector([0]);
    const inner = train.sgd({ learningRate: 1, gradientAccumulationSteps: 3 });
    const optimizer = scaling(inner, 16);
    // The scale changes between the parts; the mean is of gradients without it.
    for (const part of [1, 3e38, 4]) optimizer.minimize(linear(w, [part]));
    expect(await w.data()).toEqual(Float32Array.of(-2.5));
    expect(await standing(optimizer)).toEqual([8, 1]);
  });

  test("take gradients of scaleLoss(loss), as computeGradients gives them", async () => {
    const w = vector([3], "scaledLoss/w");
    const optimizer = scaling(train.sgd(0.25), 8);
    const loss = () => w.square().sum();
    const { grads } = variableGrads(() => optimizer.scaleLoss(loss()));
    optimizer.applyGradients(grads);
    expect(await w.data()).toEqual(Float32Array.of(1.5));
    const computed = optimizer.computeGradients(loss);
    optimizer.applyGradients(computed.grads);
    expect(await computed.value.data()).toEqual(Float32Array.of(2.25));
    expect(await computed.grads["scaledLoss/w"]?.data()).toEqual(Float32Array.of(24));
    expect(await w.data()).toEqual(Float32Array.of(0.75));
    const cost = optimizer.minimize(loss, true);
    expect(await cost?.data()).toEqual(Float32Array.of(0.5625));
  });

  test("one plan serves all steps, and makes nothing when warm", async () => {
    const w = vector([0]);
    const optimizer = scaling(train.adam(0.1), 8, 2);
    const step = scripted(optimizer, w, [1, 1, 1e38, 1, 1, 1, 1e38, 1]);
    for (let i = 0; i < 4; i++) await step();
    const before = counters();
    for (let i = 0; i < 4; i++) await step();
    const after = counters();
    expect(after.plansCreated - before.plansCreated).toBe(0);
    expect(after.buffersCreated - before.buffersCreated).toBe(0);
    expect(after.pipelinesCreated - before.pipelinesCreated).toBe(0);
    // Each step and each reading of w.
    expect(after.submits - before.submits).toBe(8);
  });
});
