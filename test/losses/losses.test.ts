import { describe, expect, test } from "vitest";
import { backward } from "../../src/autograd/backward.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { batchCosts } from "../../src/losses/batch-costs.ts";
import * as losses from "../../src/losses/index.ts";
import { meanOverBatch } from "../../src/losses/reduction.ts";
import { type LossSpec, resolveLoss } from "../../src/losses/resolve.ts";
import { ops, registry } from "../../src/ops/index.ts";
import { Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { expectGolden, inputOf, type LossGolden, loadLossGoldens } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";

const goldens = loadLossGoldens();

/** The loss as `compile` uses it, with its gradient: both recorded, not computed. */
function recorded(golden: LossGolden): { value: Value; gradient: Value } {
  const {
    name: _,
    loss,
    target,
    prediction,
    value: _value,
    gradient: _gradient,
    ...settings
  } = golden;
  const rule = resolveLoss({ kind: loss, ...settings } as LossSpec);
  const labels = tensor(inputOf(target), target.shape).value;
  const predictions = tensor(inputOf(prediction), prediction.shape).value;
  const { costs, mask } = batchCosts(rule, { labels, predictions, mask: null });
  const value = meanOverBatch(costs, null, mask);
  const rules = { ops, registry };
  const [gradient] = backward([value], [ops.literal(1)], { xs: [predictions], rules });
  if (!gradient) throw new Error(`${golden.name}: no gradient`);
  return { value, gradient };
}

describe("losses", () => {
  test.each(goldens)("$name equals PyTorch in double precision", (golden) => {
    const { value, gradient } = recorded(golden);
    const [loss = [], slope = []] = evaluate([value, gradient]);
    expectClose(loss, [golden.value], { ...tolerances.float64, label: "value" });
    expectGolden(slope, golden.gradient, { ...tolerances.float64, label: "gradient" });
  });

  test("all equal PyTorch on the GPU", async () => {
    for (const golden of goldens) {
      const { value, gradient } = recorded(golden);
      const both = [value, gradient].map((one) => Tensor.of(one));
      Tensor.group(both); // one plan
      const [loss, slope] = await Promise.all(both.map((one) => one.data()));
      expectClose(loss ?? [], [golden.value], { ...tolerances.loss, label: golden.name });
      expectGolden(slope ?? [], golden.gradient, {
        ...tolerances.loss,
        label: `${golden.name} gradient`,
      });
    }
  });

  test("huber takes its delta", () => {
    // |e| = 3 > 2: 2·3 - ½·2² = 4; |e| = 1: ½. Mean 2.25.
    const loss = losses.huber([0, 0], [3, 1], undefined, { delta: 2 });
    expectClose(evaluate([loss.value])[0] ?? [], [2.25], tolerances.float64);
  });

  test("logCosh is right near 0 and does not overflow far from it", () => {
    // log(cosh(x)): x = 1 → 0.4337808304830271; x = 1000 → 1000 - log 2.
    const loss = (x: number) => evaluate([losses.logCosh([0], [x]).value])[0] ?? [];
    expectClose(loss(1), [0.4337808304830271], tolerances.float64);
    expectClose(loss(1000), [1000 - Math.LN2], tolerances.float64);
  });

  test("cosineSimilarity is the negative cosine of the rows", () => {
    // cos of (1,0) and (1,1) is √½; of (0,2) and (0,5) it is 1.
    const loss = losses.cosineSimilarity(
      [
        [1, 0],
        [0, 2],
      ],
      [
        [1, 1],
        [0, 5],
      ],
    );
    expectClose(evaluate([loss.value])[0] ?? [], [-(Math.SQRT1_2 + 1) / 2], tolerances.float64);
  });

  test("cosineSimilarity takes vectors shorter than 1e-7 for as long as that", () => {
    // x · min(1 / |x|, 1 / epsilon()), epsilon() = 1e-7: keras/src/ops/nn.py, normalize. |(3e-7, 4e-7)| = 5e-7.
    const loss = (x: number) =>
      evaluate([losses.cosineSimilarity([[3, 4]], [[3 * x, 4 * x]]).value])[0] ?? [];
    expectClose(loss(1e-7), [-1], tolerances.loss);
    expectClose(loss(1e-9), [-0.05], tolerances.loss);
  });

  test("label smoothing draws labels towards the middle", () => {
    // Labels 1 become 0.9·1 + 0.1/2 = 0.95; p = 0.8: -(0.95·log 0.8 + 0.05·log 0.2).
    const options = { labelSmoothing: 0.1 };
    const binary = losses.binaryCrossentropy([[1]], [[0.8]], undefined, options);
    const expected = -(0.95 * Math.log(0.8) + 0.05 * Math.log(0.2));
    const p = Math.fround(0.8);
    expect(expected).toBeCloseTo(0.2924584, 6);
    expectClose(
      evaluate([binary.value])[0] ?? [],
      [-(0.95 * Math.log(p) + 0.05 * Math.log(1 - p))],
      tolerances.float64,
    );
    const labels = [[0, 1]];
    const categorical = losses.categoricalCrossentropy(labels, [[0.2, 0.8]], undefined, options);
    expect(Number(evaluate([categorical.value])[0]?.[0])).toBeCloseTo(expected, 6);
  });

  test("the mean is taken over the elements whose weight is not 0, as tf.losses does", () => {
    // Errors 1, 2, 3 → squares 1, 4, 9; weights 1, 0, 2: (1 + 18) / 2.
    const loss = losses.meanSquaredError([0, 0, 0], [1, 2, 3], [1, 0, 2]);
    expectClose(evaluate([loss.value])[0] ?? [], [9.5], tolerances.float64);
    // Without weights: 14 / 3.
    const plain = losses.meanSquaredError([0, 0, 0], [1, 2, 3]);
    expectClose(evaluate([plain.value])[0] ?? [], [14 / 3], tolerances.float64);
  });

  test("a class number that there is not gives NaN", async () => {
    const loss = losses.sparseCategoricalCrossentropy([3], [[0.5, 0.25, 0.25]]);
    expect(await loss.data()).toEqual(new Float32Array([Number.NaN]));
    const fromLogits = losses.sparseCategoricalCrossentropy([-1], [[1, 2, 3]], undefined, {
      fromLogits: true,
    });
    expect(await fromLogits.data()).toEqual(new Float32Array([Number.NaN]));
  });

  test("errors name the loss, both shapes and the way out", () => {
    expect(() => losses.meanSquaredError([1, 2], [1, 2, 3])).toThrow(ShapeError);
    expect(() => losses.meanSquaredError([1, 2], [[1], [2]])).toThrow(
      "meanSquaredError: received labels of shape [2], expected labels of the predictions' shape [2,1].",
    );
    expect(() => losses.categoricalCrossentropy([1], [[0.5, 0.5]])).toThrow(
      "sparseCategoricalCrossentropy",
    );
    expect(() => losses.sparseCategoricalCrossentropy([[0, 1]], [[0.5, 0.5]])).toThrow(
      "categoricalCrossentropy",
    );
    expect(() => losses.meanSquaredError("1" as never, [1])).toThrow(DTypeError);
  });

  test("names are taken as Keras and TF.js spell them; others give the nearest", () => {
    const names = ["meanSquaredError", "mean_squared_error", "mse", "MSE"] as const;
    for (const name of names) expect(resolveLoss(name as "mse")).toBe(resolveLoss("mse"));
    expect(() => resolveLoss("meanSquareError" as "mse")).toThrow(ArgumentError);
    expect(() => resolveLoss("meanSquareError" as "mse")).toThrow('"meanSquaredError"');
    expect(() => resolveLoss({ kind: "huber", delta: 0 })).toThrow("delta 0");
    expect(() => resolveLoss({ kind: "binaryCrossentropy", labelSmoothing: 2 })).toThrow(
      "labelSmoothing 2",
    );
  });
});
