import { checkKeys } from "../names/check-keys.ts";
import type { Tensor, TensorLike } from "../tensor/index.ts";
import {
  binaryCrossentropyRule,
  categoricalCrossentropyRule,
  sparseCategoricalCrossentropyRule,
} from "./crossentropy.ts";
import { type ReductionLike, type ReductionOption, reductionOf } from "./reduction-names.ts";
import {
  cosineSimilarityRule,
  huberRule,
  logCoshRule,
  meanAbsoluteErrorRule,
  meanSquaredErrorRule,
} from "./regression.ts";
import { reducedLoss } from "./weighted-loss.ts";

/** What the predictions of a crossentropy are. */
export interface FromLogits extends ReductionOption {
  /** Whether predictions are raw scores instead of probabilities. Default false. */
  readonly fromLogits?: boolean;
}

/** Settings of a crossentropy whose labels are probabilities too. */
export interface CrossentropyOptions extends FromLogits {
  /** How far labels are drawn towards the uniform distribution, 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
}

/** Settings of `huber`. */
export interface HuberOptions extends ReductionOption {
  /** Where the loss turns from square to straight, in units of the error. Default 1. */
  readonly delta?: number;
}

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
  return reducedLoss(
    meanSquaredErrorRule,
    [labels, predictions, weights],
    reductionOf("meanSquaredError", reduction),
  );
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
  return reducedLoss(
    meanAbsoluteErrorRule,
    [labels, predictions, weights],
    reductionOf("meanAbsoluteError", reduction),
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
  checkKeys("huber options", options, { delta: "number", reduction: "any" });
  const rule = huberRule(options.delta ?? 1);
  return reducedLoss(rule, [labels, predictions, weights], reductionOf("huber", options.reduction));
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
  return reducedLoss(
    logCoshRule,
    [labels, predictions, weights],
    reductionOf("logCosh", reduction),
  );
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
  return reducedLoss(
    cosineSimilarityRule,
    [labels, predictions, weights],
    reductionOf("cosineSimilarity", reduction),
  );
}

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
  const rule = binaryCrossentropyRule(filled("binaryCrossentropy", options));
  return reducedLoss(
    rule,
    [labels, predictions, weights],
    reductionOf(rule.name, options.reduction),
  );
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
  const rule = categoricalCrossentropyRule(filled("categoricalCrossentropy", options));
  return reducedLoss(
    rule,
    [labels, predictions, weights],
    reductionOf(rule.name, options.reduction),
  );
}

/**
 * Mean of -log p[y] over the rows along the last axis, for labels that are numbers of V classes.
 *
 * Counterpart of `keras.losses.SparseCategoricalCrossentropy`. From logits it is one kernel that keeps no
 * probabilities. A label outside 0 to V-1 gives NaN, so that it is noticed.
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
  options: FromLogits = {},
): Tensor {
  checkKeys("sparseCategoricalCrossentropy options", options, {
    fromLogits: "boolean",
    reduction: "any",
  });
  const rule = sparseCategoricalCrossentropyRule(options.fromLogits ?? false);
  return reducedLoss(
    rule,
    [labels, predictions, weights],
    reductionOf(rule.name, options.reduction),
  );
}

function filled(
  label: string,
  options: CrossentropyOptions,
): { fromLogits: boolean; labelSmoothing: number } {
  checkKeys(`${label} options`, options, {
    fromLogits: "boolean",
    labelSmoothing: "number",
    reduction: "any",
  });
  return { fromLogits: options.fromLogits ?? false, labelSmoothing: options.labelSmoothing ?? 0 };
}
