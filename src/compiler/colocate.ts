import { Node, type Value } from "../graph/node.ts";
import { specBytes } from "../graph/spec.ts";
import type { Op } from "../ops/op.ts";
import { alignUp } from "./memory.ts";
import { copyStep } from "./order.ts";
import { readsOf, type Step } from "./steps.ts";

/** Values that a kernel wants side by side in one buffer, in this order. */
export interface Arena {
  readonly members: readonly { readonly value: Value; readonly offset: number }[];
  readonly bytes: number;
}

/** Offsets of a list of values, each at a multiple of 256 bytes, and the length of the whole. */
export function layOut(values: readonly Value[]): { offsets: number[]; bytes: number } {
  const offsets: number[] = [];
  let bytes = 0;
  for (const value of values) {
    offsets.push(bytes);
    bytes += alignUp(specBytes(value.spec));
  }
  return { offsets, bytes };
}

/**
 * Finds the lists that kernels want colocated and makes an arena of each, so that their makers write
 * straight into it. A value that cannot (an input of the plan, a value in two lists, a maker that reads
 * another member) is copied in. Lists of variables lie in an arena of their own already.
 */
export function colocate(
  steps: readonly Step[],
  { registry, memoryOf }: { registry: ReadonlyMap<string, Op>; memoryOf: (value: Value) => Value },
): { steps: Step[]; arenas: Arena[] } {
  const makers = new Map<Value, Step>();
  for (const step of steps) for (const value of step.results) makers.set(value, step);
  const placed = new Set<Value>();
  const arenas: Arena[] = [];
  const result = steps.flatMap((step): Step[] => {
    const lowering = step.kind === "kernel" ? registry.get(step.node.op)?.lowering : undefined;
    if (step.kind !== "kernel" || lowering?.kind !== "kernel" || !lowering.colocated) return [step];
    const inputs = [...step.node.inputs];
    const copies: Step[] = [];
    for (const list of lowering.colocated(step.node)) {
      const bases = list.map((index) => memoryOf(inputs[index] as Value));
      if (bases.every((value) => value.node.source !== undefined)) continue;
      // One arena may serve several kernels: the check and the update read the same gradients.
      if (arenas.some((arena) => isSameList(arena, bases))) continue;
      const members = bases.map((value, i) => {
        const maker = makers.get(value);
        const reads = maker ? readsOf(maker, memoryOf) : [];
        const mustCopy =
          !maker ||
          placed.has(value) ||
          reads.some((read) => read !== value && bases.includes(read));
        if (!mustCopy) {
          placed.add(value);
          return value;
        }
        const { step: copying, copy } = copyStep(value);
        copies.push(copying);
        inputs[list[i] ?? 0] = copy;
        return copy;
      });
      const { offsets, bytes } = layOut(members);
      arenas.push({
        members: members.map((value, i) => ({ value, offset: offsets[i] ?? 0 })),
        bytes,
      });
    }
    if (copies.length === 0) return [step];
    const { node } = step;
    const outputs = node.outputs.map((output) => output.spec);
    const replaced = new Node(node.op, inputs, { ...node, outputs });
    return [...copies, { ...step, node: replaced }];
  });
  return { steps: result, arenas };
}

function isSameList(arena: Arena, values: readonly Value[]): boolean {
  return (
    arena.members.length === values.length &&
    arena.members.every((member, i) => member.value === values[i])
  );
}
