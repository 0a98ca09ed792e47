import { ArgumentError } from "../../errors.ts";
import type { Optimizer } from "../../optimizers/optimizer.ts";
import type { CallbackModel } from "./callback-hooks.ts";

/** Name of the learning rate among the figures of an epoch. */
export const LEARNING_RATE = "learning_rate";

/**
 * The optimizer of a model whose learning rate a callback is going to set.
 * @throws {ArgumentError} when a schedule sets it already.
 */
export function adjustableOptimizer(label: string, { name, optimizer }: CallbackModel): Optimizer {
  if (!optimizer.hasSchedule) return optimizer;
  throw new ArgumentError(
    `${label}: the learning rate of ${name}'s optimizer follows a schedule, which would undo what the callback sets. ` +
      "Give the optimizer a number, or leave the callback out.",
  );
}
