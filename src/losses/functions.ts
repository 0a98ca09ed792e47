import type { TensorLike } from "../tensor/index.ts";
import { scope, Tensor, toTensor } from "../tensor/index.ts";
import {
  binaryCrossentropyRule,
  categoricalCrossentropyRule,
  sparseCategoricalCrossentropyRule,
} from "./crossentropy.ts";
import { elementCosts, type LossRule } from "./loss-rule.ts";
import { meanByNonzeroWeights } from "./reduction.ts";
import {
  cosineSimilarityRule,
  huberRule,
  logCoshRule,
  meanAbsoluteErrorRule,
  meanSquaredErrorRule,
} from "./regression.ts";

/** What the predictions of a crossentropy are. */
export interface FromLogits {
  /** Whether predictions are raw scores instead of probabilities. Default false. */
  readonly fromLogits?: boolean;
}

/** Settings of a crossentropy whose labels are probabilities too. */
export interface CrossentropyOptions extends FromLogits {
  /** How far labels are drawn towards the uniform distribution, 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
}

/** Settings of `huber`. */
export interface HuberOptions {
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
 * @returns Scalar.
 * @throws {ShapeError} when the shapes differ.
 */
export function meanSquaredError(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike,
): Tensor {
  return weightedMean(meanSquaredErrorRule, labels, predictions, weights);
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
 * @returns Scalar.
 * @throws {ShapeError} when the shapes differ.
 */
export function meanAbsoluteError(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike,
): Tensor {
  return weightedMean(meanAbsoluteErrorRule, labels, predictions, weights);
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
 * @returns Scalar.
 * @throws {ShapeError} when the shapes differ.
 */
export function huber(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike,
  options: HuberOptions = {},
): Tensor {
  return weightedMean(huberRule(options.delta ?? 1), labels, predictions, weights);
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
 * @returns Scalar.
 * @throws {ShapeError} when the shapes differ.
 */
export function logCosh(labels: TensorLike, predictions: TensorLike, weights?: TensorLike): Tensor {
  return weightedMean(logCoshRule, labels, predictions, weights);
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
 * @returns Scalar.
 * @throws {ShapeError} when the shapes differ.
 */
export function cosineSimilarity(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike,
): Tensor {
  return weightedMean(cosineSimilarityRule, labels, predictions, weights);
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
 * @returns Scalar.
 * @throws {ShapeError} when the shapes differ.
 */
export function binaryCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike,
  options: CrossentropyOptions = {},
): Tensor {
  return weightedMean(binaryCrossentropyRule(filled(options)), labels, predictions, weights);
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
 * @returns Scalar.
 * @throws {ShapeError} when the shapes differ; class numbers take `sparseCategoricalCrossentropy`.
 */
export function categoricalCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike,
  options: CrossentropyOptions = {},
): Tensor {
  return weightedMean(categoricalCrossentropyRule(filled(options)), labels, predictions, weights);
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
 * @returns Scalar.
 * @throws {ShapeError} when the shapes do not fit; one-hot labels take `categoricalCrossentropy`.
 */
export function sparseCategoricalCrossentropy(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike,
  options: FromLogits = {},
): Tensor {
  const rule = sparseCategoricalCrossentropyRule(options.fromLogits ?? false);
  return weightedMean(rule, labels, predictions, weights);
}

function weightedMean(
  rule: LossRule,
  labels: TensorLike,
  predictions: TensorLike,
  weights: TensorLike | undefined,
): Tensor {
  return scope(rule.name, () => {
    const y = toTensor(labels, `${rule.name} labels`).value;
    const p = toTensor(predictions, `${rule.name} predictions`).value;
    const w = weights === undefined ? null : toTensor(weights, `${rule.name} weights`).value;
    return Tensor.of(meanByNonzeroWeights(elementCosts(rule, y, p), w));
  });
}

function filled(options: CrossentropyOptions): { fromLogits: boolean; labelSmoothing: number } {
  return { fromLogits: options.fromLogits ?? false, labelSmoothing: options.labelSmoothing ?? 0 };
}
