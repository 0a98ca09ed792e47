import { ArgumentError } from "../errors.ts";
import { deserialize, type Serialized } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
import { checkPolicy, withPolicyInForce } from "./dtype-policy.ts";
import { type AnyLayer, Layer } from "./layer.ts";

/** A layer as plain data: the name of its class and its config. */
export function serializeLayer(layer: AnyLayer): Serialized {
  return { className: layer.getClassName(), config: layer.getConfig() };
}

/**
 * The layer that plain data describes, with new weights; a layer comes back as it is.
 * @throws {ArgumentError} for a class that is not known.
 */
export function deserializeLayer(described: AnyLayer | Serialized): AnyLayer {
  if (!isDescription(described)) {
    throw new ArgumentError(
      `layer: received ${describeValue(described)}. Expected a layer, such as sl.layers.dense({ units: 4 }), or its ` +
        "{ className, config }.",
    );
  }
  if (described instanceof Layer) return described;
  // A description has the policy that was in force when it was written, whichever is now. That of float32 is not written.
  const policy = checkPolicy(described.config?.policyInForce ?? "float32", "layer");
  return withPolicyInForce(policy, () => deserialize(described, "layer") as AnyLayer);
}

function isDescription(described: unknown): boolean {
  return (
    described instanceof Layer ||
    (typeof described === "object" && described !== null && "className" in described)
  );
}
