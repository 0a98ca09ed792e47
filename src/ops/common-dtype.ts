import { type DType, isFloat, upcast } from "../graph/dtype.ts";
import type { Value } from "../graph/node.ts";
import { cast } from "./cast.ts";
import { literal, scalar } from "./leaves.ts";

/**
 * The dtype in which values meet: the widest of them. Plain numbers do not widen float16: `x.mul(0.5)` stays what x is.
 */
export function commonDType(values: readonly Value[]): DType {
  const widest = (some: readonly Value[]): DType =>
    some.reduce<DType>((sofar, { dtype }) => upcast(sofar, dtype), "bool");
  const tensors = values.filter((value) => !isNumber(value));
  return widest(tensors) === "float16" ? "float16" : widest(values);
}

/** `value` in the dtype in which it meets others; a plain number is not rounded, because it never lies in memory. */
export function meet(value: Value, dtype: DType): Value {
  if (dtype !== "float16" || value.dtype !== "float32" || !isNumber(value)) {
    return cast(value, dtype);
  }
  const { attributes, scalars } = value.node;
  const [from] = scalars;
  return from ? scalar(from, dtype) : literal(attributes.value as number, [], dtype);
}

/** Whether a value is a plain number: a literal without axes, or what the host gives at each run. */
function isNumber({ node, shape }: Value): boolean {
  return shape.length === 0 && (node.op === "literal" || node.op === "scalar");
}

/** Floats as they are, others as float32. */
export function toFloat(value: Value): Value {
  return isFloat(value.dtype) ? value : cast(value, "float32");
}

/** `compute` by way of float32, for kernels that read and write nothing else; the result has the dtype of `x`. */
export function throughFloat32(x: Value, compute: (wide: Value) => Value): Value {
  return x.dtype === "float16" ? cast(compute(cast(x, "float32")), "float16") : compute(x);
}
