import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import * as losses from "../../src/losses/index.ts";
import { accuracyRule } from "../../src/metrics/accuracy.ts";
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
      const y = toTensor(labels, "labels").value;
      return [...(evaluate([accuracyRule().values(y, toTensor(predictions, "p").value)])[0] ?? [])];
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
    expect(resolveMetric("rmse").name).toBe("rmse");
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

describe("metrics given as functions", () => {
  const known = [
    ["binaryAccuracy", metrics.binaryAccuracy],
    ["categoricalAccuracy", metrics.categoricalAccuracy],
    ["sparseCategoricalAccuracy", metrics.sparseCategoricalAccuracy],
    ["meanAbsoluteError", metrics.meanAbsoluteError],
    ["meanAbsoluteError", metrics.mae],
    ["meanAbsoluteError", metrics.MAE],
    ["meanSquaredError", metrics.meanSquaredError],
    ["meanSquaredError", metrics.mse],
    ["meanSquaredError", metrics.MSE],
    ["binaryCrossentropy", metrics.binaryCrossentropy],
    ["categoricalCrossentropy", metrics.categoricalCrossentropy],
    ["sparseCategoricalCrossentropy", metrics.sparseCategoricalCrossentropy],
    ["topKCategoricalAccuracy", metrics.topKCategoricalAccuracy],
    ["sparseTopKCategoricalAccuracy", metrics.sparseTopKCategoricalAccuracy],
    ["meanAbsolutePercentageError", metrics.meanAbsolutePercentageError],
    ["meanSquaredLogarithmicError", metrics.meanSquaredLogarithmicError],
    ["cosineSimilarity", metrics.cosineSimilarity],
    ["cosineProximity", metrics.cosineProximity],
    ["precision", metrics.precision],
    ["recall", metrics.recall],
    ["f1Score", metrics.f1Score],
    ["auc", metrics.auc],
    ["r2Score", metrics.r2Score],
    ["perplexity", metrics.perplexity],
    ["meanSquaredError", losses.meanSquaredError],
    ["huber", losses.huberLoss],
  ] as const;

  test.each(known)("%s keeps its name, whatever a bundler calls the function", (name, metric) => {
    const was = metric.name;
    Object.defineProperty(metric, "name", { value: `${name}2`, configurable: true });
    try {
      expect(resolveMetric(metric).name).toBe(name);
    } finally {
      Object.defineProperty(metric, "name", { value: was, configurable: true });
    }
  });

  test("every metric function of the library is among them", () => {
    const functions = Object.values(metrics).filter(
      (one) => typeof one === "function" && one !== metrics.Metric,
    );
    const tested: readonly unknown[] = known.map(([, metric]) => metric);
    expect(functions.filter((one) => !tested.includes(one))).toEqual([]);
  });

  test("one's own goes by its own name, and has to have one", () => {
    const bias = (y: Tensor, p: Tensor): Tensor => p.sub(y).mean(-1);
    expect(resolveMetric(bias).name).toBe("bias");
    expect(() => resolveMetric((y, p) => p.sub(y))).toThrow(ArgumentError);
    for (const spec of [5, null, ["mae"], { name: "mae" }]) {
      expect(() => resolveMetric(spec as never)).toThrow(ArgumentError);
    }
  });

  test("crossentropies give one value a row", () => {
    // -log 0.5, and for row 2 -(log 0.8 + log 0.5) / 2.
    const binary = metrics.binaryCrossentropy(
      [
        [1, 0],
        [1, 0],
      ],
      [
        [0.5, 0.5],
        [0.8, 0.5],
      ],
    );
    const [first = 0, second = 0] = values(binary);
    expect(first).toBeCloseTo(Math.LN2, 6);
    expect(second).toBeCloseTo(-(Math.log(0.8) + Math.log(0.5)) / 2, 6);
    const scores = [[1, 3]];
    const expected = Math.log1p(Math.exp(-2)); // -log(softmax(1, 3)[1])
    const fromLogits = { fromLogits: true };
    for (const loss of [
      metrics.categoricalCrossentropy([[0, 1]], scores, fromLogits),
      metrics.sparseCategoricalCrossentropy([1], scores, fromLogits),
    ]) {
      expect(loss.shape).toEqual([1]);
      expect(values(loss)[0]).toBeCloseTo(expected, 6);
    }
    expect(resolveMetric("bce" as const).name).toBe("bce");
  });
});
