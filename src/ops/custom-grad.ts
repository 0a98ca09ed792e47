import type { CustomGradient, Value } from "../graph/node.ts";
import { at } from "./attributes.ts";
import type { Op } from "./op.ts";
import { recordOne } from "./record.ts";

/** Its first input; autograd asks the node's own closure for the gradients of the others. */
export const customGradOp: Op = {
  name: "customGrad",
  infer: (inputs) => [at(inputs, 0)],
  reference: (_o, inputs) => [at(inputs, 0)],
  lowering: { kind: "movement", view: (view) => view },
};

/**
 * `y`, computed from `xs`, with `gradient` (of y → of each x) in place of the gradient of its
 * graph.
 */
export function customGrad(y: Value, xs: readonly Value[], gradient: CustomGradient): Value {
  return recordOne(customGradOp, [y, ...xs], {}, { customGradient: gradient });
}
