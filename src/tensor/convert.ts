import { DTypeError, ShapeError } from "../errors.ts";
import type { DType, TypedArray } from "../graph/dtype.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import { scalar as scalarValue, source } from "../ops/leaves.ts";
import { checkDType, checkIndices, checkNumbers, toTyped } from "./host-numbers.ts";
import { flatten, isTypedArray, type NestedArray } from "./nested.ts";
import { Tensor } from "./tensor.ts";

/** What can stand for a tensor in an argument: numbers become scalars, arrays are copied. */
export type TensorLike = Tensor | NestedArray | TypedArray | readonly TypedArray[];

/** A tensor of host data; the data is copied. */
export function fromHost(values: ArrayLike<number>, shape: Shape, dtype: DType): Tensor {
  return Tensor.of(
    source({ shape: [...shape], dtype }, { kind: "host", data: toTyped(values, dtype) }),
  );
}

/**
 * A tensor from what can stand for one. Numbers become run-time scalars (they do not make a new plan);
 * integers are float32 unless `dtype` says otherwise, as in TF.js.
 *
 * @throws {DTypeError} for strings, objects, typed arrays of 64-bit integers, and numbers that int32 cannot
 *   hold where int32 is asked for.
 * @throws {ShapeError} for ragged nested arrays.
 */
export function toTensor(x: TensorLike, label: string, dtype?: DType): Tensor {
  if (x instanceof Tensor) {
    void x.value; // throws here, at the caller's line, if it was disposed
    return x;
  }
  if (typeof x === "number" && dtype !== "bool") {
    checkNumbers([x], dtype ?? "float32", label);
    return Tensor.of(scalarValue(HostScalar.of(x, dtype === "int32" ? dtype : "float32"), dtype));
  }
  if (x === null || x === undefined || typeof x === "string" || typeof x === "function") {
    throw new DTypeError(
      `${label}: received ${typeof x === "string" ? `the string ${JSON.stringify(x)}` : String(x)}. Expected a ` +
        "tensor, a number, a boolean, or (nested) arrays of them.",
    );
  }
  return makeTensor(x as NestedArray | TypedArray, { label, dtype });
}

/**
 * int32 positions from a whole number, or from (nested) arrays of them.
 *
 * @throws {ArgumentError} when one is not a whole number. And as `toTensor` does.
 */
export function toIndices(x: Exclude<TensorLike, Tensor>, label: string): Tensor {
  const isList = typeof x === "object" && x !== null;
  if (typeof x === "number") checkIndices([x], label);
  else if (isList && !isTypedArray(x)) checkIndices(flatten(x, label).values, label);
  else if (isTypedArray(x)) checkIndices(x, label);
  return toTensor(x, label, "int32");
}

/** @throws as `toTensor`; and {ShapeError} when `shape` holds another number of elements. */
export function makeTensor(
  values: NestedArray | TypedArray | readonly TypedArray[],
  { label, shape, dtype }: { label: string; shape?: Shape | undefined; dtype?: DType | undefined },
): Tensor {
  if (dtype !== undefined) checkDType(dtype, label);
  if (isTypedArray(values)) {
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
      throw new DTypeError(
        `${label}: received 64-bit integers. Expected Float32Array, Int32Array or Uint8Array.`,
      );
    }
    const natural = values instanceof Int32Array ? "int32" : "float32";
    return checked(values, { label, shape: shape ?? [values.length], dtype: dtype ?? natural });
  }
  const flat = flatten(values, label);
  if (flat.isMixed && dtype === undefined) {
    throw new DTypeError(
      `${label}: numbers and booleans are mixed. Expected one kind; give a dtype or convert.`,
    );
  }
  const natural = flat.isBool ? "bool" : "float32";
  return checked(flat.values, { label, shape: shape ?? flat.shape, dtype: dtype ?? natural });
}

function checked(
  values: ArrayLike<number>,
  { label, shape, dtype }: { label: string; shape: Shape; dtype: DType },
): Tensor {
  checkShape(shape, label);
  if (sizeOf(shape) !== values.length) {
    throw new ShapeError(
      `${label}: received ${values.length} values for shape ${formatShape(shape)}, which holds ` +
        `${sizeOf(shape)}. Expected as many values as the shape has elements.`,
      { details: { received: values.length, shape } },
    );
  }
  checkNumbers(values, dtype, label);
  return fromHost(values, shape, dtype);
}

/** @throws {ShapeError} unless every size is a whole number of at least 0. */
export function checkShape(shape: Shape, label: string): void {
  if (!Array.isArray(shape)) {
    throw new ShapeError(
      `${label}: received shape ${String(shape)}. Expected an array of sizes, e.g. [2, 3].`,
    );
  }
  for (const dim of shape) {
    if (Number.isSafeInteger(dim) && dim >= 0) continue;
    throw new ShapeError(
      `${label}: received shape [${shape.join(",")}]. Expected whole numbers of at least 0 as sizes.`,
      { details: { shape } },
    );
  }
}
