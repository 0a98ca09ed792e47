import { mapTensors, tensorsIn } from "../tensor/containers.ts";
import { Tensor } from "../tensor/index.ts";
import { carriedStates, runWhole } from "./carried-states.ts";
import type { CallOptions } from "./layer-types.ts";
import { maskOf, setMask } from "./masks.ts";

/** What a layer is applied to. */
type Arguments = readonly [inputs: Tensor | readonly Tensor[], kwargs: CallOptions];

/**
 * Runs a layer. Where the model runs step by step, a layer that reads nothing of the steps (of an encoder, say) sees its
 * sequence as a whole; and what a layer reads beside the steps is computed by the first call and kept.
 */
export function runBesideSteps(
  layer: string,
  given: Arguments,
  run: (...given: Arguments) => Tensor | Tensor[],
): Tensor | Tensor[] {
  const carried = carriedStates();
  if (carried === null || !carried.tellsSteps) return run(...given);
  if (!tensorsIn(given).some((one) => carried.isOfSteps(one))) return runWhole(() => run(...given));
  const once = (one: Tensor): Tensor => (carried.isOfSteps(one) ? one : keptOnce(layer, one));
  const results = run(...(mapTensors(given, once) as unknown as Arguments));
  carried.follow(tensorsIn(results));
  return results;
}

/** A tensor that does not depend on the steps, with its mask, as the first call computed them. */
function keptOnce(layer: string, tensor: Tensor): Tensor {
  const carried = carriedStates();
  const { value } = tensor;
  if (carried === null || value.node.source !== undefined) return tensor;
  const mask = maskOf(tensor);
  const [own = tensor, ownMask = null] =
    carried.kept.get(value) ?? carried.keep(layer, mask ? [tensor, mask] : [tensor]);
  // In the first call what is kept are the values themselves: layers inside meet them again.
  for (const one of [value, own.value]) carried.kept.set(one, ownMask ? [own, ownMask] : [own]);
  if (ownMask !== null) carried.kept.set(ownMask.value, [ownMask]);
  const handle = Tensor.of(own.value);
  setMask(handle, ownMask);
  return handle;
}
