import type { Value } from "../graph/node.ts";
import { applyUnary, type UnaryRule, unaryOp } from "./elementwise.ts";
import type { Op } from "./op.ts";
import type { Unary } from "./ops.ts";
import { roundHalfEven } from "./special.ts";

/** Steps: flat between the jumps, so the gradient is 0 everywhere. int32 stays as it is. */
function stepOp(name: string, host: UnaryRule["host"]): Op {
  return unaryOp({
    name,
    operands: "float",
    write: (x) => `${name}(${x})`,
    host,
    gradient: (o, { x }) => o.literal(0, x.shape),
  });
}

const floorOp = stepOp("floor", Math.floor);
const ceilOp = stepOp("ceil", Math.ceil);
/** A half goes to the even neighbour. */
const roundOp = stepOp("round", roundHalfEven);

export const floor: Unary = (x) => applyStep(floorOp, x);
export const ceil: Unary = (x) => applyStep(ceilOp, x);
export const round: Unary = (x) => applyStep(roundOp, x);

export const roundingOps: readonly Op[] = [floorOp, ceilOp, roundOp];

function applyStep(op: Op, x: Value): Value {
  return x.dtype === "int32" ? x : applyUnary(op, x, "float");
}
