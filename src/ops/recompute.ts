import { nextNodeId, type Value } from "../graph/node.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { Op } from "./op.ts";
import { record } from "./record.ts";

/**
 * Its inputs, as the ends of a block that a gradient computes again (autograd/backward.ts). In the forward direction it
 * is nothing at all.
 */
export const recomputeOp: Op = {
  name: "recompute",
  infer: (inputs) => inputs,
  reference: (_o, inputs) => inputs,
  lowering: { kind: "expand" },
};

/**
 * Records `body` as a block. It begins with what is older and with what lies in memory already: variables that it reads,
 * arguments.
 */
export function recomputed(body: () => readonly Value[]): readonly Value[] {
  const first = nextNodeId();
  const ends = body();
  const starts = new Set<Value>();
  const isStart = (value: Value): boolean => {
    if (value.node.id >= first && value.node.source === undefined) return false;
    starts.add(value);
    return true;
  };
  topologicalOrder(ends, { isLeaf: isStart });
  return record(recomputeOp, ends, {}, { starts: [...starts] }).outputs;
}
