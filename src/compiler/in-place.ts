import type { Value } from "../graph/node.ts";
import type { Op } from "../ops/op.ts";
import type { Step } from "./steps.ts";

/** What a kernel changes in place: `value` is the new content of the memory of `previous`. */
export interface InPlace {
  readonly step: Step;
  readonly value: Value;
  readonly previous: Value;
}

/** Which output of a step is computed in the memory of which input. */
export function inPlacePairs(
  step: Step,
  registry: ReadonlyMap<string, Op>,
): readonly { readonly output: number; readonly input: number }[] {
  if (step.kind !== "kernel") return [];
  const lowering = registry.get(step.node.op)?.lowering;
  return lowering?.kind === "kernel" ? (lowering.inPlace?.(step.node) ?? []) : [];
}

/** From a value to the one whose memory it lies in, through any number of changes in place. */
export function originIn(inPlace: readonly InPlace[]): (value: Value) => Value {
  const previous = new Map(inPlace.map((one) => [one.value, one.previous]));
  return (value) => {
    let origin = value;
    for (let before = previous.get(origin); before; before = previous.get(origin)) origin = before;
    return origin;
  };
}
