import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { sampleCosts } from "../../src/losses/loss-rule.ts";
import { meanOverBatch, weightedTotals } from "../../src/losses/reduction.ts";
import { meanSquaredErrorRule } from "../../src/losses/regression.ts";
import { type TensorLike, toTensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";

const value = (x: TensorLike): Value => toTensor(x, "test").value;

function expectValues(actual: Value, expected: readonly number[]): void {
  expectClose(evaluate([actual])[0] ?? [], expected, tolerances.float64);
}

describe("the mean over a batch, as Keras takes it", () => {
  // Squares: row 0: 1, 4; row 1: 9, 16.
  const costs = sampleCosts(
    meanSquaredErrorRule,
    value([
      [0, 0],
      [0, 0],
    ]),
    value([
      [1, 2],
      [3, 4],
    ]),
  );

  test("the cost of a sample is the mean over the last axis", () => {
    expectValues(costs, [2.5, 12.5]);
  });

  test("sample weights multiply; the divisor stays the number of samples", () => {
    expectValues(meanOverBatch(costs, value([1, 3]), null), [(2.5 + 37.5) / 2]);
  });

  test("weights of samples stretch over the steps, weights of steps are taken as they are", () => {
    const steps = value([
      [1, 2],
      [3, 4],
    ]); // [B, T]
    expectValues(meanOverBatch(steps, value([1, 10]), null), [(1 + 2 + 30 + 40) / 4]);
    expectValues(
      meanOverBatch(
        steps,
        value([
          [1, 0],
          [0, 1],
        ]),
        null,
      ),
      [(1 + 4) / 4],
    );
  });

  test("what a mask hides counts neither above nor below the line", () => {
    // keras.losses: mask *= total / (valid + 1e-7), so the mean of 1, 2, 4 up to 3e-8.
    const steps = value([
      [1, 2],
      [3, 4],
    ]);
    const mask = value([
      [true, true],
      [false, true],
    ]);
    const mean = evaluate([meanOverBatch(steps, null, mask)])[0] ?? [];
    expect(mean[0]).toBeCloseTo(7 / 3, 6);
  });

  test("mask and weights work together", () => {
    const steps = value([
      [1, 2],
      [3, 4],
    ]);
    const mask = value([
      [true, true],
      [false, true],
    ]);
    const mean = evaluate([meanOverBatch(steps, value([1, 2]), mask)])[0] ?? [];
    expect(mean[0]).toBeCloseTo((1 + 2 + 8) / 3, 6);
  });

  test("a mask that hides everything gives 0, not NaN", () => {
    const mask = value([
      [false, false],
      [false, false],
    ]);
    expectValues(
      meanOverBatch(
        value([
          [1, 2],
          [3, 4],
        ]),
        null,
        mask,
      ),
      [0],
    );
  });

  test("totals of a running mean", () => {
    const { sum, weight } = weightedTotals(
      value([
        [1, 2],
        [3, 4],
      ]),
      value([1, 0.5]),
    );
    expectValues(sum, [1 + 2 + 1.5 + 2]);
    expectValues(weight, [3]);
  });

  test("weights of another length are refused", () => {
    expect(() => meanOverBatch(costs, value([1, 2, 3]), null)).toThrow(ShapeError);
    expect(() => meanOverBatch(costs, value([1, 2, 3]), null)).toThrow(
      "sampleWeight: received shape [3], expected [2]",
    );
  });
});

describe("labels and predictions of different ranks", () => {
  test("a last axis of size 1 may be missing on either side", () => {
    // Broadcasting [2] against [2, 1] would give a [2, 2] of wrong pairs.
    const flat = value([1, 2]);
    const column = value([[1], [4]]);
    expectValues(sampleCosts(meanSquaredErrorRule, flat, column), [0, 4]);
    expectValues(sampleCosts(meanSquaredErrorRule, column, flat), [0, 4]);
  });

  test("scalars a sample stay one cost a sample", () => {
    expectValues(sampleCosts(meanSquaredErrorRule, value([1, 2]), value([1, 4])), [0, 4]);
  });

  test("other differences are refused", () => {
    expect(() =>
      sampleCosts(
        meanSquaredErrorRule,
        value([1, 2]),
        value([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toThrow(ShapeError);
  });
});
