import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import { Tensor, type Variable } from "../tensor/index.ts";
import { type RecordedStep, recordBlend } from "./record-rule.ts";
import type { Slots } from "./slots.ts";

/** Name of the slot that holds the mean of the gradients since the last update. */
export const ACCUMULATOR = "gradient_accumulator";
/** Name of the slot that holds the running mean of a weight. */
export const AVERAGE = "average";

/**
 * The mean of these gradients and of those that were accepted since the last update, `count` of them:
 * mean · count / (count + 1) + g / (count + 1). It needs no sum, which might be more than any float32.
 */
export function accumulate(
  gradients: readonly Value[],
  { variables, slots, count }: AccumulatedParts,
): Value[] {
  const taken = count.value;
  const next = ops.add(taken, ops.literal(1));
  const [old, fresh] = [ops.div(taken, next), ops.div(ops.literal(1), next)];
  return gradients.map((gradient, i) => {
    const variable = variables[i];
    if (variable === undefined) return gradient;
    const mean = slots.slot(variable, ACCUMULATOR).value;
    return ops.add(ops.mul(mean, old), ops.mul(gradient, fresh));
  });
}

interface AccumulatedParts {
  readonly variables: readonly Variable[];
  readonly slots: Slots;
  readonly count: Variable;
}

/** Keeps the means for the next step; after an update the count of 0 makes it pass over them. */
export function keepAccumulators(means: readonly Value[], step: RecordedStep): void {
  const { arenas, control } = step;
  for (const { start, variables, slots } of arenas) {
    const into = slots.get(ACCUMULATOR) ?? [];
    const from = means.slice(start, start + variables.length);
    recordBlend({ into, from, control });
  }
}

/** Counts an accepted step; 0 after an update. */
export function countStep(
  count: Variable,
  { accepted, due }: { accepted: Value; due: Value },
): void {
  const next = ops.mul(ops.add(count.value, ops.literal(1)), ops.sub(ops.literal(1), due));
  const isAccepted = ops.greater(accepted, ops.literal(0));
  count.assign(Tensor.of(ops.where(isAccepted, next, count.value)));
}

/** Brings the running means of the weights up to date; every so many updates the weights become their means. */
export function keepAverages({ arenas, control, clock, settings }: RecordedStep): void {
  for (const { variables, slots } of arenas) {
    const into = slots.get(AVERAGE) ?? [];
    const weights = variables.map((variable) => variable.value);
    const numbers = { share: clock.scalar("averageShare"), due: clock.scalar("due") };
    recordBlend({ into, from: weights, control }, numbers);
    if (settings.emaOverwriteFrequency === 0) continue;
    const averages = into.map((average) => average.value);
    recordBlend({ into: variables, from: averages, control }, { due: clock.scalar("overwrites") });
  }
}
