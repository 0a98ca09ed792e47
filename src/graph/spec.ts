import { byteLengthOf, type DType } from "./dtype.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";

/** What a value is: its shape and its storage dtype. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

export function specOf(shape: Shape, dtype: DType = "float32"): Spec {
  return { shape, dtype };
}

/** Bytes of a dense buffer range that holds the value. */
export function specBytes(spec: Spec): number {
  return byteLengthOf(sizeOf(spec.shape), spec.dtype);
}

/** `float32[2,3]` for messages. */
export function formatSpec(spec: Spec): string {
  return `${spec.dtype}${formatShape(spec.shape)}`;
}
