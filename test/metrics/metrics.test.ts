import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import * as metrics from "../../src/metrics/index.ts";
import { resolveMetric } from "../../src/metrics/resolve.ts";
import { type Tensor, toTensor } from "../../src/tensor/index.ts";
import { evaluate } from "../reference/interpreter.ts";

const values = (tensor: Tensor): number[] => [...(evaluate([tensor.value])[0] ?? [])];

describe("metrics", () => {
  test("binaryAccuracy counts elements on the right side of the threshold", () => {
    const labels = [
      [1, 0],
      [1, 1],
    ];
    const predictions = [
      [0.9, 0.2],
      [0.5, 0.51],
    ]; // 0.5 is not above the threshold
    expect(values(metrics.binaryAccuracy(labels, predictions))).toEqual([1, 0.5]);
    const logits = [
      [2, -3],
      [-0.1, 0.1],
    ];
    expect(values(metrics.binaryAccuracy(labels, logits, { threshold: 0 }))).toEqual([1, 0.5]);
  });

  test("categoricalAccuracy compares the places of the maxima", () => {
    const labels = [
      [0, 1, 0],
      [1, 0, 0],
    ];
    const predictions = [
      [0.1, 0.7, 0.2],
      [0.3, 0.3, 0.4],
    ];
    expect(values(metrics.categoricalAccuracy(labels, predictions))).toEqual([1, 0]);
  });

  test("sparseCategoricalAccuracy takes class numbers, with or without a last axis", () => {
    const predictions = [
      [0.1, 0.7, 0.2],
      [0.3, 0.3, 0.4],
    ];
    expect(values(metrics.sparseCategoricalAccuracy([1, 0], predictions))).toEqual([1, 0]);
    expect(values(metrics.sparseCategoricalAccuracy([[1], [2]], predictions))).toEqual([1, 1]);
  });

  test("accuracy is the one that the shapes ask for", () => {
    const accuracy = (labels: number[] | number[][], predictions: number[][]): number[] => {
      const rule = resolveMetric("accuracy");
      const y = toTensor(labels, "labels").value;
      return [...(evaluate([rule.values(y, toTensor(predictions, "p").value)])[0] ?? [])];
    };
    expect(accuracy([[1], [0]], [[0.8], [0.7]])).toEqual([1, 0]); // binary
    expect(accuracy([1, 0], [[0.8], [0.7]])).toEqual([1, 0]); // binary, labels without the axis
    expect(
      accuracy(
        [2, 0],
        [
          [0, 0.1, 0.9],
          [0, 1, 0],
        ],
      ),
    ).toEqual([1, 0]); // sparse
    expect(accuracy([[0, 0, 1]], [[0, 0.1, 0.9]])).toEqual([1]); // one-hot
  });

  test("errors are means over the last axis", () => {
    expect(values(metrics.meanAbsoluteError([[1, 2]], [[2, 4]]))).toEqual([1.5]);
    expect(values(metrics.meanSquaredError([[1, 2]], [[2, 4]]))).toEqual([2.5]);
  });

  test("a metric reports under the name that it was asked for by", () => {
    expect(resolveMetric("mae").name).toBe("mae");
    expect(resolveMetric("mean_absolute_error").name).toBe("mean_absolute_error");
    expect(resolveMetric("acc").name).toBe("acc");
    expect(resolveMetric("rmse").isRoot).toBe(true);
    const bias = (labels: Tensor, predictions: Tensor): Tensor => predictions.sub(labels);
    expect(resolveMetric(bias).name).toBe("bias");
  });

  test("unknown names and shapes that do not fit are refused", () => {
    expect(() => resolveMetric("accurcy" as "acc")).toThrow(ArgumentError);
    expect(() => resolveMetric("accurcy" as "acc")).toThrow('"accuracy"');
    expect(() => resolveMetric((labels: Tensor) => labels)).toThrow("without a name");
    expect(() => metrics.categoricalAccuracy([[0, 1]], [[0, 1, 0]])).toThrow(ShapeError);
    expect(() => metrics.sparseCategoricalAccuracy([1, 2], [[0, 1, 0]])).toThrow(ShapeError);
  });
});
