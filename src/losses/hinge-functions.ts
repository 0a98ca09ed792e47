import type { Tensor, TensorLike } from "../tensor/index.ts";
import { optionOf, type ReductionLike, type ReductionOption } from "./reduction-names.ts";
import { namedLoss } from "./weighted-loss.ts";

/**
 * Mean of max(0, 1 - label·prediction). Labels are -1 and 1; where all of them are 0 or 1, they are taken for -1 and 1.
 *
 * Counterpart of `keras.losses.Hinge`.
 *
 * @example
 * const loss = sl.losses.hinge([-1, 1], [0.5, 3]);
 * console.log(await loss.data()); // Float32Array [ 0.75 ]
 *
 * @param labels -1 and 1, or 0 and 1; any shape.
 * @param predictions What came out; the same shape.
 * @param weights As in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function hinge(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss("hinge", [labels, predictions, weights], optionOf(reduction));
}

/**
 * Mean of max(0, 1 - label·prediction)², for labels as `hinge` takes them.
 *
 * Counterpart of `keras.losses.SquaredHinge`.
 *
 * @example
 * const loss = sl.losses.squaredHinge([-1, 1], [0, 3]);
 * console.log(await loss.data()); // Float32Array [ 0.5 ]
 *
 * @param labels -1 and 1, or 0 and 1; any shape.
 * @param predictions What came out; the same shape.
 * @param weights As in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function squaredHinge(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss("squaredHinge", [labels, predictions, weights], optionOf(reduction));
}

/**
 * Mean of max(0, 1 + greatest wrong prediction - right prediction) over the rows along the last axis.
 *
 * Counterpart of `keras.losses.CategoricalHinge`.
 *
 * @example
 * const loss = sl.losses.categoricalHinge([[0, 1]], [[0.75, 0.5]]);
 * console.log(await loss.data()); // Float32Array [ 1.25 ]
 *
 * @param labels One-hot, [.., V].
 * @param predictions Scores, [.., V].
 * @param weights Factor of each row's loss, [..]; as in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function categoricalHinge(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss("categoricalHinge", [labels, predictions, weights], optionOf(reduction));
}
