import { type Shape, sizeOf } from "../graph/shape.ts";

/** How many inputs and outputs one unit has. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * Keras's rule: a matrix is [inputs, outputs]; a vector counts for both; axes in front of the last
 * two are a receptive field that multiplies both.
 */
export function computeFans(shape: Shape): Fans {
  const [first = 1] = shape;
  if (shape.length < 2) return { fanIn: first, fanOut: first };
  const field = sizeOf(shape.slice(0, -2));
  return { fanIn: field * (shape.at(-2) ?? 1), fanOut: field * (shape.at(-1) ?? 1) };
}
