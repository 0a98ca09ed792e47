import {
  binaryCrossentropyRule,
  categoricalCrossentropyRule,
  sparseCategoricalCrossentropyRule,
} from "../losses/crossentropy.ts";
import { type LossRule, sampleCosts } from "../losses/loss-rule.ts";
import { meanAbsoluteErrorRule, meanSquaredErrorRule } from "../losses/regression.ts";
import { checkKeys } from "../names/check-keys.ts";
import { scope, Tensor, type TensorLike, toTensor } from "../tensor/index.ts";
import {
  binaryAccuracyRule,
  categoricalAccuracyRule,
  sparseCategoricalAccuracyRule,
} from "./accuracy.ts";
import type { RowMetric } from "./metric-rule.ts";

/** Settings of `binaryAccuracy`. */
export interface BinaryAccuracyOptions {
  /** Predictions above it count as yes. Default 0.5; for logits use 0. */
  readonly threshold?: number;
}

/** Settings of the crossentropies. */
export interface CrossentropyMetricOptions {
  /** Whether predictions are raw scores instead of probabilities. Default false. */
  readonly fromLogits?: boolean;
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
  checkKeys("binaryAccuracy options", options, { threshold: "number" });
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

/**
 * Mean of -(y·log p + (1 - y)·log(1 - p)) of each row.
 *
 * Counterpart of `tf.metrics.binaryCrossentropy`.
 *
 * @example
 * const rows = sl.metrics.binaryCrossentropy([[1, 0]], [[0.5, 0.5]]);
 * console.log((await rows.data())[0]?.toFixed(4)); // 0.6931
 *
 * @param labels 0 to 1, [.., D].
 * @param predictions Probabilities, or raw scores with `fromLogits`; [.., D].
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function binaryCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  options: CrossentropyMetricOptions = {},
): Tensor {
  const settings = { fromLogits: fromLogitsOf("binaryCrossentropy", options), labelSmoothing: 0 };
  return rows(asRowMetric(binaryCrossentropyRule(settings)), labels, predictions);
}

/**
 * -Σ y·log p of each row, for labels that are one-hot.
 *
 * Counterpart of `tf.metrics.categoricalCrossentropy`.
 *
 * @example
 * const rows = sl.metrics.categoricalCrossentropy([[0, 1]], [[0.5, 0.5]]);
 * console.log((await rows.data())[0]?.toFixed(4)); // 0.6931
 *
 * @param labels [.., V]
 * @param predictions Probabilities, or raw scores with `fromLogits`; [.., V].
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function categoricalCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  options: CrossentropyMetricOptions = {},
): Tensor {
  const fromLogits = fromLogitsOf("categoricalCrossentropy", options);
  const rule = categoricalCrossentropyRule({ fromLogits, labelSmoothing: 0 });
  return rows(asRowMetric(rule), labels, predictions);
}

/**
 * -log p[y] of each row, for labels that are class numbers.
 *
 * Counterpart of `keras.metrics.sparse_categorical_crossentropy`.
 *
 * @example
 * const rows = sl.metrics.sparseCategoricalCrossentropy([1], [[0.5, 0.5]]);
 * console.log((await rows.data())[0]?.toFixed(4)); // 0.6931
 *
 * @param labels Class numbers, [..] or [.., 1].
 * @param predictions Probabilities, or raw scores with `fromLogits`; [.., V].
 * @returns [..]
 * @throws {ShapeError} when the shapes do not fit.
 */
export function sparseCategoricalCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  options: CrossentropyMetricOptions = {},
): Tensor {
  const fromLogits = fromLogitsOf("sparseCategoricalCrossentropy", options);
  return rows(asRowMetric(sparseCategoricalCrossentropyRule(fromLogits)), labels, predictions);
}

/** A loss as values of a metric: its cost of each row. */
export function asRowMetric(rule: LossRule): RowMetric {
  return {
    name: rule.name,
    values: (labels, predictions) => sampleCosts(rule, labels, predictions),
  };
}

const meanAbsoluteErrorMetric = asRowMetric(meanAbsoluteErrorRule);
const meanSquaredErrorMetric = asRowMetric(meanSquaredErrorRule);

function fromLogitsOf(label: string, options: CrossentropyMetricOptions): boolean {
  checkKeys(`${label} options`, options, { fromLogits: "boolean" });
  return options.fromLogits ?? false;
}

function rows(rule: RowMetric, labels: TensorLike, predictions: TensorLike): Tensor {
  return scope(rule.name, () => {
    const y = toTensor(labels, `${rule.name} labels`).value;
    const p = toTensor(predictions, `${rule.name} predictions`).value;
    return Tensor.of(rule.values(y, p));
  });
}
