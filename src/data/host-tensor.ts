import type { DType, TypedArray } from "../graph/dtype.ts";
import { source } from "../ops/leaves.ts";
import { sourceOf } from "../tensor/kept.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * A tensor of host data that is not copied: whoever makes it leaves `data` alone from then on. Nothing is on the GPU
 * until something computes with it.
 */
export function hostTensor(data: TypedArray, shape: readonly number[], dtype: DType): Tensor {
  return Tensor.of(source({ shape: [...shape], dtype }, { kind: "host", data }));
}

/** The elements of a tensor where the host has them; null when they would have to be read. Not to be written. */
export function hostDataOf(tensor: Tensor): TypedArray | null {
  const from = sourceOf(tensor.value);
  return from?.kind === "host" ? from.data : null;
}

/** Zeros in the array type of `dtype`. */
export function emptyArray(dtype: DType, length: number): TypedArray {
  if (dtype === "int32") return new Int32Array(length);
  return dtype === "bool" ? new Uint8Array(length) : new Float32Array(length);
}
