import { ArgumentError } from "../errors.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import { Tensor } from "../tensor/index.ts";
import type { LayerShape } from "./layer-shape.ts";
import type { LayerConfig } from "./layer-types.ts";
import { SymbolicTensor } from "./symbolic.ts";

/**
 * The shape with the batch that a config gives, or null.
 * @throws {ArgumentError} for what is no shape.
 */
export function batchShapeOf(config: LayerConfig, layer: string): LayerShape | null {
  const { batchInputShape, inputShape, batchSize = null } = config;
  const given = batchInputShape ?? inputShape;
  if (given === undefined) return null;
  const isSize = (dim: unknown) => dim === null || isWholeNumber(dim, 1);
  if (!Array.isArray(given) || !given.every(isSize) || !isSize(batchSize)) {
    throw new ArgumentError(
      `${layer}: received ${JSON.stringify(given)} as the shape of its input, batch size ` +
        `${batchSize}. Expected a list of whole numbers from 1 up, or null for any size: ` +
        "inputShape: [10, 3].",
      { details: { inputShape, batchInputShape, batchSize } },
    );
  }
  return batchInputShape ?? [batchSize, ...given];
}

/** @throws {ArgumentError} unless all inputs are tensors, or all are symbolic. */
export function checkApplied(inputs: unknown, layer: string): void {
  const list: readonly unknown[] = Array.isArray(inputs) ? inputs : [inputs];
  const symbolic = list.filter((one) => one instanceof SymbolicTensor).length;
  const isTensors = list.every((one) => one instanceof Tensor);
  if (list.length > 0 && (isTensors || symbolic === list.length)) return;
  const received =
    symbolic > 0 ? "symbolic tensors beside other inputs" : `an input of type ${typeof list[0]}`;
  throw new ArgumentError(
    `${layer}: received ${received}. Expected a tensor or a list of tensors: ` +
      "layer.apply(sl.tensor(…)).",
  );
}
