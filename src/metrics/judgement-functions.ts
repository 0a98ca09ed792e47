import { scope, Tensor, type TensorLike, toTensor } from "../tensor/index.ts";
import type {
  AUCOptions,
  F1ScoreOptions,
  MetricName,
  PerplexityOptions,
  PrecisionOptions,
  R2ScoreOptions,
} from "./names.ts";
import { makeMetric } from "./rules.ts";

// Metrics that are no means of values of rows: one figure of all labels and predictions together.

/**
 * Share of what is said to be yes that is yes; 0 where nothing is.
 *
 * Counterpart of `tf.metrics.precision` and `keras.metrics.Precision`.
 *
 * @example
 * const figure = sl.metrics.precision([1, 0, 1], [0.9, 0.8, 0.2]);
 * console.log(await figure.data()); // Float32Array [ 0.5 ]
 *
 * @param labels 0 and 1 (all but 0 is yes), or class numbers beside rows of several predictions.
 * @param predictions Probabilities, [..] or [.., V]; one that equals the threshold is not above it.
 * @returns Scalar.
 * @throws {ShapeError} when the shapes do not fit.
 */
export function precision(
  labels: TensorLike,
  predictions: TensorLike,
  options: PrecisionOptions = {},
): Tensor {
  return figure("precision", [labels, predictions], options);
}

/**
 * Share of what is yes that is said to be; 0 where nothing is.
 *
 * Counterpart of `tf.metrics.recall` and `keras.metrics.Recall`.
 *
 * @example
 * const figure = sl.metrics.recall([1, 0, 1], [0.9, 0.8, 0.2]);
 * console.log(await figure.data()); // Float32Array [ 0.5 ]
 *
 * @param labels As in `precision`.
 * @param predictions As in `precision`.
 * @returns Scalar.
 * @throws {ShapeError} when the shapes do not fit.
 */
export function recall(
  labels: TensorLike,
  predictions: TensorLike,
  options: PrecisionOptions = {},
): Tensor {
  return figure("recall", [labels, predictions], options);
}

/**
 * Harmonic mean of precision and recall of each class, averaged over the classes.
 *
 * Counterpart of `keras.metrics.F1Score`.
 *
 * @example
 * const figure = sl.metrics.f1Score([[1, 0], [0, 1], [0, 1]], [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]]);
 * console.log((await figure.data())[0]?.toFixed(4)); // 0.6667
 *
 * @param labels One-hot or several-hot, [.., V], or class numbers.
 * @param predictions Probabilities, [.., V].
 * @returns Scalar.
 * @throws {ShapeError} when the shapes do not fit.
 */
export function f1Score(
  labels: TensorLike,
  predictions: TensorLike,
  options: F1ScoreOptions = {},
): Tensor {
  return figure("f1Score", [labels, predictions], options);
}

/**
 * Area under the curve of true over false positive rates, or of precision over recall: how well yes is told from no,
 * whatever the threshold.
 *
 * Counterpart of `keras.metrics.AUC`, for one label an element.
 *
 * @example
 * const figure = sl.metrics.auc([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]);
 * console.log((await figure.data())[0]?.toFixed(2)); // 0.75
 *
 * @param labels 0 to 1, or class numbers beside rows of several predictions.
 * @param predictions Probabilities, [..] or [.., V].
 * @returns Scalar.
 * @throws {ShapeError} when the shapes do not fit.
 */
export function auc(labels: TensorLike, predictions: TensorLike, options: AUCOptions = {}): Tensor {
  return figure("auc", [labels, predictions], options);
}

/**
 * Share of the labels' variance that the predictions explain: 1 - Σ(y - p)² / Σ(y - mean y)². 0 where labels do not vary.
 *
 * Counterpart of `tf.metrics.r2Score` and `keras.metrics.R2Score`.
 *
 * @example
 * const figure = sl.metrics.r2Score([1, 2, 3], [1, 2, 4]);
 * console.log(await figure.data()); // Float32Array [ 0.5 ]
 *
 * @param labels [..] or [.., D]
 * @param predictions Likewise.
 * @returns Scalar.
 * @throws {ShapeError} when the shapes differ.
 */
export function r2Score(
  labels: TensorLike,
  predictions: TensorLike,
  options: R2ScoreOptions = {},
): Tensor {
  return figure("r2Score", [labels, predictions], options);
}

/**
 * exp of the mean crossentropy: among how many classes the model wavers.
 *
 * Counterpart of `keras_hub.metrics.Perplexity`.
 *
 * @example
 * const figure = sl.metrics.perplexity([0, 1], [[0.5, 0.5], [0.5, 0.5]]);
 * console.log((await figure.data())[0]?.toFixed(4)); // 2.0000
 *
 * @param labels Class numbers, [..] or [.., 1].
 * @param predictions Probabilities, or raw scores with `fromLogits`; [.., V].
 * @returns Scalar.
 * @throws {ShapeError} when the shapes do not fit.
 */
export function perplexity(
  labels: TensorLike,
  predictions: TensorLike,
  options: PerplexityOptions = {},
): Tensor {
  return figure("perplexity", [labels, predictions], options);
}

function figure(
  name: MetricName,
  [labels, predictions]: readonly [TensorLike, TensorLike],
  options: object,
): Tensor {
  const { totals, result } = makeMetric(name, options);
  return scope(name, () => {
    const y = toTensor(labels, `${name} labels`).value;
    const p = toTensor(predictions, `${name} predictions`).value;
    return Tensor.of(result(totals(y, p, null)));
  });
}
