import type { LossRule } from "./loss-rule.ts";
import type { LossName } from "./names.ts";

/** What the numbers of an output are. */
export type OutputScale = "sigmoid logits" | "softmax logits" | "probabilities";

/** The activation that turns logits into probabilities: number by number, or row by row. */
export type Link = "sigmoid" | "softmax";

/**
 * Losses that take logits or probabilities, as `fromLogits` says. (ctc takes logits alone, but its labels are those of
 * whole sequences, which fit no metric of single predictions.)
 */
export const linkOfLoss: Readonly<Partial<Record<LossName, Link>>> = {
  binaryCrossentropy: "sigmoid",
  binaryFocalCrossentropy: "sigmoid",
  categoricalCrossentropy: "softmax",
  categoricalFocalCrossentropy: "softmax",
  sparseCategoricalCrossentropy: "softmax",
};

/** What a loss takes its output for; null for losses that read it as it is. */
export function outputScaleOf({ name, settings }: LossRule): OutputScale | null {
  const link = linkOfLoss[name as LossName];
  if (link === undefined) return null;
  return settings?.fromLogits === true ? `${link} logits` : "probabilities";
}
