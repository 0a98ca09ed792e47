import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import type { LossRule } from "./loss-rule.ts";

/** Probabilities are kept 1e-7 from 0 and 1, Keras's `epsilon()`; 1 - 1e-7 as float32 has it is 1 - 2⁻²³. */
const LOWEST = Math.fround(1e-7);
const HIGHEST = Math.fround(1 - 1e-7);

/** What predictions are, and how far labels are drawn towards the middle. */
export interface CrossentropySettings {
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
}

/** -(y·log p + (1-y)·log(1-p)), or from logits x: softplus(x) - x·y. */
export function binaryCrossentropyRule(settings: CrossentropySettings): LossRule {
  return {
    name: "binaryCrossentropy",
    labels: "dense",
    perRow: false,
    settings: { ...settings },
    costs(labels, predictions) {
      const y = smooth(labels, settings.labelSmoothing, 2);
      // softplus has its own gradient, right at 0 too, where that of max(x, 0) + log1p(exp(-|x|)) is not.
      if (settings.fromLogits) return ops.sub(ops.softplus(predictions), ops.mul(predictions, y));
      const p = clip(predictions);
      const one = ops.literal(1);
      const hit = ops.mul(y, ops.log(p));
      const miss = ops.mul(ops.sub(one, y), ops.log(ops.sub(one, p)));
      return ops.neg(ops.add(hit, miss));
    },
  };
}

/** -Σ y·log p along the last axis, p being made to sum to 1; or -Σ y·logSoftmax(x) from logits x. */
export function categoricalCrossentropyRule(settings: CrossentropySettings): LossRule {
  return {
    name: "categoricalCrossentropy",
    labels: "dense",
    perRow: true,
    settings: { ...settings },
    costs(labels, predictions) {
      const classes = predictions.shape[predictions.shape.length - 1] ?? 1;
      const y = smooth(labels, settings.labelSmoothing, classes);
      const logs = settings.fromLogits
        ? ops.logSoftmax(predictions)
        : ops.log(clip(normalized(predictions)));
      return ops.neg(ops.sum(ops.mul(y, logs), [predictions.shape.length - 1]));
    },
  };
}

/** What predictions are, how far labels are drawn towards the middle, and which label means that there is none. */
export interface SparseSettings {
  readonly fromLogits: boolean;
  /** Default 0. */
  readonly labelSmoothing?: number;
  readonly ignoreClass?: number | undefined;
}

/**
 * -log p[y] along the last axis, y being a class number; or logSumExp(x) - x[y] from logits x.
 * With `labelSmoothing` ε the part ε of that is the mean over all classes instead. A class number that there is not
 * gives NaN, so that it is noticed; the one to be ignored costs 0.
 */
export function sparseCategoricalCrossentropyRule({
  fromLogits,
  labelSmoothing = 0,
  ignoreClass,
}: SparseSettings): LossRule {
  const all = (labels: Value, predictions: Value): Value =>
    fromLogits
      ? ops.sparseCrossEntropy(predictions, labels, labelSmoothing)
      : sparseFromProbabilities(labels, predictions, labelSmoothing);
  const own = { fromLogits, ...(labelSmoothing === 0 ? {} : { labelSmoothing }) };
  const rule = { name: "sparseCategoricalCrossentropy", labels: "sparse", perRow: true } as const;
  if (ignoreClass === undefined) return { ...rule, settings: own, costs: all };
  return {
    ...rule,
    settings: { ...own, ignoreClass },
    ignoreClass,
    costs(labels, predictions) {
      const isCounted = ops.notEqual(labels, ops.scalar(HostScalar.of(ignoreClass, "int32")));
      const costs = all(ops.where(isCounted, labels, ops.literal(0, [], "int32")), predictions);
      return ops.where(isCounted, costs, ops.literal(0));
    },
  };
}

function sparseFromProbabilities(labels: Value, predictions: Value, smoothing: number): Value {
  const classAxis = predictions.shape.length - 1;
  const classes = predictions.shape[classAxis] ?? 1;
  const column = ops.reshape(labels, [...labels.shape, 1]); // [.., 1]
  const isLabel = ops.equal(ops.range(classes), column); // [.., V]
  const p = clip(normalized(predictions)); // [.., V]
  const chosen = ops.sum(ops.where(isLabel, p, ops.literal(0)), [classAxis]); // [..]
  const count = ops.scalar(HostScalar.of(classes, "int32"));
  const exists = ops.logicalAnd(
    ops.greaterEqual(labels, ops.literal(0, [], "int32")),
    ops.less(labels, count),
  );
  const hit = ops.log(chosen); // [..]
  const gain =
    smoothing === 0
      ? hit
      : ops.add(
          ops.mul(hit, ops.scalar(HostScalar.of(1 - smoothing))),
          ops.mul(ops.mean(ops.log(p), [classAxis]), ops.scalar(HostScalar.of(smoothing))),
        );
  return ops.where(exists, ops.neg(gain), ops.scalar(HostScalar.of(Number.NaN)));
}

/** y·(1-s) + s/classes */
export function smooth(labels: Value, smoothing: number, classes: number): Value {
  if (smoothing === 0) return labels;
  const kept = ops.mul(labels, ops.scalar(HostScalar.of(1 - smoothing)));
  return ops.add(kept, ops.scalar(HostScalar.of(smoothing / classes)));
}

/** Rows that sum to 1 along the last axis. */
export function normalized(probabilities: Value): Value {
  const total = ops.sum(probabilities, [probabilities.shape.length - 1], true); // [.., 1]
  return ops.div(probabilities, total);
}

/** Probabilities, kept from 0 and 1. */
export function clip(p: Value): Value {
  return ops.minimum(ops.maximum(p, ops.literal(LOWEST)), ops.literal(HIGHEST));
}
