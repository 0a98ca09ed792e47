/**
 * Element types of tensors. `float16` is a way to lie in memory: two bytes an element, while kernels compute in
 * float32. `bool` is stored as one 32-bit word of 0 or 1.
 */
export type DType = "float32" | "float16" | "int32" | "bool";

/**
 * Host arrays that hold a dtype's elements: `float16` is widened to Float32Array; `bool` uses one byte an element, as
 * TF.js does.
 */
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** Every dtype, the wider ones last: a bool is an int32, an int32 a float. */
export const DTYPES: readonly DType[] = ["bool", "int32", "float16", "float32"];

/** Bytes one element takes in a GPU buffer. The one place that knows. */
function bytesPerElement(dtype: DType): number {
  return dtype === "float16" ? 2 : 4;
}

/** Bytes of a GPU buffer range for `size` elements, rounded up to whole words. */
export function byteLengthOf(size: number, dtype: DType): number {
  return Math.ceil((size * bytesPerElement(dtype)) / 4) * 4;
}

/** Whether gradients flow through values of this dtype. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float16";
}

/** The dtype that holds both: bool < int32 < float16 < float32. */
export function upcast(a: DType, b: DType): DType {
  return DTYPES.indexOf(a) > DTYPES.indexOf(b) ? a : b;
}
