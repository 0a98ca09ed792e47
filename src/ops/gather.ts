import { DTypeError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { shapesEqual } from "../graph/shape.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import { lowerGather } from "../kernels/gather.ts";
import { lowerScatterAdd } from "../kernels/scatter-add.ts";
import { at, inputOf, numberAttribute } from "./attributes.ts";
import { throughFloat32 } from "./common-dtype.ts";
import type { Op } from "./op.ts";
import { recordOne } from "./record.ts";

/**
 * Rows of x [R, ..rest] picked by int32 ids [..]: [..ids, ..rest]; rows that are not there are NaN,
 * or the lowest int32.
 */
const gatherOp: Op = {
  name: "gather",
  infer: (inputs) => {
    const [x, ids] = [at(inputs, 0), at(inputs, 1)];
    expectIds("gather", ids);
    if (x.shape.length === 0) {
      throw new ShapeError("gather: received a scalar; expected rank 1 or more.");
    }
    return [specOf([...ids.shape, ...x.shape.slice(1)], x.dtype)];
  },
  gradient: (o, node, dys) => {
    const [x, ids] = [inputOf(node, 0), inputOf(node, 1)];
    return [o.scatterAdd(ids, at(dys, 0), at(x.shape, 0)), null];
  },
  lowering: { kind: "kernel", lower: lowerGather },
};

/**
 * Updates [..ids, ..rest] added into zeros [rows, ..rest] at the rows that ids name, in a fixed
 * order.
 */
const scatterAddOp: Op = {
  name: "scatterAdd",
  infer: (inputs, attributes) => {
    const [ids, updates] = [at(inputs, 0), at(inputs, 1)];
    expectIds("scatterAdd", ids);
    const rank = ids.shape.length;
    if (!shapesEqual(updates.shape.slice(0, rank), ids.shape)) {
      throw new ShapeError(
        `scatterAdd: updates ${formatSpec(updates)} for ids ${formatSpec(ids)}. Expected the ` +
          "shape of updates to begin with that of ids.",
        { details: { ids: ids.shape, updates: updates.shape } },
      );
    }
    if (updates.dtype !== "float32") {
      throw new DTypeError(`scatterAdd: updates are ${formatSpec(updates)}; expected float32.`);
    }
    return [specOf([numberAttribute(attributes, "rows"), ...updates.shape.slice(rank)])];
  },
  gradient: (o, node, dys) => [null, o.gather(at(dys, 0), inputOf(node, 0))],
  lowering: { kind: "kernel", lower: lowerScatterAdd },
};

export function gather(x: Value, ids: Value): Value {
  return throughFloat32(x, (wide) => recordOne(gatherOp, [wide, ids]));
}

export function scatterAdd(ids: Value, updates: Value, rows: number): Value {
  return throughFloat32(updates, (wide) => recordOne(scatterAddOp, [ids, wide], { rows }));
}

export const gatherOps: readonly Op[] = [gatherOp, scatterAddOp];

function expectIds(label: string, ids: Spec): void {
  if (ids.dtype === "int32") return;
  throw new DTypeError(
    `${label}: ids are ${formatSpec(ids)}, expected int32; write cast(ids, "int32").`,
  );
}
