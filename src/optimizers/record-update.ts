import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { gradientCheck } from "../ops/gradient-check.ts";
import { ops } from "../ops/index.ts";
import { optimizerUpdate } from "../ops/optimizer-update.ts";
import { Tensor, type Variable } from "../tensor/index.ts";
import type { Arena } from "./slots.ts";
import type { UpdateClock } from "./update-clock.ts";
import type { UpdateRule } from "./update-rule.ts";

/** What one recorded update is made of. */
export interface UpdateParts {
  readonly rule: UpdateRule;
  readonly arenas: readonly Arena[];
  /** One for each variable of the arenas, in order. */
  readonly gradients: readonly Value[];
  /** Scalar that has to be finite too. */
  readonly loss: Value | null;
  /** int32[4]: refused updates so far, 1 + number of the first one. */
  readonly fault: Variable;
  /** Whether all updates after a refused one are refused, too; asked at each run. */
  readonly isSticky: () => boolean;
  readonly clock: UpdateClock;
  /** Largest L2 norm of each gradient; 0: any. */
  readonly clipnorm: number;
}

/**
 * Records check and update: weights and slots are assigned, in place, one dispatch an arena.
 *
 * @returns 1 where the update is accepted, 0 where it is refused; scalar.
 */
export function recordUpdate(parts: UpdateParts): Value {
  const { rule, clock, fault } = parts;
  const gradients = clipEach(parts.gradients, parts.clipnorm);
  const sticky = new HostScalar(() => (parts.isSticky() ? 1 : 0), "int32");
  const check = gradientCheck(
    { gradients, loss: parts.loss ?? undefined, fault: fault.value },
    { step: clock.scalar("step", "int32"), sticky },
  );
  fault.assign(Tensor.of(check.fault));
  let taken = 0;
  for (const { variables, slots } of parts.arenas) {
    const own = gradients.slice(taken, taken + variables.length);
    taken += variables.length;
    const updated = optimizerUpdate(
      {
        kind: rule.kind,
        centered: rule.slots.includes("average_gradient"),
        momentum: rule.slots.includes("momentum"),
        parameters: variables.map((variable) => variable.value),
        gradients: own,
        slots: slots.map((list) => list.map((slot) => slot.value)),
        control: check.control,
      },
      scalarsOf(rule, clock),
    );
    assignAll(variables, updated.parameters);
    slots.forEach((list, i) => {
      assignAll(list, updated.slots[i] ?? []);
    });
  }
  return ops.reshape(ops.slice(check.control, [1], [1]), []);
}

/** Names of the numbers of every update, and of those that the rule adds. */
function scalarsOf(rule: UpdateRule, clock: UpdateClock): Record<string, HostScalar> {
  const names = ["learningRate", "globalClipnorm", "clipvalue", ...Object.keys(rule.scalars(1))];
  return Object.fromEntries(names.map((name) => [name, clock.scalar(name)]));
}

function assignAll(variables: readonly Variable[], values: readonly Value[]): void {
  variables.forEach((variable, i) => {
    const value = values[i];
    if (value !== undefined) variable.assign(Tensor.of(value));
  });
}

/**
 * Scales each gradient whose L2 norm is above `limit` down to it. The greatest magnitude is taken out first, so
 * that no square of a finite gradient is infinite. What is not finite stays so, for the check to refuse.
 */
function clipEach(gradients: readonly Value[], limit: number): readonly Value[] {
  if (limit === 0) return gradients;
  const bound = ops.scalar(HostScalar.of(limit));
  return gradients.map((gradient) => {
    if (sizeOf(gradient.shape) === 0) return gradient;
    const greatest = ops.maximum(ops.max(ops.abs(gradient)), ops.literal(SMALLEST_SCALE));
    const unit = ops.div(gradient, greatest);
    const length = ops.sqrt(ops.sum(ops.square(unit)));
    const isLong = ops.greater(length, ops.div(bound, greatest));
    return ops.where(isLong, ops.mul(unit, ops.div(bound, length)), gradient);
  });
}

/** What smaller gradients are scaled by: adapters may take a divisor far below it for 0. */
const SMALLEST_SCALE = 2 ** -100;
