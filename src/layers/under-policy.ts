import { isFloat } from "../graph/dtype.ts";
import { cast, type Tensor } from "../tensor/index.ts";
import { computeDType, type DTypePolicy } from "./dtype-policy.ts";
import { maskOf, setMask } from "./masks.ts";

/** `one` in the dtype of the policy if it is of floats; its mask goes along. */
export function underPolicy(one: Tensor, policy: DTypePolicy): Tensor {
  const dtype = computeDType(policy);
  if (one.dtype === dtype || !isFloat(one.dtype)) return one;
  const converted = cast(one, dtype);
  const mask = maskOf(one);
  if (mask !== null) setMask(converted, mask);
  return converted;
}
