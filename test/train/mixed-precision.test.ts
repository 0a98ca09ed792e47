import * as sl from "sluice";
import { afterEach, describe, expect, test } from "vitest";
import { testDevice } from "../helpers/adapter.ts";

const hasHalf = (await testDevice()).features.has("shader-f16");

afterEach(() => sl.setDTypePolicy("float32"));

type Loaded = Awaited<ReturnType<typeof sl.loadLayersModel>>;

const [BATCH, TIME, FEATURES] = [32, 12, 3];

/** Sequences, and of each the mean of its first feature over time. */
function samples(): { x: sl.Tensor; y: sl.Tensor } {
  const x = sl.randomNormal([4 * BATCH + 5, TIME, FEATURES], 0, 1, "float32", 5);
  return { x, y: x.mean(1).slice([0, 0], [4 * BATCH + 5, 1]) };
}

/** A block, a loop and a head, with first weights that the seed says. */
function modelOf(policy: sl.DTypePolicy): sl.Sequential {
  sl.setSeed(3);
  sl.setDTypePolicy(policy);
  const model = sl.sequential();
  model.add(sl.layers.dense({ units: 8, inputShape: [TIME, FEATURES] }));
  model.add(sl.layers.transformerEncoder({ numHeads: 2, intermediateDim: 16 }));
  model.add(sl.layers.gru({ units: 12 }));
  model.add(sl.layers.dense({ units: 1, dtype: "float32" }));
  sl.setDTypePolicy("float32");
  return model;
}

describe("the optimizer of a model with layers of halves", () => {
  const adam = (): sl.train.Optimizer => sl.train.adam(0.01);
  const kindOf = (model: sl.Sequential, config: Partial<sl.CompileConfig> = {}): string => {
    model.compile({ optimizer: adam(), loss: "meanSquaredError", ...config });
    const kind = model.optimizer.getClassName();
    model.dispose();
    return kind;
  };

  test("scales the loss, unless it is told not to or does so already", () => {
    expect(kindOf(modelOf("mixed_float16"))).toBe("LossScaleOptimizer");
    expect(kindOf(modelOf("float32"))).toBe("Adam");
    expect(kindOf(modelOf("mixed_float16"), { autoScaleLoss: false })).toBe("Adam");
    const fixed = sl.train.adam({ learningRate: 0.01, lossScaleFactor: 64 });
    expect(kindOf(modelOf("mixed_float16"), { optimizer: fixed })).toBe("Adam");
  });

  test("does not scale it where a layer around says float32", () => {
    sl.setDTypePolicy("mixed_float16");
    const layer = sl.layers.bidirectional({
      layer: sl.layers.gru({ units: 2 }),
      dtype: "float32",
      inputShape: [TIME, FEATURES],
    });
    sl.setDTypePolicy("float32");
    const model = sl.sequential();
    model.add(layer);
    expect(kindOf(model)).toBe("Adam");
  });

  test("scales it where only a layer inside another computes in halves", () => {
    const inner = sl.layers.dense({ units: 2, dtype: "mixed_float16" });
    const model = sl.sequential();
    model.add(sl.layers.timeDistributed({ layer: inner, inputShape: [TIME, FEATURES] }));
    expect(kindOf(model)).toBe("LossScaleOptimizer");
  });
});

if (hasHalf) {
  test("learns as float32 does, with scaled losses, and gives float32 at its end", async () => {
    const { x, y } = samples();
    const losses: Record<string, number[]> = {};
    for (const policy of ["float32", "mixed_float16"] as const) {
      const model = modelOf(policy);
      model.compile({ optimizer: sl.train.adam(0.01), loss: "meanSquaredError" });
      const { history } = await model.fit(x, y, { epochs: 8, verbose: 0, shuffle: false });
      losses[policy] = [...(history.loss ?? [])];
      expect((model.predict(x) as sl.Tensor).dtype).toBe("float32");
      expect(await model.optimizer.refusedUpdates()).toBe(0);
      model.dispose();
    }
    const [wide = [], mixed = []] = [losses.float32, losses.mixed_float16];
    expect(wide.at(-1)).toBeLessThan((wide[0] ?? 0) / 4);
    // Measured on lavapipe: within 1 % of the first loss at every epoch.
    mixed.forEach((loss, i) => {
      expect(Math.abs(loss - (wide[i] ?? 0))).toBeLessThan(0.03 * (wide[0] ?? 1));
    });
  });

  test("gradients too small for halves arrive because losses are scaled", async () => {
    const moved: number[] = [];
    for (const autoScaleLoss of [true, false]) {
      const model = sl.sequential();
      const dtype = "mixed_float16";
      model.add(sl.layers.dense({ units: 1, kernelInitializer: "ones", inputShape: [1], dtype }));
      model.add(sl.layers.dense({ units: 1, kernelInitializer: "ones", dtype }));
      // The gradient of the mean of 1,024 squares of 2e-5 is 4e-8 a sample, less than the least half.
      const loss = (_: sl.Tensor, p: sl.Tensor): sl.Tensor => p.mul(2e-5).sum(-1);
      model.compile({ optimizer: sl.train.sgd(1000), loss, autoScaleLoss });
      await model.fit(sl.ones([1024, 1]), sl.zeros([1024, 1]), { batchSize: 1024, verbose: 0 });
      moved.push(((await model.layers[0]?.weights[0]?.data())?.[0] ?? 1) - 1);
      model.dispose();
    }
    expect(moved[0]).toBeCloseTo(-0.02, 3);
    expect(moved[1]).toBe(0);
  });

  test("penalties and means over time are summed in float32", async () => {
    const figures: number[] = [];
    for (const dtype of ["float32", "mixed_float16"] as const) {
      const model = sl.sequential();
      const penalty = { kernelInitializer: "ones", activityRegularizer: "l2" } as const;
      model.add(sl.layers.masking({ inputShape: [4, 1], dtype }));
      model.add(sl.layers.dense({ units: 1, ...penalty, dtype }));
      model.add(sl.layers.globalAveragePooling1d({ dtype }));
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      // Four steps of 24,000: their sum is beyond the greatest half, and so are their squares.
      const x = sl.fill([2, 4, 1], 24_000);
      const { loss } = model.evaluate(x, sl.fill([2, 1], 24_000), { returnDict: true });
      figures.push((await loss?.data())?.[0] ?? 0);
      model.dispose();
    }
    const [wide = 0, mixed] = figures;
    expect(wide).toBeGreaterThan(65_504);
    expect(mixed).toBeCloseTo(wide, -2);
  });

  test("a saved training goes on to the same bits, its scale too", async () => {
    const { x, y } = samples();
    const begin = modelOf("mixed_float16");
    const optimizer = sl.train.lossScaleOptimizer(sl.train.adam(0.01), { dynamicGrowthSteps: 3 });
    begin.compile({ optimizer, loss: "meanSquaredError" });
    await begin.fit(x, y, { epochs: 2, verbose: 0 });
    const again = await sl.loadLayersModel(await begin.save());
    for (const model of [begin, again]) await model.fit(x, y, { epochs: 2, verbose: 0 });
    const dataOf = (model: Loaded) => Promise.all(model.weights.map((one) => one.data()));
    expect(await dataOf(again)).toEqual(await dataOf(begin));
    const scaleOf = (model: Loaded) => model.optimizer.lossScale();
    expect(await scaleOf(again)).toBe(await scaleOf(begin));
    expect(await scaleOf(begin)).toBeGreaterThan(2 ** 15);
    for (const model of [begin, again]) model.dispose();
  });
} else {
  test("on a device without halves, fit says what to do", async () => {
    const { x, y } = samples();
    const model = modelOf("mixed_float16");
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(/shader-f16.*policy "float32"/);
    model.dispose();
  });
}
