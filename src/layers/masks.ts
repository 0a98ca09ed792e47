import type { Value } from "../graph/node.ts";
import { Tensor } from "../tensor/index.ts";
import type { Mask } from "./layer-types.ts";

/**
 * Which time steps of a tensor count. The mask is held as a value: one that nobody uses costs nothing.
 */
const masks = new WeakMap<Tensor, Value>();

/**
 * The mask that travels with a layer's result: bool [B, T], true where the step counts. Embeddings
 * with `maskZero` and masking layers make one, recurrent layers and losses use it.
 */
export function maskOf(tensor: Tensor): Tensor | null {
  const mask = masks.get(tensor);
  return mask === undefined ? null : Tensor.of(mask);
}

/** Lets `mask` travel with `tensor`; null takes an earlier one away. */
export function setMask(tensor: Tensor, mask: Tensor | null): void {
  if (mask === null) masks.delete(tensor);
  else masks.set(tensor, mask.value);
}

/** The mask of the first input, or the only one. */
export function firstMask(mask: Mask): Tensor | null {
  return mask instanceof Tensor ? mask : (mask?.[0] ?? null);
}
