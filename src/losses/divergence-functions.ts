import type { Tensor, TensorLike } from "../tensor/index.ts";
import { optionOf, type ReductionLike, type ReductionOption } from "./reduction-names.ts";
import { namedLoss } from "./weighted-loss.ts";

/**
 * Mean of Σ y·log(y / p) over the rows along the last axis, both kept in [1e-7, 1].
 *
 * Counterpart of `keras.losses.KLDivergence`. Kullback & Leibler 1951, doi:10.1214/aoms/1177729694.
 *
 * @example
 * const loss = sl.losses.klDivergence([[0, 1]], [[0.5, 0.5]]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.6931
 *
 * @param labels Probabilities, [.., V].
 * @param predictions Probabilities, [.., V].
 * @param weights Factor of each row's loss, [..]; as in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function klDivergence(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss("klDivergence", [labels, predictions, weights], optionOf(reduction));
}

/**
 * Mean of prediction - label·log(prediction + 1e-7), for counts whose mean is predicted.
 *
 * Counterpart of `keras.losses.Poisson`.
 *
 * @example
 * const loss = sl.losses.poisson([2], [1]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 1.0000
 *
 * @param labels Counts, any shape.
 * @param predictions Means of their distributions, above 0; the same shape.
 * @param weights As in `meanSquaredError`.
 * @param reduction As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function poisson(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike | ReductionOption,
): Tensor {
  return namedLoss("poisson", [labels, predictions, weights], optionOf(reduction));
}
