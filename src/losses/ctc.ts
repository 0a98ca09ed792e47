import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import type { LossRule } from "./loss-rule.ts";

/** Steps and labels of each row, int32 [B]; absent: all steps, all labels above 0. */
export interface CtcLengths {
  readonly inputLengths?: Value | null;
  readonly labelLengths?: Value | null;
}

/**
 * -log of the sum over all alignments of a row's labels to its steps, from logits. Class 0 is the blank, and pads the
 * labels. A mask says how many steps a row has, from the first on.
 */
export function ctcRule(zeroInfinity: boolean, lengths: CtcLengths = {}): LossRule {
  return {
    name: "ctc",
    labels: "sequence",
    perRow: true,
    settings: { zeroInfinity },
    costs(labels, predictions, mask = null) {
      const [rows = 0, steps = 0] = predictions.shape;
      const allSteps = (): Value =>
        mask === null ? ops.literal(steps, [rows], "int32") : ops.sum(ops.cast(mask, "int32"), [1]);
      const isLabel = ops.greater(labels, ops.literal(0, [], "int32"));
      const losses = ops.ctcLoss({
        logProbs: ops.logSoftmax(predictions),
        labels,
        inputLengths: lengths.inputLengths ?? allSteps(),
        labelLengths: lengths.labelLengths ?? ops.sum(ops.cast(isLabel, "int32"), [1]),
      });
      if (!zeroInfinity) return losses;
      return ops.where(ops.isInf(losses), ops.literal(0), losses);
    },
  };
}
