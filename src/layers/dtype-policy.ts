import { ArgumentError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { describeValue } from "../names/describe.ts";

/**
 * In which dtype a layer keeps what it computes: `"float32"`, or `"mixed_float16"`, half the memory. Its weights are
 * float32 under both, and so are the sums inside kernels.
 */
export type DTypePolicy = "float32" | "mixed_float16";

const COMPUTED: Readonly<Record<DTypePolicy, DType>> = {
  float32: "float32",
  mixed_float16: "float16",
};

let policyInForce: DTypePolicy = "float32";

/**
 * Sets the policy of layers that are made from now on without a `dtype` of their own; the first is `"float32"`.
 *
 * With `"mixed_float16"` layers round what they take in and give out to float16, so that activations kept for the
 * backward pass take half the memory; weights, optimizer and losses stay float32. Small gradients would vanish, so
 * `model.compile` scales the loss (`train.lossScaleOptimizer`). It needs a device with `shader-f16`; a model on another
 * one throws UnsupportedError when it first runs. docs/mixed-precision.md.
 *
 * @throws {ArgumentError} for another name.
 * @example
 * sl.setDTypePolicy("mixed_float16");
 * const hidden = sl.layers.dense({ units: 8, activation: "relu" });
 * const head = sl.layers.dense({ units: 3, activation: "softmax", dtype: "float32" });
 * console.log(hidden.computeDType, head.computeDType); // float16 float32
 * sl.setDTypePolicy("float32");
 * @see Keras `keras.config.set_dtype_policy`, PyTorch `torch.autocast`
 */
export function setDTypePolicy(policy: DTypePolicy): void {
  policyInForce = checkPolicy(policy, "setDTypePolicy");
}

/** The policy of layers that are made now. */
export function getDTypePolicy(): DTypePolicy {
  return policyInForce;
}

/** Runs `make` with another policy in force: what is made of a config gets that which was in force for the config's layer. */
export function withPolicyInForce<T>(policy: DTypePolicy, make: () => T): T {
  const before = policyInForce;
  policyInForce = policy;
  try {
    return make();
  } finally {
    policyInForce = before;
  }
}

/** @throws {ArgumentError} for what is no policy. */
export function checkPolicy(policy: unknown, label: string): DTypePolicy {
  if (typeof policy === "string" && Object.hasOwn(COMPUTED, policy)) return policy as DTypePolicy;
  throw new ArgumentError(
    `${label}: received ${describeValue(policy)} as dtype. Expected "float32" or "mixed_float16"; the dtype of what ` +
      "comes into a layer is its inputDType.",
    { details: { received: policy } },
  );
}

/** The dtype of what a layer of this policy gives out, and of the floats that it takes in. */
export function computeDType(policy: DTypePolicy): DType {
  return COMPUTED[policy];
}
