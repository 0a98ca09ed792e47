import { DTypeError, ShapeError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import type { Value } from "../graph/node.ts";
import { broadcastShapes, shapesEqual } from "../graph/shape.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import { at, inputOf } from "./attributes.ts";
import { castOp } from "./cast.ts";
import { commonDType, meet } from "./common-dtype.ts";
import { broadcastTo } from "./movement.ts";
import type { Op } from "./op.ts";
import { recordOne } from "./record.ts";

/** One of two values by a condition; the gradient goes to the one that was taken. */
const whereOp: Op = {
  name: "where",
  infer: (inputs) => {
    const [condition, a, b] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    if (condition.dtype !== "bool") {
      throw new DTypeError(
        `where: condition is ${formatSpec(condition)}, expected bool. Make one with a ` +
          "comparison, e.g. greater(x, 0).",
      );
    }
    expectAlike("where", [condition.shape, a.shape, b.shape], [a, b]);
    return [a];
  },
  gradient: (o, node, dys) => {
    const condition = inputOf(node, 0);
    const dy = at(dys, 0);
    return [null, o.where(condition, dy, o.literal(0)), o.where(condition, o.literal(0), dy)];
  },
  lowering: {
    kind: "elementwise",
    write: ([condition = "", a = "", b = ""]) => `select(${b}, ${a}, ${condition})`,
    host: ([condition = 0, a = 0, b = 0]) => (condition ? a : b),
  },
};

const COMBINE: Readonly<Record<DType, (a: string, b: string) => string>> = {
  float32: (a, b) => `bitcast<f32>(bitcast<u32>(${a}) | bitcast<u32>(${b}))`,
  float16: (a, b) => `bitcast<f32>(bitcast<u32>(${a}) | bitcast<u32>(${b}))`,
  int32: (a, b) => `(${a} | ${b})`,
  bool: (a, b) => `(${a} || ${b})`,
};

/**
 * The bits of both. Where one side is a zero pad this is the other side exactly, -0 and NaN
 * included, which an addition would not give. Never used on two sides that both hold data.
 */
const overlayOp: Op = {
  name: "overlay",
  infer: (inputs) => {
    const [a, b] = [at(inputs, 0), at(inputs, 1)];
    expectAlike("overlay", [a.shape, b.shape], [a, b]);
    return [a];
  },
  gradient: (_o, _node, dys) => [at(dys, 0), at(dys, 0)],
  lowering: {
    kind: "elementwise",
    write: ([a = "", b = ""], { output }) => COMBINE[output](a, b),
    host: ([a = 0, b = 0]) => (Object.is(a, 0) ? b : a),
  },
};

export function where(condition: Value, a: Value, b: Value): Value {
  const branches = broadcastShapes(a.shape, b.shape, "where");
  const shape = broadcastShapes(condition.shape, branches, "where");
  const dtype = commonDType([a, b]);
  return recordOne(whereOp, [
    broadcastTo(condition, shape),
    broadcastTo(meet(a, dtype), shape),
    broadcastTo(meet(b, dtype), shape),
  ]);
}

export function overlay(a: Value, b: Value): Value {
  return recordOne(overlayOp, [a, b]);
}

export const selectOps: readonly Op[] = [whereOp, overlayOp, castOp];

function expectAlike(
  label: string,
  shapes: readonly Spec["shape"][],
  values: readonly Spec[],
): void {
  const first = at(values, 0);
  if (shapes.some((shape) => !shapesEqual(shape, first.shape))) {
    const received = shapes.map((shape) => formatSpec(specOf(shape, first.dtype))).join(", ");
    throw new ShapeError(`${label}: received ${received}; expected equal shapes.`);
  }
  if (values.some((spec) => spec.dtype !== first.dtype)) {
    throw new DTypeError(
      `${label}: received ${values.map(formatSpec).join(", ")}; expected one dtype.`,
    );
  }
}
