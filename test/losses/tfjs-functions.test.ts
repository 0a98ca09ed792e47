import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import * as losses from "../../src/losses/index.ts";
import { type LossSpec, resolveLoss, ruleOf } from "../../src/losses/resolve.ts";
import { type Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";

const { Reduction } = losses;
const values = (loss: Tensor): ArrayLike<number> => evaluate([loss.value])[0] ?? [];
const expectValues = (loss: Tensor, expected: readonly number[]): void =>
  expectClose(values(loss), expected, tolerances.float64);
const softplus = (x: number): number => Math.log1p(Math.exp(x));

describe("reductions", () => {
  // Squares 1, 4, 9; weights 1, 0, 2: the products 1, 0, 18, their sum 19, weights 3, of which 2 are not 0.
  const cases = [
    ["none", Reduction.NONE, [1, 0, 18]],
    ["mean", Reduction.MEAN, [19 / 3]],
    ["sum", Reduction.SUM, [19]],
    ["sumByNonzeroWeights", Reduction.SUM_BY_NONZERO_WEIGHTS, [19 / 2]],
  ] as const;

  test.each(cases)("%s, by name, number and option", (name, number, expected) => {
    for (const reduction of [name, number, { reduction: name }]) {
      const loss = losses.meanSquaredError([0, 0, 0], [1, 2, 3], [1, 0, 2], reduction);
      expectValues(loss, expected);
    }
    expectValues(losses.computeWeightedLoss([1, 4, 9], [1, 0, 2], name), expected);
    const huber = losses.huber([0, 0, 0], [1, 2, 3], [1, 0, 2], { delta: 9, reduction: name });
    expectValues(
      huber,
      expected.map((one) => one / 2),
    );
  });

  test("the mean divides by weights that broadcast as often as they count", () => {
    // Rows (1, 2) and (3, 4) with weights 1 and 3: (1 + 2 + 9 + 12) / (1 + 1 + 3 + 3).
    const rows = tensor([1, 2, 3, 4], [2, 2]);
    expectValues(losses.computeWeightedLoss(rows, [[1], [3]], Reduction.MEAN), [3]);
    expectValues(losses.computeWeightedLoss(rows, null, Reduction.MEAN), [2.5]);
    expectValues(losses.computeWeightedLoss(rows, undefined, Reduction.SUM), [10]);
    expect(losses.computeWeightedLoss(rows, 2, Reduction.NONE).shape).toEqual([2, 2]);
    expect(() => losses.computeWeightedLoss(rows, [1, 2, 3])).toThrow(ShapeError);
  });

  test("everything that takes one refuses what is none", () => {
    const wrong: readonly unknown[] = ["average", 4, -1, true, { reductoin: "sum" }];
    for (const reduction of wrong) {
      expect(() => losses.meanSquaredError([0], [1], null, reduction as never)).toThrow(
        ArgumentError,
      );
      expect(() => losses.hingeLoss([0], [1], null, reduction as never)).toThrow(ArgumentError);
    }
    const misspelt = { fromLogit: true };
    expect(() => losses.binaryCrossentropy([0], [1], null, misspelt as never)).toThrow(
      "Did you mean fromLogits?",
    );
  });

  test("a boolean is no weight", () => {
    expect(() => losses.categoricalCrossentropy([[0, 1]], [[1, 2]], true as never)).toThrow(
      ArgumentError,
    );
    expect(() => losses.categoricalCrossentropy([[0, 1]], [[1, 2]], true as never)).toThrow(
      "{ fromLogits: true }",
    );
    expectValues(losses.meanSquaredError([0, 0], [1, 3], tensor([true, false])), [1]);
  });
});

describe("losses of TF.js", () => {
  // Expected values: the formulas of TF.js's documentation, by hand.
  test("absoluteDifference and huberLoss", () => {
    expectValues(losses.absoluteDifference([1, 2, 3], [2, 2, 5]), [1]);
    // |e| = 3 > 2: 2·3 - ½·2² = 4; |e| = 1: ½.
    expectValues(losses.huberLoss([0, 0], [3, 1], undefined, 2), [2.25]);
    expectValues(losses.huberLoss([0, 0], [3, 1], [1, 0], 1, Reduction.SUM), [2.5]);
    expect(() => losses.huberLoss([0], [1], undefined, "sum" as never)).toThrow("delta");
  });

  test("softmaxCrossEntropy and sigmoidCrossEntropy take raw scores and smooth labels", () => {
    // -log(softmax(1, 3)[1]) = log(1 + e^-2).
    expectValues(losses.softmaxCrossEntropy([[0, 1]], [[1, 3]]), [softplus(-2)]);
    // Labels 0.1 and 0.9 with smoothing 0.2: + 0.1·2.
    expectValues(losses.softmaxCrossEntropy([[0, 1]], [[1, 3]], null, 0.2), [softplus(-2) + 0.2]);
    // softplus(x) - x·y: for y = 1, x = 2 softplus(-2); for y = 0, x = -1 softplus(-1).
    const expected = [softplus(-2), softplus(-1)];
    const loss = losses.sigmoidCrossEntropy([1, 0], [2, -1], null, 0, "none");
    expectValues(loss, expected);
    // y = 1 becomes 0.9: softplus(2) - 1.8.
    expectValues(losses.sigmoidCrossEntropy([1], [2], null, 0.2), [softplus(2) - 1.8]);
  });

  test("logLoss, hingeLoss and cosineDistance", () => {
    const [a, b] = [Math.fround(0.25), Math.fround(0.75)];
    const expected = [-Math.log(a + 1e-7), -Math.log(1 - b + 1e-7)];
    expectClose(
      values(losses.logLoss([1, 0], [a, b], null, 1e-7, "none")),
      expected,
      tolerances.loss,
    );
    // y = 0: max(0, 1 + 0.5); y = 1: max(0, 1 - 3).
    expectValues(losses.hingeLoss([0, 1], [0.5, 3]), [0.75]);
    const rows = [
      [1, 0],
      [0, 1],
    ];
    const given = [
      [0.5, 0.5],
      [0, 1],
    ];
    expectValues(losses.cosineDistance(rows, given, 1), [0.25]);
    expect(losses.cosineDistance(rows, given, -1, null, "none").shape).toEqual([2, 1]);
    expectValues(losses.cosineDistance(rows, given, 0, [[1, 0]]), [0.5]);
    expect(() => losses.cosineDistance(rows, given, 2)).toThrow(ArgumentError);
  });

  test("compile knows them by name and as functions", () => {
    const spellings = [
      ["huberLoss", "huber"],
      ["huber_loss", "huber"],
      ["bce", "binaryCrossentropy"],
      ["cce", "categoricalCrossentropy"],
      ["absoluteDifference", "meanAbsoluteError"],
      ["cosineProximity", "cosineSimilarity"],
      [losses.meanSquaredError, "meanSquaredError"],
      [losses.huberLoss, "huber"],
      [losses.softmaxCrossEntropy, "categoricalCrossentropy"],
      [losses.hingeLoss, "hingeLoss"],
    ] as const;
    for (const [spec, name] of spellings)
      expect(ruleOf(resolveLoss(spec as LossSpec))?.name).toBe(name);
    const own = (y: Tensor, p: Tensor): Tensor => y.sub(p);
    expect(resolveLoss(own)).toBe(own);
    for (const spec of [5, null, ["mse"], true]) {
      expect(() => resolveLoss(spec as never)).toThrow(ArgumentError);
    }
    expect(() => resolveLoss({ kind: "mse", delta: 2 } as never)).toThrow("no option delta");
  });
});
