import { ArgumentError, DTypeError } from "../errors.ts";
import { DTYPES, type DType, type TypedArray } from "../graph/dtype.ts";
import { roundToHalf } from "../graph/half.ts";

/** Ends of int32. */
const LEAST = -(2 ** 31);
const GREATEST = 2 ** 31 - 1;

/** Host data in the array type of `dtype`, copied. int32 drops fractions, as in TF.js; float16 is rounded. */
export function toTyped(values: ArrayLike<number>, dtype: DType): TypedArray {
  if (dtype === "float32") return Float32Array.from(values);
  if (dtype === "float16") return Float32Array.from(values, roundToHalf);
  if (dtype === "int32") return Int32Array.from(values);
  // NaN is not 0, as on the GPU.
  return Uint8Array.from(values, (x) => (x === 0 ? 0 : 1));
}

/**
 * JavaScript would store NaN and the infinities as 0, and wrap what is too large: a wrong number, silently.
 *
 * @throws {DTypeError} when one of the numbers has no int32.
 */
export function checkNumbers(values: ArrayLike<number>, dtype: DType, label: string): void {
  if (dtype !== "int32" || values instanceof Int32Array) return;
  for (let i = 0; i < values.length; i++) {
    const x = values[i] ?? Number.NaN;
    if (x > LEAST - 1 && x < GREATEST + 1) continue;
    throw new DTypeError(
      `${label}: received ${x}${values.length > 1 ? ` as element ${i}` : ""}, which int32 cannot hold. Expected ` +
        `finite numbers from ${LEAST} to ${GREATEST}; use float32, or replace such elements first.`,
      { details: { received: x, index: i, dtype } },
    );
  }
}

/** @throws {ArgumentError} unless all of them are whole numbers: half a position is none. */
export function checkIndices(values: ArrayLike<number>, label: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isInteger(values[i])) continue;
    throw new ArgumentError(
      `${label}: received ${values[i]}${values.length > 1 ? ` as element ${i}` : ""}. Expected whole numbers; ` +
        "round them first, e.g. with Math.floor.",
      { details: { received: values[i], index: i } },
    );
  }
}

/** @throws {DTypeError} for a name that is no dtype. */
export function checkDType(dtype: DType, label: string): DType {
  if (DTYPES.includes(dtype)) return dtype;
  const received = typeof dtype === "string" ? JSON.stringify(dtype) : String(dtype);
  throw new DTypeError(
    `${label}: received dtype ${received}. Expected "float32", "float16", "int32" or "bool"; other kinds of numbers are ` +
      "given as float32.",
    { details: { received: dtype } },
  );
}
