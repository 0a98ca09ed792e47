import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, type Shape, shapesEqual } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { Tensor } from "../tensor/index.ts";

/** Where a setting has to lie: from `from` or above `above`, up to `to` or below `below`. */
export interface Bounds {
  readonly from?: number;
  readonly above?: number;
  readonly to?: number;
  readonly below?: number;
}

/**
 * A setting within its bounds, which is finite.
 * @throws {ArgumentError} naming optimizer, setting, value and bounds.
 */
export function checkSetting(label: string, value: number, bounds: Bounds): number {
  const { from = -Infinity, above = -Infinity, to = Infinity, below = Infinity } = bounds;
  const isWithin = value >= from && value > above && value <= to && value < below;
  if (typeof value === "number" && isWithin) return value;
  throw new ArgumentError(
    `${label}: received ${String(value)}. Expected ${describeBounds(bounds)}.`,
  );
}

/**
 * What a function of the user gave has to be a tensor of the weight's shape: another might be broadcast in silence.
 * @throws {ArgumentError | ShapeError} naming the function, what it gave and what is expected.
 */
export function checkShape(label: string, given: unknown, shape: Shape): void {
  if (!(given instanceof Tensor)) {
    throw new ArgumentError(
      `${label}: gave ${describeValue(given)}. Expected a tensor of shape ${formatShape(shape)}.`,
    );
  }
  if (shapesEqual(given.shape, shape)) return;
  throw new ShapeError(
    `${label}: gave a tensor of shape ${formatShape(given.shape)}. Expected ${formatShape(shape)}.`,
  );
}

function describeBounds({ from, above, to, below }: Bounds): string {
  const start = above === undefined ? `[${from}` : `(${above}`;
  if (to !== undefined) return `a number in ${start}, ${to}]`;
  if (below !== undefined) return `a number in ${start}, ${below})`;
  return above === undefined ? `a number from ${from} on` : `a number above ${above}`;
}
