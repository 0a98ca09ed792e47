import { ArgumentError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import { type Tensor, type TensorLike, toTensor } from "../tensor/index.ts";
import { binaryCrossentropyRule, categoricalCrossentropyRule } from "./crossentropy.ts";
import { type ReductionLike, reductionOf } from "./reduction-names.ts";
import { huberRule, meanAbsoluteErrorRule } from "./regression.ts";
import { cosineDistanceRule, hingeLossRule, LOG_LOSS_EPSILON, logLossRule } from "./tfjs-rules.ts";
import { reducedLoss } from "./weighted-loss.ts";

// The losses that TF.js has under names and with arguments of its own, for programs that move over.

/**
 * Mean of |prediction - label|; the same as `losses.meanAbsoluteError`.
 *
 * @example
 * const loss = sl.losses.absoluteDifference([1, 2], [1.5, 2]);
 * console.log(await loss.data()); // Float32Array [ 0.25 ]
 * @param weights Factor of each element's loss; broadcasts. The mean is over those whose weight is not 0.
 * @see TF.js `tf.losses.absoluteDifference`
 */
export function absoluteDifference(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike,
): Tensor {
  const rule = { ...meanAbsoluteErrorRule, name: "absoluteDifference" };
  return reducedLoss(rule, [labels, predictions, weights], reductionOf(rule.name, reduction));
}

/**
 * Mean of the Huber loss: ½e² for |e| ≤ delta, else delta·|e| - ½delta².
 *
 * @example
 * const loss = sl.losses.huberLoss([0, 0], [0.5, 3]);
 * console.log(await loss.data()); // Float32Array [ 1.3125 ]
 * @param delta Where the loss turns from square to straight. Default 1.
 * @see TF.js `tf.losses.huberLoss`
 */
export function huberLoss(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  ...[delta, reduction]: [delta?: number, reduction?: ReductionLike]
): Tensor {
  const rule = { ...huberRule(numberOr(1, delta, "huberLoss: delta")), name: "huberLoss" };
  return reducedLoss(rule, [labels, predictions, weights], reductionOf(rule.name, reduction));
}

/**
 * Crossentropy of classes from raw scores: -Σ y·logSoftmax(x) along the last axis.
 *
 * @example
 * const loss = sl.losses.softmaxCrossEntropy([[0, 1]], [[0, 0]]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.6931
 * @param onehotLabels [.., V]
 * @param logits [.., V]
 * @param weights Factor of each row's loss, [..].
 * @param labelSmoothing How far labels are drawn towards 1/V. Default 0.
 * @see TF.js `tf.losses.softmaxCrossEntropy`
 */
export function softmaxCrossEntropy(
  onehotLabels: TensorLike,
  logits: TensorLike,
  weights?: TensorLike | null,
  ...[labelSmoothing, reduction]: [labelSmoothing?: number, reduction?: ReductionLike]
): Tensor {
  const smoothing = numberOr(0, labelSmoothing, "softmaxCrossEntropy: labelSmoothing");
  const rule = {
    ...categoricalCrossentropyRule({ fromLogits: true, labelSmoothing: smoothing }),
    name: "softmaxCrossEntropy",
  };
  return reducedLoss(rule, [onehotLabels, logits, weights], reductionOf(rule.name, reduction));
}

/**
 * Crossentropy of yes and no from raw scores, each element for itself.
 *
 * @example
 * const loss = sl.losses.sigmoidCrossEntropy([1, 0], [0, 0]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.6931
 * @param labelSmoothing How far labels are drawn towards ½. Default 0.
 * @see TF.js `tf.losses.sigmoidCrossEntropy`
 */
export function sigmoidCrossEntropy(
  multiClassLabels: TensorLike,
  logits: TensorLike,
  weights?: TensorLike | null,
  ...[labelSmoothing, reduction]: [labelSmoothing?: number, reduction?: ReductionLike]
): Tensor {
  const smoothing = numberOr(0, labelSmoothing, "sigmoidCrossEntropy: labelSmoothing");
  const rule = {
    ...binaryCrossentropyRule({ fromLogits: true, labelSmoothing: smoothing }),
    name: "sigmoidCrossEntropy",
  };
  return reducedLoss(rule, [multiClassLabels, logits, weights], reductionOf(rule.name, reduction));
}

/**
 * Mean of -y·log(p + epsilon) - (1 - y)·log(1 - p + epsilon).
 *
 * @example
 * const loss = sl.losses.logLoss([1, 0], [0.5, 0.5]);
 * console.log((await loss.data())[0]?.toFixed(4)); // 0.6931
 * @param epsilon Keeps the logarithms finite. Default 1e-7.
 * @see TF.js `tf.losses.logLoss`
 */
export function logLoss(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  ...[epsilon, reduction]: [epsilon?: number, reduction?: ReductionLike]
): Tensor {
  const rule = logLossRule(numberOr(LOG_LOSS_EPSILON, epsilon, "logLoss: epsilon"));
  return reducedLoss(rule, [labels, predictions, weights], reductionOf(rule.name, reduction));
}

/**
 * Mean of max(0, 1 - (2y - 1)·p), for labels that are 0 or 1.
 *
 * @example
 * const loss = sl.losses.hingeLoss([0, 1], [0.5, 3]);
 * console.log(await loss.data()); // Float32Array [ 0.75 ]
 * @see TF.js `tf.losses.hingeLoss`
 */
export function hingeLoss(
  labels: TensorLike,
  predictions: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike,
): Tensor {
  return reducedLoss(
    hingeLossRule,
    [labels, predictions, weights],
    reductionOf("hingeLoss", reduction),
  );
}

/**
 * Mean of 1 - Σ y·p along an axis. Labels and predictions are taken to have length 1 there.
 *
 * @example
 * const loss = sl.losses.cosineDistance([[0, 1]], [[0, 1]], 1);
 * console.log(await loss.data()); // Float32Array [ 0 ]
 * @param axis The axis to sum over; negative: from the end.
 * @param weights Factor of each loss; the axis has size 1 there.
 * @see TF.js `tf.losses.cosineDistance`
 */
export function cosineDistance(
  labels: TensorLike,
  predictions: TensorLike,
  axis: number,
  ...[weights, reduction]: [weights?: TensorLike | null, reduction?: ReductionLike]
): Tensor {
  const { rank } = toTensor(predictions, "cosineDistance predictions");
  const from = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(from) || from < 0 || from >= rank) {
    throw new ArgumentError(
      `cosineDistance: received ${describeValue(axis)} as axis. Expected a whole number from ${-rank} to ${rank - 1}.`,
    );
  }
  const how = reductionOf("cosineDistance", reduction);
  return reducedLoss(cosineDistanceRule(from), [labels, predictions, weights], how);
}

/** @throws {ArgumentError} for what is given and no number, such as a reduction in its place. */
function numberOr(preset: number, given: number | null | undefined, what: string): number {
  const value = given ?? preset;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ArgumentError(`${what} is ${describeValue(value)}. Expected a number.`);
}
