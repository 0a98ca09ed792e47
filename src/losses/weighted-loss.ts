import { ArgumentError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import { scope, Tensor, type TensorLike, toTensor } from "../tensor/index.ts";
import { countedRows, elementCosts, type LossRule } from "./loss-rule.ts";
import type { LossName } from "./names.ts";
import { reduceCosts } from "./reduction.ts";
import {
  type ReductionLike,
  type ReductionName,
  type ReductionOption,
  reductionOf,
} from "./reduction-names.ts";
import { type AllSettings, makeRule } from "./rules.ts";

/** Labels, predictions, weights: what every loss takes. */
export type LossArguments = readonly [TensorLike, TensorLike, (TensorLike | null)?];

/** A loss of tensors, by its rule. */
export function reducedLoss(
  rule: LossRule,
  [labels, predictions, weights]: LossArguments,
  reduction: ReductionName,
): Tensor {
  return scope(rule.name, () => {
    const y = toTensor(labels, `${rule.name} labels`).value;
    const p = toTensor(predictions, `${rule.name} predictions`).value;
    const w = weightsOf(rule.name, weights);
    const costs = elementCosts(rule, y, p);
    return Tensor.of(reduceCosts(costs, countedWeights(countedRows(rule, y, costs), w), reduction));
  });
}

/** A loss of tensors, by its name and the options of its function. */
export function namedLoss(
  name: LossName,
  given: LossArguments,
  options: AllSettings & ReductionOption = {},
): Tensor {
  const rule = makeRule(name, options, { reduction: "any" });
  return reducedLoss(rule, given, reductionOf(name, options.reduction));
}

/**
 * Losses times weights, as one number.
 *
 * Counterpart of `tf.losses.computeWeightedLoss`.
 *
 * @example
 * const loss = sl.losses.computeWeightedLoss([1, 2, 3], [1, 0, 2], sl.losses.Reduction.SUM);
 * console.log(await loss.data()); // Float32Array [ 7 ]
 *
 * @param losses Any shape.
 * @param weights Factor of each loss; broadcasts to the shape of the losses.
 * @param reduction How they become one number, or `"none"`. Default: the mean over those whose weight is not 0.
 * @returns Scalar; with the reduction `"none"` all losses.
 * @throws {ShapeError} when the weights do not broadcast.
 */
export function computeWeightedLoss(
  losses: TensorLike,
  weights?: TensorLike | null,
  reduction?: ReductionLike,
): Tensor {
  const how = reductionOf("computeWeightedLoss", reduction);
  return scope("computeWeightedLoss", () => {
    const costs = ops.cast(toTensor(losses, "computeWeightedLoss losses").value, "float32");
    return Tensor.of(reduceCosts(costs, weightsOf("computeWeightedLoss", weights), how));
  });
}

/** Rows that do not count have the weight 0. */
function countedWeights(counted: Value | null, weights: Value | null): Value | null {
  if (counted === null) return weights;
  const isCounted = ops.cast(counted, "float32");
  return weights === null ? isCounted : ops.mul(isCounted, weights);
}

/** A lone boolean is an option of another library (`fromLogits`), not a weight of 1. */
function weightsOf(label: string, weights: TensorLike | null | undefined): Value | null {
  if (weights === undefined || weights === null) return null;
  if (typeof weights === "boolean") {
    throw new ArgumentError(
      `${label}: received ${weights} as weights. Expected numbers; options come after them: ` +
        `${label}(labels, predictions, undefined, { fromLogits: true }).`,
    );
  }
  return toTensor(weights, `${label} weights`).value;
}
