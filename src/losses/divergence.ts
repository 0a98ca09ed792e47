import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import { EPSILON } from "./epsilon.ts";
import type { LossRule } from "./loss-rule.ts";

/** Σ y·log(y / p) along the last axis, both kept in [1e-7, 1]. Kullback & Leibler 1951. */
export const klDivergenceRule: LossRule = {
  name: "klDivergence",
  labels: "dense",
  perRow: true,
  costs(labels, predictions) {
    const [y, p] = [bounded(labels), bounded(predictions)];
    const terms = ops.mul(y, ops.sub(ops.log(y), ops.log(p)));
    return ops.sum(terms, [predictions.shape.length - 1]);
  },
};

/** p - y·log(p + 1e-7): counts y of a Poisson distribution with the mean p. */
export const poissonRule: LossRule = {
  name: "poisson",
  labels: "dense",
  perRow: false,
  costs: (labels, predictions) =>
    ops.sub(predictions, ops.mul(labels, ops.log(ops.add(predictions, ops.literal(EPSILON))))),
};

function bounded(x: Value): Value {
  return ops.minimum(ops.maximum(x, ops.literal(EPSILON)), ops.literal(1));
}
