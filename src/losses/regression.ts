import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import { EPSILON } from "./epsilon.ts";
import type { LossRule } from "./loss-rule.ts";

/** (p - y)² */
export const meanSquaredErrorRule: LossRule = {
  name: "meanSquaredError",
  labels: "dense",
  perRow: false,
  costs: (labels, predictions) => ops.square(ops.sub(predictions, labels)),
};

/** |p - y| */
export const meanAbsoluteErrorRule: LossRule = {
  name: "meanAbsoluteError",
  labels: "dense",
  perRow: false,
  costs: (labels, predictions) => ops.abs(ops.sub(predictions, labels)),
};

/** 100·|p - y| / |y|, the divisor kept above 1e-7, as Keras does. */
export const meanAbsolutePercentageErrorRule: LossRule = {
  name: "meanAbsolutePercentageError",
  labels: "dense",
  perRow: false,
  costs(labels, predictions) {
    const size = ops.maximum(ops.abs(labels), ops.literal(EPSILON));
    return ops.mul(ops.literal(100), ops.div(ops.abs(ops.sub(predictions, labels)), size));
  },
};

/** (log(1 + p) - log(1 + y))²; what is below 1e-7 counts as that, as in Keras. */
export const meanSquaredLogarithmicErrorRule: LossRule = {
  name: "meanSquaredLogarithmicError",
  labels: "dense",
  perRow: false,
  costs(labels, predictions) {
    const log = (x: Value): Value => ops.log1p(ops.maximum(x, ops.literal(EPSILON)));
    return ops.square(ops.sub(log(predictions), log(labels)));
  },
};

/** ½e² for |e| ≤ delta, else delta·|e| - ½delta², with e = p - y. Huber 1964. */
export function huberRule(delta: number): LossRule {
  return {
    name: "huber",
    labels: "dense",
    perRow: false,
    settings: { delta },
    costs(labels, predictions) {
      const error = ops.abs(ops.sub(predictions, labels));
      const bound = number(delta);
      const linear = ops.sub(ops.mul(bound, error), number(0.5 * delta * delta));
      const quadratic = ops.mul(ops.literal(0.5), ops.square(error));
      return ops.where(ops.lessEqual(error, bound), quadratic, linear);
    },
  };
}

/** log(cosh(e)) as e + softplus(-2e) - log 2, which does not overflow. */
export const logCoshRule: LossRule = {
  name: "logCosh",
  labels: "dense",
  perRow: false,
  costs(labels, predictions) {
    const error = ops.sub(predictions, labels);
    const tail = ops.softplus(ops.mul(ops.literal(-2), error));
    return ops.sub(ops.add(error, tail), ops.literal(Math.LN2));
  },
};

/** -Σ y·p / (|y|·|p|) along the last axis: -1 for vectors of one direction, 1 for opposite ones. */
export const cosineSimilarityRule: LossRule = {
  name: "cosineSimilarity",
  labels: "dense",
  perRow: true,
  costs(labels, predictions) {
    const axis = [predictions.shape.length - 1];
    const product = ops.mul(unitRows(labels), unitRows(predictions));
    return ops.neg(ops.sum(product, axis));
  },
};

/** Squared lengths are kept above this, as Keras's `ops.normalize` does: lengths above its epsilon, 1e-7. */
const SMALLEST_SQUARED_LENGTH = 1e-14;

/** Rows x / |x| along the last axis. */
export function unitRows(x: Value): Value {
  const squares = ops.sum(ops.square(x), [x.shape.length - 1], true);
  const bounded = ops.maximum(squares, ops.literal(SMALLEST_SQUARED_LENGTH));
  return ops.mul(x, ops.rsqrt(bounded));
}

/** A number that a user chose: a run-time scalar, so that it is no part of a shader. */
function number(value: number): Value {
  return ops.scalar(HostScalar.of(value));
}
