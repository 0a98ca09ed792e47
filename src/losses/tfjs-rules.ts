import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import type { LossRule } from "./loss-rule.ts";

/** Keeps the logarithms of `logLoss` finite; TF.js's default. */
export const LOG_LOSS_EPSILON = 1e-7;

/** max(0, 1 - (2y - 1)·p), for labels that are 0 or 1. */
export const hingeLossRule: LossRule = {
  name: "hingeLoss",
  labels: "dense",
  perRow: false,
  costs(labels, predictions) {
    const sign = ops.sub(ops.mul(ops.literal(2), labels), ops.literal(1));
    return ops.relu(ops.sub(ops.literal(1), ops.mul(sign, predictions)));
  },
};

/** -y·log(p + ε) - (1 - y)·log(1 - p + ε) */
export function logLossRule(epsilon: number): LossRule {
  return {
    name: "logLoss",
    labels: "dense",
    perRow: false,
    settings: { epsilon },
    costs(labels, predictions) {
      const one = ops.literal(1);
      const log = (p: Value): Value => ops.log(ops.add(p, ops.scalar(HostScalar.of(epsilon))));
      const hit = ops.mul(labels, log(predictions));
      const miss = ops.mul(ops.sub(one, labels), log(ops.sub(one, predictions)));
      return ops.neg(ops.add(hit, miss));
    },
  };
}

/** 1 - Σ y·p along `axis`, which stays with size 1. */
export function cosineDistanceRule(axis: number): LossRule {
  return {
    name: "cosineDistance",
    labels: "dense",
    perRow: false,
    costs: (labels, predictions) =>
      ops.sub(ops.literal(1), ops.sum(ops.mul(labels, predictions), [axis], true)),
  };
}
