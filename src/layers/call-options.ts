import { ArgumentError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import { cast, Tensor, type TensorLike, toTensor } from "../tensor/index.ts";
import type { CallOptions, Mask } from "./layer-types.ts";

/**
 * The options of one call of a layer. Which keys there are is the layer's own affair.
 * @throws {ArgumentError} for what is no object, such as a bare `true` or a second tensor.
 */
export function callOptions(layer: string, given: CallOptions): CallOptions {
  if (typeof given === "object" && !Array.isArray(given) && !(given instanceof Tensor))
    return given;
  throw new ArgumentError(
    `${layer}: received ${describeValue(given)} as options of the call. Expected an object: ` +
      "layer.apply(x, { training: true }); several inputs are a list.",
  );
}

/** The options with the mask as tensors: a mask may be given as nested arrays. */
export function withMask(layer: string, kwargs: CallOptions): CallOptions {
  const mask: unknown = kwargs.mask;
  if (mask === undefined || mask === null || mask instanceof Tensor) return kwargs;
  return { ...kwargs, mask: maskFrom(layer, mask) };
}

/** A list of tensors (or null) is a mask for each input; any other list is one mask. */
function maskFrom(layer: string, mask: unknown): Mask {
  const isTensorOrNull = (one: unknown): one is Tensor | null =>
    one === null || one instanceof Tensor;
  if (Array.isArray(mask) && mask.every(isTensorOrNull)) return mask;
  if (Array.isArray(mask) || ArrayBuffer.isView(mask)) {
    return cast(toTensor(mask as TensorLike, `${layer} mask`), "bool");
  }
  throw new ArgumentError(
    `${layer}: received ${describeValue(mask)} as mask. Expected a bool tensor or an array, true where a step counts: ` +
      "[[true, true, false]].",
  );
}
