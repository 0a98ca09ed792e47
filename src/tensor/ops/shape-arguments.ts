import { ArgumentError, ShapeError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { formatShape, normalizeAxis, type Shape, sizeOf } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";

/** `shape` with its one -1 (if any) replaced by what is left of `x`. */
export function resolveShape(x: Value, shape: Shape, label: string): Shape {
  const free = shape.filter((dim) => dim === -1).length;
  if (free === 0) return shape;
  const known = sizeOf(shape.filter((dim) => dim !== -1));
  const size = sizeOf(x.shape);
  if (free > 1 || known === 0 || size % known !== 0) {
    throw new ShapeError(
      `${label}: ${formatSpec(x.spec)} does not fit ${formatShape(shape)}. Expected one -1 at ` +
        `most, and the other sizes to divide ${size} elements.`,
      { details: { from: x.shape, to: shape } },
    );
  }
  return shape.map((dim) => (dim === -1 ? size / known : dim));
}

/** One number for each axis of `x`; a shorter list is filled up with `rest`. */
export function perAxis(
  x: Value,
  given: number | readonly number[],
  { label, rest }: { label: string; rest: number },
): number[] {
  const list = typeof given === "number" ? [given] : given;
  if (list.length > x.shape.length) {
    throw new ShapeError(
      `${label}: received ${formatShape(list)} for ${formatSpec(x.spec)}. Expected at most one ` +
        "number an axis.",
      { details: { shape: x.shape, received: list } },
    );
  }
  return x.shape.map((_, axis) => list[axis] ?? rest);
}

/** A whole number of at least `least`. */
export function countOf(count: number, label: string, least = 1): number {
  if (Number.isInteger(count) && count >= least) return count;
  throw new ArgumentError(`${label}: received ${count}; expected a whole number from ${least} on.`);
}

/** Axes as TF.js gives them: one, several, or null for all. */
export type AxisArgument = number | readonly number[] | null | undefined;

export function axisList(axis: AxisArgument): readonly number[] | undefined {
  if (axis === null || axis === undefined) return undefined;
  return typeof axis === "number" ? [axis] : axis;
}

/** The axes of `x` with `axis` moved to the end, and the permutation that takes them back. */
export function lastAxisOrder(
  x: Value,
  axis: number,
  label: string,
): { readonly order: number[]; readonly back: number[] } {
  const from = normalizeAxis(axis, x.shape.length, label);
  const order = x.shape.map((_, i) => i).filter((i) => i !== from);
  order.push(from);
  return { order, back: order.map((_, i) => order.indexOf(i)) };
}
