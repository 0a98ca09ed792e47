import { ArgumentError } from "../errors.ts";

/**
 * The axes of a normalization in order, counted from 0; they are the last ones.
 * @throws {ArgumentError} for others, and for all axes at once.
 */
export function lastAxes(axis: number | readonly number[], rank: number, layer: string): number[] {
  const axes = [axis].flat().map((one) => (one < 0 ? one + rank : one));
  axes.sort((a, b) => a - b);
  const isLast = axes.every((one, i) => one === rank - axes.length + i);
  if (isLast && axes.length > 0 && axes.length < rank) return axes;
  throw new ArgumentError(
    `${layer}: axis is ${JSON.stringify(axis)} for an input of rank ${rank}. Expected -1, ` +
      "the last axis, or a list of the last ones; move another axis there with layers.permute.",
    { details: { axis, rank } },
  );
}
