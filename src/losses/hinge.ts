import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import type { LossRule } from "./loss-rule.ts";

/** max(0, 1 - y·p), for labels of -1 and 1, or of 0 and 1. */
export const hingeRule: LossRule = {
  name: "hinge",
  labels: "dense",
  perRow: false,
  costs: margin,
};

/** max(0, 1 - y·p)², for the same labels. */
export const squaredHingeRule: LossRule = {
  name: "squaredHinge",
  labels: "dense",
  perRow: false,
  costs: (labels, predictions) => ops.square(margin(labels, predictions)),
};

/** max(0, 1 + max((1 - y)·p) - Σ y·p) along the last axis, for one-hot labels. */
export const categoricalHingeRule: LossRule = {
  name: "categoricalHinge",
  labels: "dense",
  perRow: true,
  costs(labels, predictions) {
    const axis = [predictions.shape.length - 1];
    const right = ops.sum(ops.mul(labels, predictions), axis);
    const wrong = ops.max(ops.mul(ops.sub(ops.literal(1), labels), predictions), axis);
    return ops.relu(ops.add(ops.sub(wrong, right), ops.literal(1)));
  },
};

function margin(labels: Value, predictions: Value): Value {
  return ops.relu(ops.sub(ops.literal(1), ops.mul(signs(labels), predictions)));
}

/** Labels 0 and 1 become -1 and 1, where a whole batch has no others; so has Keras it. */
function signs(labels: Value): Value {
  const isZero = ops.equal(labels, ops.literal(0));
  const isBit = ops.logicalOr(isZero, ops.equal(labels, ops.literal(1)));
  const allBits = ops.greater(ops.min(ops.cast(isBit, "float32")), ops.literal(0));
  const stretched = ops.sub(ops.mul(ops.literal(2), labels), ops.literal(1));
  return ops.where(allBits, stretched, labels);
}
