import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { gradientCheck } from "../ops/gradient-check.ts";
import { ops } from "../ops/index.ts";
import { Tensor, type Variable } from "../tensor/index.ts";
import { checkShape } from "./check-setting.ts";
import { clipEach } from "./clip-gradients.ts";
import { accumulate, countStep, keepAccumulators, keepAverages } from "./kept-means.ts";
import type { LossScale } from "./loss-scale.ts";
import type { SharedSettings } from "./optimizer-config.ts";
import { recordKernelRule, recordOperationsRule } from "./record-rule.ts";
import type { Slots } from "./slots.ts";
import type { UpdateClock } from "./update-clock.ts";
import type { UpdateRule } from "./update-rule.ts";

/** What one recorded update is made of. */
export interface UpdateParts {
  readonly rule: UpdateRule;
  readonly settings: SharedSettings;
  readonly variables: readonly Variable[];
  /** One for each variable, of the scaled loss. */
  readonly gradients: readonly Value[];
  readonly lossScale: LossScale;
  readonly slots: Slots;
  /** Scalar that has to be finite too. */
  readonly loss: Value | null;
  /** int32[4]: refused updates so far, 1 + number of the first one. */
  readonly fault: Variable;
  /** Steps whose gradients are in the accumulators, a scalar; null where gradients are not accumulated. */
  readonly count: Variable | null;
  /** Whether all updates after a refused one are refused, too; asked at each run. */
  readonly isSticky: () => boolean;
  readonly clock: UpdateClock;
}

/** What became of a step; scalars that are 1 or 0. Neither: it was passed over, and the loss scale is smaller now. */
export interface Verdict {
  readonly accepted: Value;
  readonly refused: Value;
}

/**
 * Records a step, in this order: gradients are unscaled, accumulated, clipped and checked; weights decay and follow the
 * rule; constraints; running means of the weights. Everything is assigned in place, a dispatch an arena; where the check
 * does not accept the step, nothing changes but the loss scale.
 */
export function recordUpdate(parts: UpdateParts): Verdict {
  const { rule, settings, clock, fault, variables, slots, count, lossScale } = parts;
  const fresh = lossScale.unscaled(parts.gradients);
  const means = count === null ? fresh : accumulate(fresh, { ...parts, count });
  const gradients = clipEach(means, settings.clipnorm);
  const sticky = new HostScalar(() => (parts.isSticky() ? 1 : 0), "int32");
  const { followed } = lossScale;
  const check = gradientCheck(
    {
      gradients,
      loss: parts.loss ?? undefined,
      fault: fault.value,
      lossScale: followed?.state.value,
    },
    { step: clock.scalar("step", "int32"), sticky, growthSteps: followed?.growthSteps },
  );
  const { control } = check;
  fault.assign(Tensor.of(check.fault));
  if (check.lossScale !== null) followed?.state.assign(Tensor.of(check.lossScale));
  const [accepted, refused] = [1, 3].map((at) => ops.reshape(ops.slice(control, [at], [1]), []));
  if (accepted === undefined || refused === undefined) throw new RangeError("no control");
  const due = ops.scalar(clock.scalar("due"));
  const isUpdate = ops.greater(count === null ? accepted : ops.mul(accepted, due), ops.literal(0));
  const arenas = slots.arenas(variables);
  const step = { variables, gradients, slots, settings, clock, control, arenas, isUpdate };
  if (rule.form === "kernel") recordKernelRule(rule, step);
  else recordOperationsRule(rule, step);
  constrain(variables, isUpdate);
  if (count !== null) {
    keepAccumulators(means, step);
    countStep(count, { accepted, due });
  }
  if (settings.useEma) keepAverages(step);
  return { accepted, refused };
}

/** Brings the weights back to where their constraints want them. */
function constrain(variables: readonly Variable[], isUpdate: Value): void {
  for (const variable of variables) {
    if (variable.constraint === null || variable.size === 0) continue;
    const updated = variable.value;
    const constrained = variable.constraint(Tensor.of(updated));
    checkShape(`the constraint of "${variable.name}"`, constrained, variable.shape);
    variable.assign(Tensor.of(ops.where(isUpdate, constrained.value, updated)));
  }
}
