import type { Expression } from "../graph/expression.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Node, Value } from "../graph/node.ts";

/** Generated code with what it reads. */
export interface Fused {
  readonly expression: Expression;
  readonly loads: readonly Value[];
  readonly scalars: readonly HostScalar[];
  readonly flops: number;
}

/** One piece of work of a plan, before memory is given out. `results` are the values it stores. */
export type Step =
  | { readonly kind: "elementwise"; readonly results: readonly Value[]; readonly fused: Fused }
  | {
      readonly kind: "reduce";
      readonly results: readonly Value[];
      readonly node: Node;
      readonly element: Fused;
      /** Work on the result, whose hole is the reduction; null stores the reduction itself. */
      readonly epilogue: Fused | null;
    }
  | {
      readonly kind: "kernel";
      readonly results: readonly Value[];
      readonly node: Node;
      /** Work on output 0, whose hole is what the kernel computed. */
      readonly epilogue: Fused | null;
    };

/** The memory a step reads, each value once. */
export function readsOf(step: Step, memoryOf: (value: Value) => Value): Value[] {
  const reads = new Set<Value>();
  if (step.kind === "elementwise") for (const value of step.fused.loads) reads.add(value);
  if (step.kind === "reduce") for (const value of step.element.loads) reads.add(value);
  if (step.kind === "kernel") for (const value of step.node.inputs) reads.add(memoryOf(value));
  if (step.kind !== "elementwise" && step.epilogue) {
    for (const value of step.epilogue.loads) reads.add(value);
  }
  return [...reads];
}

/** The node that a step is named after: the last one that it computes. */
export function headOf(step: Step): Node {
  return (step.results[0] as Value).node;
}
