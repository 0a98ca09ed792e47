import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import { reshape, slice, Tensor } from "../tensor/index.ts";

/**
 * What of a model's output is explained: a place in the output of a sample (an index where that has one axis, else one
 * for each axis), or a function that makes one number of each sample's output.
 */
export type AttributionTarget = number | readonly number[] | ((output: Tensor) => Tensor);

/**
 * The number of each sample that is explained, [B].
 * @throws {ArgumentError | ShapeError} when `target` does not lead to one.
 */
export function targetOf(
  label: string,
  output: Tensor,
  target: AttributionTarget | undefined,
): Tensor {
  const [batch = 0, ...axes] = output.shape;
  if (typeof target === "function") return called(label, target(output), batch);
  if (target === undefined) {
    if (output.size === batch) return reshape(output, [batch]);
    throw new ArgumentError(
      `${label}: the model gives ${formatShape(axes)} numbers for each sample. Expected a target that says which one is ` +
        "explained: { target: 0 }, one index for each axis, or a function of the output that gives [batch].",
    );
  }
  const place: readonly unknown[] = Array.isArray(target) ? target : [target];
  const fits =
    place.length === axes.length &&
    place.every((index, axis) => isIndexBelow(index, axes[axis] ?? 0));
  if (!fits) {
    throw new ArgumentError(
      `${label}: received target ${describeValue(target)} for an output of ${formatShape(axes)} numbers a sample. ` +
        `Expected ${axes.length === 1 ? `a whole number from 0 to ${(axes[0] ?? 1) - 1}` : "an index for each axis"}.`,
      { details: { target, output: output.shape } },
    );
  }
  const begin = [0, ...place.map(Number)];
  return reshape(slice(output, begin, [batch, ...axes.map(() => 1)]), [batch]);
}

function isIndexBelow(index: unknown, end: number): boolean {
  return isWholeNumber(index, 0) && index < end;
}

function called(label: string, given: unknown, batch: number): Tensor {
  if (!(given instanceof Tensor)) {
    throw new ArgumentError(
      `${label}: target gave ${describeValue(given)}. Expected a tensor [batch], one number for each sample.`,
    );
  }
  if (given.size === batch && given.shape[0] === batch) return reshape(given, [batch]);
  throw new ShapeError(
    `${label}: target gave shape ${formatShape(given.shape)} for ${batch} samples. Expected ${formatShape([batch])}, one ` +
      "number for each.",
    { details: { received: given.shape, batch } },
  );
}
