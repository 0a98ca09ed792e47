import { ArgumentError, ShapeError } from "../../errors.ts";
import { formatShape } from "../../graph/shape.ts";
import { expandDims, slice, Tensor } from "../../tensor/index.ts";

/**
 * The forecast in what a model gave: its output [B, D], or the last step of [B, T, D]. As [B, 1, D].
 * @throws {ArgumentError | ShapeError} for several outputs, and for other shapes.
 */
export function lastStep(model: string, given: Tensor | Tensor[]): Tensor {
  const only = given instanceof Tensor ? given : given[0];
  if (only === undefined || (Array.isArray(given) && given.length > 1)) {
    throw new ArgumentError(
      `forecast: ${model} gives ${Array.isArray(given) ? given.length : 0} outputs. Expected one, the next step.`,
    );
  }
  if (only.rank === 2) return expandDims(only, 1);
  const [batch = 1, time = 1, width = 1] = only.shape;
  if (only.rank === 3) return slice(only, [0, time - 1, 0], [batch, 1, width]);
  throw new ShapeError(
    `forecast: ${model} gives shape ${formatShape(only.shape)}. Expected the next step [B, D], or all steps [B, T, D].`,
    { details: { received: only.shape } },
  );
}
