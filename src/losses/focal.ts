import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import {
  binaryCrossentropyRule,
  type CrossentropySettings,
  clip,
  normalized,
  smooth,
} from "./crossentropy.ts";
import { EPSILON } from "./epsilon.ts";
import type { LossRule } from "./loss-rule.ts";

/** How much less what is nearly right counts, and how the classes are balanced. */
export interface FocalSettings extends CrossentropySettings {
  readonly alpha: number;
  readonly gamma: number;
}

/**
 * (1 - pₜ)^gamma times the crossentropy, pₜ being the probability of what is right; with balancing also times alpha for
 * 1 and 1 - alpha for 0. Lin et al. 2017, arXiv:1708.02002.
 */
export function binaryFocalCrossentropyRule(
  settings: FocalSettings & { readonly applyClassBalancing: boolean },
): LossRule {
  const { fromLogits, labelSmoothing, alpha, gamma, applyClassBalancing } = settings;
  const crossentropy = binaryCrossentropyRule({ fromLogits, labelSmoothing: 0 });
  return {
    name: "binaryFocalCrossentropy",
    labels: "dense",
    perRow: false,
    settings: { ...settings },
    costs(labels, predictions) {
      const one = ops.literal(1);
      const y = smooth(labels, labelSmoothing, 2);
      const [hit, miss] = fromLogits
        ? [ops.sigmoid(predictions), ops.sigmoid(ops.neg(predictions))]
        : [predictions, ops.sub(one, predictions)];
      const against = ops.sub(one, y);
      const wrong = ops.add(ops.mul(y, miss), ops.mul(against, hit)); // 1 - pₜ
      const focal = ops.mul(power(wrong, gamma), crossentropy.costs(y, predictions));
      if (!applyClassBalancing) return focal;
      return ops.mul(
        focal,
        ops.add(ops.mul(y, number(alpha)), ops.mul(against, number(1 - alpha))),
      );
    },
  };
}

/** -Σ alpha·(1 - p)^gamma·y·log p along the last axis, p being made to sum to 1. */
export function categoricalFocalCrossentropyRule(settings: FocalSettings): LossRule {
  const { fromLogits, labelSmoothing, alpha, gamma } = settings;
  return {
    name: "categoricalFocalCrossentropy",
    labels: "dense",
    perRow: true,
    settings: { ...settings },
    costs(labels, predictions) {
      const classAxis = predictions.shape.length - 1;
      const y = smooth(labels, labelSmoothing, predictions.shape[classAxis] ?? 1);
      const p = fromLogits ? ops.softmax(predictions) : clip(normalized(predictions));
      const logs = fromLogits ? ops.logSoftmax(predictions) : ops.log(p);
      const focus = ops.mul(number(alpha), power(ops.sub(ops.literal(1), p), gamma));
      return ops.neg(ops.sum(ops.mul(focus, ops.mul(y, logs)), [classAxis]));
    },
  };
}

/** base^gamma; the base is kept above 0, where the slope is infinite for gamma below 1. */
function power(base: Value, gamma: number): Value {
  return ops.pow(ops.maximum(base, ops.literal(EPSILON)), number(gamma));
}

function number(value: number): Value {
  return ops.scalar(HostScalar.of(value));
}
