import type { LossName } from "../losses/names.ts";
import { makeRule } from "../losses/rules.ts";
import { checkKeys } from "../names/check-keys.ts";
import { scope, Tensor, type TensorLike, toTensor } from "../tensor/index.ts";
import {
  binaryAccuracyRule,
  categoricalAccuracyRule,
  sparseCategoricalAccuracyRule,
} from "./accuracy.ts";
import { cosineSimilarityMetric } from "./cosine-similarity.ts";
import { asRowMetric } from "./loss-metric.ts";
import type { RowMetric } from "./metric-rule.ts";
import type { BinaryAccuracyOptions, CrossentropyMetricOptions, TopKOptions } from "./names.ts";
import { sparseTopKCategoricalAccuracyRule, topKCategoricalAccuracyRule } from "./top-k.ts";

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
 * 1 for each row whose largest label is among its k largest predictions, else 0. What is as large as the k-th is in.
 *
 * Counterpart of `keras.metrics.top_k_categorical_accuracy`.
 *
 * @example
 * const rows = sl.metrics.topKCategoricalAccuracy([[0, 1, 0]], [[0.2, 0.3, 0.5]], { k: 2 });
 * console.log(await rows.data()); // Float32Array [ 1 ]
 *
 * @param labels One-hot, [.., V].
 * @param predictions Probabilities or scores, [.., V].
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function topKCategoricalAccuracy(
  labels: TensorLike,
  predictions: TensorLike,
  options: TopKOptions = {},
): Tensor {
  checkKeys("topKCategoricalAccuracy options", options, { k: "number" });
  return rows(topKCategoricalAccuracyRule(options.k), labels, predictions);
}

/**
 * 1 for each row whose class is among its k largest predictions, else 0. What is as large as the k-th is in; a class that
 * there is not is never.
 *
 * Counterpart of `keras.metrics.sparse_top_k_categorical_accuracy`.
 *
 * @example
 * const rows = sl.metrics.sparseTopKCategoricalAccuracy([1, 0], [[0.2, 0.3, 0.5], [0.1, 0.5, 0.4]], { k: 2 });
 * console.log(await rows.data()); // Float32Array [ 1, 0 ]
 *
 * @param labels Class numbers, [..] or [.., 1].
 * @param predictions Probabilities or scores, [.., V].
 * @returns [..]
 * @throws {ShapeError} when the shapes do not fit.
 */
export function sparseTopKCategoricalAccuracy(
  labels: TensorLike,
  predictions: TensorLike,
  options: TopKOptions = {},
): Tensor {
  checkKeys("sparseTopKCategoricalAccuracy options", options, { k: "number" });
  return rows(sparseTopKCategoricalAccuracyRule(options.k), labels, predictions);
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
  return costs("meanAbsoluteError", labels, predictions);
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
  return costs("meanSquaredError", labels, predictions);
}

/**
 * Mean of 100·|prediction - label| / |label| of each row.
 *
 * Counterpart of `tf.metrics.meanAbsolutePercentageError`.
 *
 * @example
 * const rows = sl.metrics.meanAbsolutePercentageError([[2, 4]], [[1, 5]]);
 * console.log(await rows.data()); // Float32Array [ 37.5 ]
 *
 * @param labels [.., D]
 * @param predictions [.., D]
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function meanAbsolutePercentageError(labels: TensorLike, predictions: TensorLike): Tensor {
  return costs("meanAbsolutePercentageError", labels, predictions);
}

/**
 * Mean of (log(1 + prediction) - log(1 + label))² of each row.
 *
 * Counterpart of `keras.metrics.mean_squared_logarithmic_error`.
 *
 * @example
 * const rows = sl.metrics.meanSquaredLogarithmicError([[0]], [[1]]);
 * console.log((await rows.data())[0]?.toFixed(4)); // 0.4805
 *
 * @param labels [.., D]
 * @param predictions [.., D]
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function meanSquaredLogarithmicError(labels: TensorLike, predictions: TensorLike): Tensor {
  return costs("meanSquaredLogarithmicError", labels, predictions);
}

/**
 * Cosine of the angle between labels and predictions of each row: 1 for one direction, 0 for orthogonal ones.
 *
 * Counterpart of `keras.metrics.CosineSimilarity`; the loss of this name, and `cosineProximity`, are its negative.
 *
 * @example
 * const rows = sl.metrics.cosineSimilarity([[0, 2]], [[0, 5]]);
 * console.log(await rows.data()); // Float32Array [ 1 ]
 *
 * @param labels [.., D]
 * @param predictions [.., D]
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function cosineSimilarity(labels: TensorLike, predictions: TensorLike): Tensor {
  return rows(cosineSimilarityMetric, labels, predictions);
}

/**
 * Negative cosine of the angle between labels and predictions of each row.
 *
 * Counterpart of `tf.metrics.cosineProximity`.
 *
 * @example
 * const rows = sl.metrics.cosineProximity([[0, 2]], [[0, 5]]);
 * console.log(await rows.data()); // Float32Array [ -1 ]
 *
 * @param labels [.., D]
 * @param predictions [.., D]
 * @returns [..]
 * @throws {ShapeError} when the shapes differ.
 */
export function cosineProximity(labels: TensorLike, predictions: TensorLike): Tensor {
  return costs("cosineSimilarity", labels, predictions);
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
  return crossentropy("binaryCrossentropy", [labels, predictions], options);
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
  return crossentropy("categoricalCrossentropy", [labels, predictions], options);
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
  return crossentropy("sparseCategoricalCrossentropy", [labels, predictions], options);
}

function crossentropy(
  name: LossName,
  [labels, predictions]: readonly [TensorLike, TensorLike],
  options: CrossentropyMetricOptions,
): Tensor {
  checkKeys(`${name} options`, options, { fromLogits: "boolean" });
  return rows(asRowMetric(makeRule(name, options)), labels, predictions);
}

function costs(name: LossName, labels: TensorLike, predictions: TensorLike): Tensor {
  return rows(asRowMetric(makeRule(name, {})), labels, predictions);
}

function rows(rule: RowMetric, labels: TensorLike, predictions: TensorLike): Tensor {
  return scope(rule.name, () => {
    const y = toTensor(labels, `${rule.name} labels`).value;
    const p = toTensor(predictions, `${rule.name} predictions`).value;
    return Tensor.of(rule.values(y, p));
  });
}
