import type { Tensor, TensorLike } from "../tensor/index.ts";
import type { HuberOptions } from "./names.ts";
import { optionOf, type ReductionLike, type ReductionOption } from "./reduction-names.ts";
import { namedLoss } from "./weighted-loss.ts";

/**
 * Mean of (prediction - label)².
 *
 * Counterpart of `tf.losses.meanSquaredError`; `keras.losses.MeanSquaredError` where no weights are given.
 *
 * @example
 * const loss = sl.losses.meanSquaredError([1, 2], [1.5, 2]);
 * console.log(await loss.data()); // Float32Array [ 0.125 ]
 *
 * @param labels What should come out, any shape.
 * @param predictions What came out; the same shape.
 * @param weights Factor of each element's loss; broadcasts to the shape of the predictions. The mean is taken over
 *   the elements whose weight is not 0.
 * @param reduction How the losses become one number, or `"none"`. Default: the mean over the elements whose weight is
 *   not 0.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function meanSquaredError(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss("meanSquaredError", [labels, predictions, weights], optionOf(reduction));
}

/**
 * Mean of |prediction - label|.
 *
 * Counterpart of `tf.losses.absoluteDifference`; `keras.losses.MeanAbsoluteError` where no weights are given.
 *
 * @example
 * const loss = sl.losses.meanAbsoluteError([1, 2], [1.5, 2]);
 * console.log(await loss.data()); // Float32Array [ 0.25 ]
 *
 * @param labels What should come out, any shape.
 * @param predictions What came out; the same shape.
 * @param weights As in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function meanAbsoluteError(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss("meanAbsoluteError", [labels, predictions, weights], optionOf(reduction));
}

/**
 * Mean of 100·|prediction - label| / |label|, in per cent.
 *
 * Counterpart of `keras.losses.MeanAbsolutePercentageError`, which keeps the divisor above 1e-7 too.
 *
 * @example
 * const loss = sl.losses.meanAbsolutePercentageError([2, 4], [1, 5]);
 * console.log(await loss.data()); // Float32Array [ 37.5 ]
 *
 * @param labels What should come out, any shape.
 * @param predictions What came out; the same shape.
 * @param weights As in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function meanAbsolutePercentageError(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss(
    "meanAbsolutePercentageError",
    [labels, predictions, weights],
    optionOf(reduction),
  );
}

/**
 * Mean of (log(1 + prediction) - log(1 + label))²: what counts is the ratio. Values below 1e-7 count as 1e-7.
 *
 * Counterpart of `keras.losses.MeanSquaredLogarithmicError`.
 *
 * @example
 * const loss = sl.losses.meanSquaredLogarithmicError([0], [1]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.4805
 *
 * @param labels What should come out, any shape.
 * @param predictions What came out; the same shape.
 * @param weights As in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function meanSquaredLogarithmicError(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss(
    "meanSquaredLogarithmicError",
    [labels, predictions, weights],
    optionOf(reduction),
  );
}

/**
 * Mean of the Huber loss: ½e² for |e| ≤ delta, else delta·|e| - ½delta², with e = prediction - label.
 *
 * Counterpart of `tf.losses.huberLoss` and `keras.losses.Huber`. Huber 1964, doi:10.1214/aoms/1177703732.
 *
 * @example
 * const loss = sl.losses.huber([0, 0], [0.5, 3]);
 * console.log(await loss.data()); // Float32Array [ 1.3125 ]
 *
 * @param labels What should come out, any shape.
 * @param predictions What came out; the same shape.
 * @param weights As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function huber(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  options: HuberOptions = {},
): Tensor {
  return namedLoss("huber", [labels, predictions, weights], options);
}

/**
 * Mean of log(cosh(prediction - label)): square near 0, straight far off, smooth everywhere.
 *
 * Counterpart of `keras.losses.LogCosh`.
 *
 * @example
 * const loss = sl.losses.logCosh([0, 0], [0, 1]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.2169
 *
 * @param labels What should come out, any shape.
 * @param predictions What came out; the same shape.
 * @param weights As in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function logCosh(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss("logCosh", [labels, predictions, weights], optionOf(reduction));
}

/**
 * Mean of -(label·prediction) / (|label|·|prediction|) over the rows along the last axis.
 *
 * Counterpart of `keras.losses.CosineSimilarity`: -1 for rows of one direction, 0 for orthogonal ones.
 *
 * @example
 * const loss = sl.losses.cosineSimilarity([[0, 2]], [[0, 5]]);
 * console.log(await loss.data()); // Float32Array [ -1 ]
 *
 * @param labels [.., D]
 * @param predictions [.., D]
 * @param weights Factor of each row's loss, [..]; as in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function cosineSimilarity(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss("cosineSimilarity", [labels, predictions, weights], optionOf(reduction));
}
