import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import { optimizerUpdate, updateNumbers } from "../ops/optimizer-update.ts";
import { Tensor, type Variable } from "../tensor/index.ts";
import { clipByCommonBounds } from "./clip-gradients.ts";
import type { SharedSettings } from "./optimizer-config.ts";
import type { Arena, Slots } from "./slots.ts";
import type { UpdateClock } from "./update-clock.ts";
import type { KernelRule, OperationsRule } from "./update-rule.ts";

/** A step that is being recorded, once its gradients were checked. */
export interface RecordedStep {
  readonly variables: readonly Variable[];
  /** One for each variable. */
  readonly gradients: readonly Value[];
  readonly slots: Slots;
  readonly arenas: readonly Arena[];
  readonly settings: SharedSettings;
  readonly clock: UpdateClock;
  /** What the check says, float32[4]. */
  readonly control: Value;
  /** Whether the weights change: the step is accepted, and no gradients are awaited. */
  readonly isUpdate: Value;
}

/** Weights and slots by the update kernel, one dispatch an arena. */
export function recordKernelRule(rule: KernelRule, step: RecordedStep): void {
  const { arenas, gradients, control, clock } = step;
  for (const { start, variables, slots } of arenas) {
    const kept = rule.slots.map(({ name }) => slots.get(name) ?? []);
    const updated = optimizerUpdate(
      {
        kind: rule.kernel,
        parameters: variables.map((variable) => variable.value),
        gradients: gradients.slice(start, start + variables.length),
        slots: kept.map((list) => list.map((slot) => slot.value)),
        control,
      },
      Object.fromEntries(updateNumbers(rule.kernel).map((name) => [name, clock.scalar(name)])),
    );
    assignAll(variables, updated.parameters);
    kept.forEach((list, i) => {
      assignAll(list, updated.slots[i] ?? []);
    });
  }
}

/** Weights and slots by operations, weight after weight. */
export function recordOperationsRule(rule: OperationsRule, step: RecordedStep): void {
  const { variables, gradients, slots, control, settings, clock, isUpdate } = step;
  const numbers = new Map<string, Value>();
  const number = (name: string): Value => {
    const known = numbers.get(name) ?? ops.scalar(clock.scalar(name));
    numbers.set(name, known);
    return known;
  };
  const decayed = (p: Value): Value =>
    settings.weightDecay === 0 ? p : ops.sub(p, ops.mul(p, number("decay")));
  variables.forEach((variable, i) => {
    const gradient = gradients[i];
    if (gradient === undefined) return;
    const kept = slots.of(variable);
    const updated = rule.update({
      parameter: decayed(variable.value),
      gradient: clipByCommonBounds(gradient, control, settings),
      slots: Object.fromEntries(rule.slots.flatMap(({ name }) => named(kept.get(name), name))),
      number,
    });
    const accept = (into: Variable, value: Value | undefined): void => {
      if (value !== undefined) into.assign(Tensor.of(ops.where(isUpdate, value, into.value)));
    };
    accept(variable, updated.parameter);
    for (const { name } of rule.slots) {
      const slot = kept.get(name);
      if (slot !== undefined) accept(slot, updated.slots[name]);
    }
  });
}

/**
 * `into += share · (from - into)` in one dispatch, unless the step is refused or `due` is 0; share 1 is a plain copy.
 */
export function recordBlend(
  { into, from, control }: { into: readonly Variable[]; from: readonly Value[]; control: Value },
  { share, due }: { readonly share?: HostScalar; readonly due?: HostScalar } = {},
): void {
  const none = HostScalar.of(0);
  const all = HostScalar.of(1);
  const common = { learningRate: none, globalClipnorm: none, clipvalue: none, decay: none };
  const updated = optimizerUpdate(
    {
      kind: "blend",
      parameters: into.map((one) => one.value),
      gradients: from,
      slots: [],
      control,
    },
    { ...common, share: share ?? all, due: due ?? all },
  );
  assignAll(into, updated.parameters);
}

function named(slot: Variable | undefined, name: string): [string, Value][] {
  return slot === undefined ? [] : [[name, slot.value]];
}

function assignAll(variables: readonly Variable[], values: readonly Value[]): void {
  variables.forEach((variable, i) => {
    const value = values[i];
    if (value !== undefined) variable.assign(Tensor.of(value));
  });
}
