import { SluiceError } from "../errors.ts";
import { Node, type Value } from "../graph/node.ts";
import { denseView } from "../graph/view.ts";
import type { InPlace } from "./in-place.ts";
import { readsOf, type Step } from "./steps.ts";

/** A step that copies `value` as it stands, and the value of the copy. */
export function copyStep(value: Value): { step: Step; copy: Value } {
  const node = new Node("copy", [value], { outputs: [value.spec], scope: value.node.scope });
  const copy = node.outputs[0] as Value;
  const view = denseView(value.shape);
  const expression = { kind: "load", input: 0, view, dtype: value.dtype } as const;
  const fused = { expression, loads: [value], scalars: [], flops: 0 };
  return { step: { kind: "elementwise", results: [copy], fused }, copy };
}

/**
 * An order in which makers come before readers, and every reader of a memory's old content before the
 * step that changes it in place. Otherwise the order of recording.
 */
export function orderSteps(
  steps: readonly Step[],
  { inPlace, memoryOf }: { inPlace: readonly InPlace[]; memoryOf: (value: Value) => Value },
): Step[] {
  const makers = new Map<Value, Step>();
  for (const step of steps) for (const value of step.results) makers.set(value, step);
  const readers = new Map<Value, Step[]>();
  for (const step of steps) {
    for (const value of readsOf(step, memoryOf)) {
      const list = readers.get(value);
      if (list) list.push(step);
      else readers.set(value, [step]);
    }
  }
  const before = new Map<Step, Step[]>();
  for (const { step, previous } of inPlace) {
    const others = (readers.get(previous) ?? []).filter((reader) => reader !== step);
    before.set(step, [...(before.get(step) ?? []), ...others]);
  }
  const done = new Set<Step>();
  const open = new Set<Step>();
  const stack: Step[] = [];
  for (const first of steps) {
    stack.push(first);
    for (let step = stack.at(-1); step !== undefined; step = stack.at(-1)) {
      if (done.has(step)) {
        stack.pop();
        continue;
      }
      const made = readsOf(step, memoryOf).map((value) => makers.get(value));
      const waits = [...made, ...(before.get(step) ?? [])].filter(
        (other): other is Step => other !== undefined && other !== step && !done.has(other),
      );
      if (waits.length === 0) {
        open.delete(step);
        done.add(step);
        stack.pop();
        continue;
      }
      if (open.has(step)) {
        const name = step.results[0]?.node.op ?? "a step";
        throw new SluiceError(
          "order",
          `${name} needs both the old and the new content of a variable that is updated in place. ` +
            "Read the old content before the update: `const before = await variable.data()`.",
        );
      }
      open.add(step);
      stack.push(...waits.reverse());
    }
  }
  return [...done];
}
