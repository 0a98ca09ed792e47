import type { Value } from "../graph/node.ts";
import { Tensor } from "../tensor/index.ts";

/**
 * Which time steps of a value count. Values, not handles: a mask that nobody uses costs nothing.
 */
const masks = new WeakMap<Value, Value>();

/**
 * The mask that travels with a layer's result: bool [B, T], true where the step counts. Embeddings
 * with `maskZero` and masking layers make one, recurrent layers and losses use it.
 */
export function maskOf(tensor: Tensor): Tensor | null {
  const mask = masks.get(tensor.value);
  return mask === undefined ? null : Tensor.of(mask);
}

/** Lets `mask` travel with `tensor`; null takes an earlier one away. */
export function setMask(tensor: Tensor, mask: Tensor | null): void {
  if (mask === null) masks.delete(tensor.value);
  else masks.set(tensor.value, mask.value);
}
