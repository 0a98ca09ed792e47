import type { Tensor, TensorLike } from "../tensor/index.ts";
import type {
  BinaryFocalCrossentropyOptions,
  CrossentropyOptions,
  FocalCrossentropyOptions,
  SparseCrossentropyOptions,
} from "./names.ts";
import { namedLoss } from "./weighted-loss.ts";

/**
 * Mean of -(y·log p + (1 - y)·log(1 - p)), for labels that are yes or no, each element for itself.
 *
 * Counterpart of `keras.losses.BinaryCrossentropy`; with `fromLogits`, of `tf.losses.sigmoidCrossEntropy`.
 * Probabilities are kept 1e-7 away from 0 and 1; logits need no such care and are to be preferred.
 *
 * @example
 * const loss = sl.losses.binaryCrossentropy([1, 0], [0.5, 0.5]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.6931
 *
 * @param labels 0 to 1, any shape.
 * @param predictions Probabilities, or raw scores with `fromLogits`; the same shape.
 * @param weights As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function binaryCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  options: CrossentropyOptions = {},
): Tensor {
  return namedLoss("binaryCrossentropy", [labels, predictions, weights], options);
}

/**
 * Mean of -Σ y·log p over the rows along the last axis, for labels that are probabilities of V classes (one-hot, as
 * a rule).
 *
 * Counterpart of `keras.losses.CategoricalCrossentropy`; with `fromLogits`, of `tf.losses.softmaxCrossEntropy`.
 * Probabilities are divided by their sum and kept 1e-7 away from 0 and 1.
 *
 * @example
 * const loss = sl.losses.categoricalCrossentropy([[0, 1, 0]], [[0.25, 0.5, 0.25]]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.6931
 *
 * @param labels [.., V]
 * @param predictions Probabilities, or raw scores with `fromLogits`; [.., V].
 * @param weights Factor of each row's loss, [..]; as in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ; class numbers take `sparseCategoricalCrossentropy`.
 */
export function categoricalCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  options: CrossentropyOptions = {},
): Tensor {
  return namedLoss("categoricalCrossentropy", [labels, predictions, weights], options);
}

/**
 * Mean of -log p[y] over the rows along the last axis, for labels that are numbers of V classes.
 *
 * Counterpart of `keras.losses.SparseCategoricalCrossentropy`. From logits it is one kernel that keeps no
 * probabilities. A label outside 0 to V-1 gives NaN, so that it is noticed; `ignoreClass` may be one outside. PyTorch's
 * `cross_entropy` is this with `fromLogits`; its `ignore_index` is `ignoreClass`, or `ignoreIndex`, and the mean is over
 * the rows that count, as there. With `labelSmoothing` ε the right class has 1 - ε + ε/V, every other one ε/V.
 *
 * @example
 * const loss = sl.losses.sparseCategoricalCrossentropy([1], [[0.25, 0.5, 0.25]]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.6931
 *
 * @param labels Class numbers, [..] or [.., 1]; int32, or float32 with whole numbers.
 * @param predictions Probabilities, or raw scores with `fromLogits`; [.., V].
 * @param weights Factor of each row's loss, [..]; as in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes do not fit; one-hot labels take `categoricalCrossentropy`.
 */
export function sparseCategoricalCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  options: SparseCrossentropyOptions = {},
): Tensor {
  return namedLoss("sparseCategoricalCrossentropy", [labels, predictions, weights], options);
}

/**
 * Mean of (1 - pₜ)^gamma times the binary crossentropy, pₜ being the probability of what is right: what is nearly right
 * counts little, so that many easy samples do not drown the hard ones.
 *
 * Counterpart of `keras.losses.BinaryFocalCrossentropy`; from logits the crossentropy is exact instead of clipped.
 * Lin et al. 2017, arXiv:1708.02002.
 *
 * @example
 * const loss = sl.losses.binaryFocalCrossentropy([1, 0], [0.5, 0.5]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.1733
 *
 * @param labels 0 to 1, any shape.
 * @param predictions Probabilities, or raw scores with `fromLogits`; the same shape.
 * @param weights As in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function binaryFocalCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  options: BinaryFocalCrossentropyOptions = {},
): Tensor {
  return namedLoss("binaryFocalCrossentropy", [labels, predictions, weights], options);
}

/**
 * Mean of -Σ alpha·(1 - p)^gamma·y·log p over the rows along the last axis, for labels that are one-hot.
 *
 * Counterpart of `keras.losses.CategoricalFocalCrossentropy`. Lin et al. 2017, arXiv:1708.02002.
 *
 * @example
 * const loss = sl.losses.categoricalFocalCrossentropy([[0, 1]], [[0.5, 0.5]]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.0433
 *
 * @param labels [.., V]
 * @param predictions Probabilities, or raw scores with `fromLogits`; [.., V].
 * @param weights Factor of each row's loss, [..]; as in `meanSquaredError`.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the shapes differ.
 */
export function categoricalFocalCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  options: FocalCrossentropyOptions = {},
): Tensor {
  return namedLoss("categoricalFocalCrossentropy", [labels, predictions, weights], options);
}
