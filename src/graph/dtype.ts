/** Element types of tensors. `bool` is stored as one 32-bit word of 0 or 1. */
export type DType = "float32" | "int32" | "bool";

/** Host arrays that hold a dtype's elements: `bool` uses one byte an element, as TF.js does. */
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** Bytes one element takes in a GPU buffer. The one place that knows. */
function bytesPerElement(_dtype: DType): number {
  return 4;
}

/** Bytes of a GPU buffer range for `size` elements, rounded up to whole words. */
export function byteLengthOf(size: number, dtype: DType): number {
  return Math.ceil((size * bytesPerElement(dtype)) / 4) * 4;
}

/** The dtype that holds both: bool < int32 < float32. */
export function upcast(a: DType, b: DType): DType {
  if (a === "float32" || b === "float32") return "float32";
  if (a === "int32" || b === "int32") return "int32";
  return "bool";
}
