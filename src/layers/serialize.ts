import { ArgumentError } from "../errors.ts";
import { deserialize, type Serialized } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
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
  return described instanceof Layer ? described : (deserialize(described, "layer") as AnyLayer);
}

function isDescription(described: unknown): boolean {
  return (
    described instanceof Layer ||
    (typeof described === "object" && described !== null && "className" in described)
  );
}
