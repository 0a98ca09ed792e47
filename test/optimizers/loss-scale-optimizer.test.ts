import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import * as train from "../../src/optimizers/index.ts";
import { autoScaled } from "../../src/optimizers/loss-scale-optimizer.ts";
import { type OptimizerSpec, resolveOptimizer } from "../../src/optimizers/resolve.ts";
import { memory, tensor, variable } from "../../src/tensor/index.ts";
import { wave } from "../helpers/golden.ts";
import { kept, linear, makers, noise, scaling, standing, vector } from "./support.ts";

describe("an optimizer that scales losses", () => {
  test.each(Object.entries(makers))("of %s goes on to the bit after a save", async (_, make) => {
    const weights = () => kept(variable(tensor(wave([9], 0.2), [9]), true, "loss-scale/w"));
    const script = (step: number) =>
      step % 4 === 1 ? noise([9], step).fill(3e38) : noise([9], step);
    const [w, copy] = [weights(), weights()];
    const config = { useEma: true, gradientAccumulationSteps: 2 };
    const first = scaling(kept(make(config)), 48, 2);
    for (let step = 0; step < 7; step++) first.minimize(linear(w, script(step)));
    const saved = await first.getWeights();
    expect(saved.at(-1)?.name).toMatch(/\/step_counter$/);
    const described = { className: first.getClassName(), config: first.getConfig() };
    const second = kept(resolveOptimizer(JSON.parse(JSON.stringify(described)) as OptimizerSpec));
    expect(second).toBeInstanceOf(train.LossScaleOptimizer);
    expect(second.getConfig()).toEqual(first.getConfig());
    await second.setWeights(saved);
    expect(await standing(second)).toEqual(await standing(first));
    copy.assign(await w.data());
    for (let step = 7; step < 14; step++) {
      first.minimize(linear(w, script(step)));
      second.minimize(linear(copy, script(step)));
    }
    expect(await copy.data()).toEqual(await w.data());
    expect(await standing(second)).toEqual(await standing(first));
    expect(second.iterations).toBe(first.iterations);
    // What is there already is set, too.
    await second.setWeights(saved);
    expect(await standing(second)).not.toEqual(await standing(first));
  });

  test("has the rate, the settings and the weights' state of the one that it was made of", async () => {
    const w = vector([1], "shared/w");
    const inner = kept(train.sgd({ learningRate: 0.5, momentum: 0.5, globalClipnorm: 2 }));
    const optimizer = scaling(inner, 8);
    expect([optimizer.name, optimizer.globalClipnorm]).toEqual(["sgd", 2]);
    optimizer.learningRate = 0.25;
    expect(inner.learningRate).toBe(0.25);
    optimizer.minimize(linear(w, [1]));
    expect(inner.iterations).toBe(1);
    inner.minimize(linear(w, [1])); // m = -0.25, then -0.375
    expect(await w.data()).toEqual(Float32Array.of(1 - 0.25 - 0.375));
    expect(await inner.lossScale()).toBe(1);
  });

  test("frees its scale with the last weight, and begins anew", async () => {
    const w = vector([1]);
    await w.data();
    const before = memory().numBytes;
    const optimizer = scaling(train.sgd(1), 8, 1);
    optimizer.minimize(linear(w, [1]));
    expect(await optimizer.lossScale()).toBe(16);
    expect(memory().numBytes).toBeGreaterThan(before);
    optimizer.forget([w]);
    expect(memory().numBytes).toBe(before);
    expect(await optimizer.lossScale()).toBe(8);
    // What was set waits for its weight.
    await optimizer.setWeights([{ name: "sgd/dynamic_scale", tensor: tensor(4) }]);
    optimizer.forget([w]);
    expect(await optimizer.lossScale()).toBe(4);
  });

  test("comes by its name, with settings of Keras", () => {
    const settings = { initialScale: 4, dynamicGrowthSteps: 7 };
    const spec = { kind: "lossScaleOptimizer", innerOptimizer: "adam", ...settings } as const;
    const optimizer = kept(resolveOptimizer(spec));
    expect(optimizer.getConfig()).toEqual({
      kind: "lossScaleOptimizer",
      innerOptimizer: { className: "Adam", config: train.adam().getConfig() },
      ...settings,
    });
    expect(kept(train.lossScaleOptimizer(train.sgd())).getConfig()).toMatchObject({
      initialScale: 32_768,
      dynamicGrowthSteps: 2000,
    });
    expect(() => resolveOptimizer("lossScaleOptimizer" as never)).toThrow("innerOptimizer");
    expect(() => resolveOptimizer({ ...spec, growth: 2 } as never)).toThrow("growth");
  });

  test("is made by compile for half precision alone, once, and where nobody turned it off", () => {
    const inner = kept(train.sgd());
    const [on, off] = [true, false].map((autoScaleLoss) => ({ autoScaleLoss, isHalf: true }));
    if (!on || !off) throw new Error("two are expected");
    const made = autoScaled(inner, on);
    expect(made).toBeInstanceOf(train.LossScaleOptimizer);
    expect(autoScaled(made, on)).toBe(made);
    expect(autoScaled(inner, off)).toBe(inner);
    expect(autoScaled(inner, { ...on, isHalf: false })).toBe(inner);
    const fixed = kept(train.sgd({ lossScaleFactor: 2 }));
    expect(autoScaled(fixed, on)).toBe(fixed);
  });
});

describe("settings", () => {
  const make = (config: object) => () => train.lossScaleOptimizer(train.sgd(), config);

  test("out of bounds are refused", async () => {
    for (const initialScale of [0, -1, 0.5, 2 ** 25, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(make({ initialScale })).toThrow(ArgumentError);
      expect(make({ initialScale })).toThrow("Expected a number in [1, 16777216]");
    }
    expect(make({ initialScale: "8" })).toThrow("initialScale");
    for (const dynamicGrowthSteps of [0, 1.5, -3, Number.NaN, 2 ** 25]) {
      expect(make({ dynamicGrowthSteps })).toThrow(ArgumentError);
    }
    expect(make({ growthSteps: 3 })).toThrow("growthSteps");
    const optimizer = scaling(train.sgd(), 8);
    const set = (name: string, value: number) =>
      optimizer.setWeights([{ name: `sgd/${name}`, tensor: tensor([value], []) }]);
    await expect(set("dynamic_scale", Number.NaN)).rejects.toThrow("dynamic_scale");
    await expect(set("step_counter", 0.5)).rejects.toThrow("step_counter");
    expect(await standing(optimizer)).toEqual([8, 0]);
  });

  test("an inner optimizer that is none, or that scales already, is refused", () => {
    expect(() => train.lossScaleOptimizer("adam" as never)).toThrow("Expected an optimizer");
    const wrapped = kept(train.lossScaleOptimizer(train.sgd()));
    expect(() => train.lossScaleOptimizer(wrapped)).toThrow("scales losses already");
    const fixed = train.sgd({ lossScaleFactor: 8 });
    expect(() => train.lossScaleOptimizer(fixed)).toThrow("without lossScaleFactor");
  });

  test("lossScaleFactor scales by a fixed number, and refuses what overflows", async () => {
    const w = vector([1]);
    const optimizer = kept(train.sgd({ learningRate: 0.5, lossScaleFactor: 8 }));
    expect([optimizer.lossScaleFactor, await optimizer.lossScale()]).toEqual([8, 8]);
    expect(await optimizer.scaleLoss(tensor(3)).data()).toEqual(Float32Array.of(24));
    optimizer.minimize(linear(w, [1]));
    expect(await w.data()).toEqual(Float32Array.of(0.5));
    optimizer.minimize(linear(w, [1e38]));
    expect(await w.data()).toEqual(Float32Array.of(0.5));
    expect(await optimizer.refusedUpdates()).toBe(1);
    expect(optimizer.getConfig()).toMatchObject({ lossScaleFactor: 8 });
    for (const lossScaleFactor of [0, -1, Number.POSITIVE_INFINITY]) {
      expect(() => train.sgd({ lossScaleFactor })).toThrow("sgd lossScaleFactor");
    }
    const loss = tensor(3);
    expect(kept(train.sgd({ lossScaleFactor: null })).scaleLoss(loss)).toBe(loss);
    expect(() => optimizer.scaleLoss(3 as never)).toThrow("sgd.scaleLoss: received 3");
  });
});
