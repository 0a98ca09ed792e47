import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { WeightAverage } from "../../examples/births/weight-average.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";

describe("the average of weights", () => {
  test("is the mean over the epochs from the first one on", async () => {
    const model = sl.sequential({ layers: [sl.layers.dense({ units: 2, inputShape: [3] })] });
    model.compile({ optimizer: sl.train.sgd(0.1), loss: "meanSquaredError" });
    const kernels: number[][] = [];
    const recorder: sl.CallbackHooks = {
      onEpochEnd: async () => {
        const [kernel] = model.getWeights();
        kernels.push(Array.from((await kernel?.data()) as Float32Array));
      },
    };
    const x = sl.tensor([
      [1, 0, 2],
      [0, -1, 1],
    ]);
    const y = sl.tensor([
      [1, 2],
      [3, 4],
    ]);
    const config = { epochs: 5, callbacks: [recorder, new WeightAverage(2)], verbose: 0 } as const;
    await model.fit(x, y, config);

    expect(kernels).toHaveLength(5);
    const last = kernels.slice(2);
    const mean = last[0]?.map((_, i) => last.reduce((sum, k) => sum + (k[i] ?? 0), 0) / 3) ?? [];
    const [kernel] = model.getWeights();
    expectClose((await kernel?.data()) as Float32Array, mean, tolerances.arithmetic);
    // The weights moved, so that a mean differs from the last ones.
    expect(Math.abs((mean[0] ?? 0) - (last[2]?.[0] ?? 0))).toBeGreaterThan(1e-3);
    model.dispose();
  });
});
