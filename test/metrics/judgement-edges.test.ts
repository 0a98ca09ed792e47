import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import * as metrics from "../../src/metrics/index.ts";
import { type MetricSpec, resolveMetric } from "../../src/metrics/resolve.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { echo, noise, numbersOf } from "../train/support.ts";
import { sum } from "./keras-equations.ts";

describe("edges", () => {
  const figure = async (one: Tensor): Promise<number> => (await one.data())[0] ?? Number.NaN;

  test("a prediction that equals the threshold is not above it, in float32", async () => {
    for (const bound of [0.1, 0.3, 0.5, 0.7]) {
      const next = (x: number, by: number): number => {
        const words = new Int32Array(Float32Array.of(x).buffer);
        words[0] = (words[0] ?? 0) + by;
        return new Float32Array(words.buffer)[0] ?? 0;
      };
      const predictions = [bound, next(bound, 1), next(bound, -1)];
      const options = { thresholds: bound };
      expect(await figure(metrics.recall([1, 1, 1], predictions, options))).toBeCloseTo(1 / 3, 6);
    }
    // Thresholds of auc: i/4. Predictions on them: 0.25 is above 0 and no other.
    const area = metrics.auc([1, 1, 0, 0], [0.5, 0.75, 0.25, 0.25], { numThresholds: 5 });
    expect(await figure(area)).toBe(1);
  });

  test("nothing said, nothing so, nothing that varies: 0, not NaN", async () => {
    expect(await figure(metrics.precision([1, 1], [0, 0]))).toBe(0);
    expect(await figure(metrics.recall([0, 0], [1, 1]))).toBe(0);
    expect(await figure(metrics.f1Score([[0, 0]], [[0, 0]]))).toBe(0);
    expect(await figure(metrics.auc([1, 1], [0.3, 0.6]))).toBe(0);
    expect(await figure(metrics.auc([0, 0], [0.3, 0.6], { curve: "PR" }))).toBe(0);
    expect(await figure(metrics.r2Score([2, 2], [1, 3]))).toBe(0);
  });

  test("a perfect and a reversed order have the areas 1 and 0; from logits too", async () => {
    expect(await figure(metrics.auc([0, 1, 1], [0, 1, 1]))).toBe(1);
    expect(await figure(metrics.auc([1, 0, 0], [0, 1, 1]))).toBe(0);
    const logits = { fromLogits: true } as const;
    expect(await figure(metrics.auc([0, 1, 1], [-1e4, 2, 1e4], logits))).toBe(1);
  });

  test("r2Score of labels far from 0 keeps its digits", async () => {
    // Labels 10,000 + small: Σy² - (Σy)²/n would have no digit left in float32.
    const small = [...noise(200, 3)].map((x) => Math.round(x * 64) / 64);
    const labels = small.map((x) => [10_000 + x]);
    const predictions = small.map((x, i) => [10_000 + x + (i % 3) / 64]);
    const center = sum(small) / small.length;
    const errors = sum(small.map((_, i) => ((i % 3) / 64) ** 2));
    const expected = 1 - errors / sum(small.map((x) => (x - center) ** 2));
    const model = echo([1], { loss: "mse", metrics: ["r2Score"] });
    const [, score] = await numbersOf(model.evaluate(predictions, labels, { batchSize: 40 }));
    expectClose([score ?? 0], [expected], tolerances.samePrecision);
  });

  test("ties at the edge of the k largest: accuracies let them in, precision takes the first", async () => {
    const tied = [[0.4, 0.4, 0.2]];
    const accuracy = metrics.topKCategoricalAccuracy([[0, 1, 0]], tied, { k: 1 });
    expect(await figure(accuracy)).toBe(1);
    expect(await figure(metrics.precision([[0, 1, 0]], tied, { topK: 1 }))).toBe(0);
    expect(await figure(metrics.precision([[1, 0, 0]], tied, { topK: 1 }))).toBe(1);
    const missing = metrics.sparseTopKCategoricalAccuracy([7], tied, { k: 3 });
    expect(await figure(missing)).toBe(0);
  });
});

describe("errors", () => {
  test("settings out of bounds are refused", () => {
    const refused: readonly (readonly [unknown, string])[] = [
      [{ kind: "precision", thresholds: [0.1, 0.2] }, "thresholds"],
      [{ kind: "precision", topK: 0 }, "topK is 0"],
      [{ kind: "recall", classId: -1 }, "classId is -1"],
      [{ kind: "f1Score", average: null }, "average"],
      [{ kind: "f1Score", average: "mean" }, "macro"],
      [{ kind: "auc", numThresholds: 1 }, "numThresholds is 1"],
      [{ kind: "auc", curve: "PQ" }, '"PR"'],
      [{ kind: "topKCategoricalAccuracy", k: 1.5 }, "k is 1.5"],
      [{ kind: "precision", threshold: 0.3 }, "thresholds"],
      [{ kind: "mae", name: "" }, "name"],
      [{ kind: "r2Score", numRegressors: 2 }, "numRegressors"],
    ];
    for (const [spec, says] of refused) {
      expect(() => resolveMetric(spec as MetricSpec), says).toThrow(ArgumentError);
      expect(() => resolveMetric(spec as MetricSpec), says).toThrow(says);
    }
    expect(() => metrics.precision([[1, 0]], [[0.5, 0.5]], { classId: 2 })).toThrow("classId 2");
    expect(() => metrics.topKCategoricalAccuracy([[0, 1]], [[0, 1]], { k: 0 })).toThrow("k is 0");
  });

  test("shapes that do not fit are refused", () => {
    for (const metric of [metrics.precision, metrics.recall, metrics.f1Score, metrics.auc]) {
      expect(() => metric([[1, 0]], [[1, 0, 0]])).toThrow(ShapeError);
    }
    expect(() => metrics.r2Score([[1, 0]], [[1, 0, 0]])).toThrow(ShapeError);
  });
});
