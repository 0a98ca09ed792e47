import { ArgumentError } from "../../errors.ts";
import { Tensor, type TensorLike, toTensor } from "../../tensor/index.ts";
import type { Batch } from "../objective.ts";
import type { SampleWeight } from "./data.ts";

/**
 * Which weights the samples have at each output.
 * @throws {ArgumentError} for a list or names that do not fit the outputs.
 */
export function resolveSampleWeight(
  label: string,
  given: SampleWeight | null | undefined,
  outputs: readonly string[],
): Pick<Batch, "weights" | "weighedBy"> {
  const nothing = { weights: [], weighedBy: outputs.map(() => null) };
  if (given === null || given === undefined) return nothing;
  const list = perOutput(label, given, outputs);
  if (list === null) {
    const weights = [toTensor(given as TensorLike, `${label}: sampleWeight`)];
    return { weights, weighedBy: outputs.map(() => 0) };
  }
  const weights: Tensor[] = [];
  const weighedBy = list.map((one, i) => {
    if (one === null) return null;
    weights.push(toTensor(one, `${label}: sampleWeight for output "${outputs[i]}"`));
    return weights.length - 1;
  });
  return { weights, weighedBy };
}

/** Weights in the order of the outputs; null where they are those of all outputs. */
function perOutput(
  label: string,
  given: SampleWeight,
  outputs: readonly string[],
): readonly (TensorLike | null)[] | null {
  if (given instanceof Tensor || ArrayBuffer.isView(given) || typeof given !== "object")
    return null;
  if (Array.isArray(given)) {
    // Lists of numbers are the weights of steps, [B, T], unless there are as many as outputs.
    const isFit = given.length === outputs.length && given.every((one) => typeof one === "object");
    const isList = given.some((one) => one === null || one instanceof Tensor);
    if (outputs.length === 1 || !(isFit || isList)) return null;
    if (isFit) return given as readonly (TensorLike | null)[];
    throw new ArgumentError(
      `${label}: received a list of ${given.length} as sampleWeight. Expected weights for each of the outputs ` +
        `${outputs.join(", ")}, or null.`,
    );
  }
  const byName = given as Readonly<Record<string, TensorLike | null>>;
  const stranger = Object.keys(byName).find((name) => !outputs.includes(name));
  if (stranger === undefined) return outputs.map((name) => byName[name] ?? null);
  throw new ArgumentError(
    `${label}: sampleWeight names "${stranger}". Expected names of the outputs: ${outputs.join(", ")}.`,
  );
}
