import { sampleCosts } from "../losses/loss-rule.ts";
import { meanAbsoluteErrorRule, meanSquaredErrorRule } from "../losses/regression.ts";
import { scope, Tensor, type TensorLike, toTensor } from "../tensor/index.ts";
import {
  binaryAccuracyRule,
  categoricalAccuracyRule,
  sparseCategoricalAccuracyRule,
} from "./accuracy.ts";
import type { MetricRule } from "./metric-rule.ts";

/** Settings of `binaryAccuracy`. */
export interface BinaryAccuracyOptions {
  /** Predictions above it count as yes. Default 0.5; for logits use 0. */
  readonly threshold?: number;
}

/**
 * Share of elements that are predicted right, row by row; for labels that are 0 or 1.
 *
 * Counterpart of `tf.metrics.binaryAccuracy`.
 *
 * @example
 * const rows = sl.metrics.binaryAccuracy([[1], [0], [1]], [[0.9], [0.2], [0.4]]);
 * console.log(await rows.data()); // Float32Array [ 1, 1, 0 ]
 *
 * @param labels [.., D]
 * @param predictions Probabilities, [.., D].
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function binaryAccuracy(
  labels: TensorLike,
  predictions: TensorLike,
  options: BinaryAccuracyOptions = {},
): Tensor {
  return rows(binaryAccuracyRule(options.threshold), labels, predictions);
}

/**
 * 1 for each row whose largest prediction is at its largest label, else 0.
 *
 * Counterpart of `tf.metrics.categoricalAccuracy`.
 *
 * @example
 * const rows = sl.metrics.categoricalAccuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]]);
 * console.log(await rows.data()); // Float32Array [ 1, 0 ]
 *
 * @param labels One-hot, [.., V].
 * @param predictions Probabilities or scores, [.., V].
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function categoricalAccuracy(labels: TensorLike, predictions: TensorLike): Tensor {
  return rows(categoricalAccuracyRule, labels, predictions);
}

/**
 * 1 for each row whose largest prediction is at the class that its label names, else 0.
 *
 * Counterpart of `tf.metrics.sparseCategoricalAccuracy`.
 *
 * @example
 * const rows = sl.metrics.sparseCategoricalAccuracy([1, 0], [[0.2, 0.8], [0.3, 0.7]]);
 * console.log(await rows.data()); // Float32Array [ 1, 0 ]
 *
 * @param labels Class numbers, [..] or [.., 1].
 * @param predictions Probabilities or scores, [.., V].
 * @returns [..]
 * @throws {ShapeError} when the shapes do not fit.
 */
export function sparseCategoricalAccuracy(labels: TensorLike, predictions: TensorLike): Tensor {
  return rows(sparseCategoricalAccuracyRule, labels, predictions);
}

/**
 * Mean of |prediction - label| of each row.
 *
 * Counterpart of `tf.metrics.meanAbsoluteError`.
 *
 * @example
 * const rows = sl.metrics.meanAbsoluteError([[1, 2], [3, 4]], [[1, 3], [3, 4]]);
 * console.log(await rows.data()); // Float32Array [ 0.5, 0 ]
 *
 * @param labels [.., D]
 * @param predictions [.., D]
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function meanAbsoluteError(labels: TensorLike, predictions: TensorLike): Tensor {
  return rows(meanAbsoluteErrorMetric, labels, predictions);
}

/**
 * Mean of (prediction - label)² of each row.
 *
 * Counterpart of `tf.metrics.meanSquaredError`.
 *
 * @example
 * const rows = sl.metrics.meanSquaredError([[1, 2], [3, 4]], [[1, 4], [3, 4]]);
 * console.log(await rows.data()); // Float32Array [ 2, 0 ]
 *
 * @param labels [.., D]
 * @param predictions [.., D]
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function meanSquaredError(labels: TensorLike, predictions: TensorLike): Tensor {
  return rows(meanSquaredErrorMetric, labels, predictions);
}

/** The mean absolute error as a metric. */
export const meanAbsoluteErrorMetric: MetricRule = {
  name: "meanAbsoluteError",
  values: (labels, predictions) => sampleCosts(meanAbsoluteErrorRule, labels, predictions),
};

/** The mean squared error as a metric. */
export const meanSquaredErrorMetric: MetricRule = {
  name: "meanSquaredError",
  values: (labels, predictions) => sampleCosts(meanSquaredErrorRule, labels, predictions),
};

/** Root of the mean squared error over all samples (no mean of roots). */
export const rootMeanSquaredErrorMetric: MetricRule = {
  name: "rootMeanSquaredError",
  values: meanSquaredErrorMetric.values,
  isRoot: true,
};

function rows(rule: MetricRule, labels: TensorLike, predictions: TensorLike): Tensor {
  return scope(rule.name, () => {
    const y = toTensor(labels, `${rule.name} labels`).value;
    const p = toTensor(predictions, `${rule.name} predictions`).value;
    return Tensor.of(rule.values(y, p));
  });
}
