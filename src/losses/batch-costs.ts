import { ArgumentError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { describeValue } from "../names/describe.ts";
import { ops } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import { Loss } from "./loss.ts";
import { countedRows, type LossRule, sampleCosts } from "./loss-rule.ts";
import { spreadOver } from "./reduction.ts";
import type { ResolvedLoss } from "./resolve.ts";

/** What a loss judges. */
export interface Judged {
  readonly labels: Value;
  readonly predictions: Value;
  /** bool [B] or [B, T]: where the predictions count. */
  readonly mask: Value | null;
}

/** What the rows of a batch cost, and which of them count. */
export interface BatchCosts {
  /** [B] or [B, T]; a scalar from a loss of one's own that has taken its mean itself. */
  readonly costs: Value;
  /** bool of the first axes of the costs; null: all count. */
  readonly mask: Value | null;
}

/** Recorded, like everything in a training step. */
export function batchCosts(loss: ResolvedLoss, judged: Judged): BatchCosts {
  if (typeof loss === "function") return ownCosts(loss, "The loss function", judged);
  if (loss instanceof Loss) {
    const call = loss.call.bind(loss);
    return ownCosts(call, `The loss ${loss.getClassName()}`, judged);
  }
  return ruleCosts(loss, judged);
}

function ruleCosts(rule: LossRule, { labels, predictions, mask }: Judged): BatchCosts {
  const isSequence = rule.labels === "sequence";
  const steps = mask !== null && mask.shape.length === 2 ? mask : null;
  const withSteps: LossRule = {
    ...rule,
    costs: (y, p) => rule.costs(y, p, steps),
  };
  const costs = sampleCosts(isSequence ? withSteps : rule, labels, predictions);
  const visible = fittingMask(mask, costs);
  const counted = countedRows(rule, labels, costs);
  if (counted === null || visible === null) return { costs, mask: counted ?? visible };
  return { costs, mask: ops.logicalAnd(spreadOver(visible, costs.shape, "mask"), counted) };
}

function ownCosts(
  call: (labels: Tensor, predictions: Tensor) => Tensor,
  what: string,
  { labels, predictions, mask }: Judged,
): BatchCosts {
  const given: unknown = call(Tensor.of(labels), Tensor.of(predictions));
  if (!(given instanceof Tensor)) {
    throw new ArgumentError(
      `${what} gave ${describeValue(given)}. Expected a tensor made of the labels and the predictions: ` +
        "(labels, predictions) => labels.sub(predictions).square().mean(-1).",
    );
  }
  const costs = ops.cast(given.value, "float32");
  return { costs, mask: fittingMask(mask, costs) };
}

/** The mask where it speaks of the axes that these costs have; a loss of one's own may have reduced them. */
function fittingMask(mask: Value | null, costs: Value): Value | null {
  if (mask === null || mask.shape.length > costs.shape.length) return null;
  return mask.shape.every((dim, axis) => dim === costs.shape[axis]) ? mask : null;
}
