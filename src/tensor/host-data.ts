import { DTypeError } from "../errors.ts";
import type { DType, TypedArray } from "../graph/dtype.ts";
import type { Shape } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { flatten, isTypedArray, type NestedArray } from "./nested.ts";

/** Numbers that lie on the host: nested as deep as there are axes, or a typed array for one axis. */
export type HostNumbers =
  | NestedArray
  | TypedArray
  | Float64Array
  | readonly (TypedArray | Float64Array)[];

/** Host numbers as they lie in memory, row by row. */
export interface HostArray {
  readonly values: ArrayLike<number>;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Shape and elements of host numbers; a typed array is not copied. Int32Array is int32, booleans bool, all else float32.
 *
 * @throws {ShapeError} for ragged rows; {DTypeError} for what is no number.
 */
export function hostArray(data: unknown, label: string): HostArray {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    throw new DTypeError(
      `${label}: received 64-bit integers. Expected Float32Array or Int32Array.`,
    );
  }
  if (isTypedArray(data)) {
    const dtype = data instanceof Int32Array ? "int32" : "float32";
    return { values: data, shape: [data.length], dtype };
  }
  if (!Array.isArray(data) && typeof data !== "number") {
    throw new DTypeError(
      `${label}: received ${describeValue(data)}. Expected a tensor, a typed array or (nested) arrays of numbers.`,
    );
  }
  const { values, shape, isBool } = flatten(data, label);
  return { values, shape, dtype: isBool ? "bool" : "float32" };
}
