import { ArgumentError, ShapeError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import {
  formatShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sizeOf,
} from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { isWholeNumber } from "../../names/whole-number.ts";
import type { TensorLike } from "../convert.ts";

/*
 * The types say what an argument may be, but JavaScript does not read types: each check names the
 * function that was called, shows what came in and how it is written.
 */

/** A list of sizes; whether they are whole numbers the op itself says. */
export function shapeList(shape: Shape, label: string): Shape {
  if (isNumberList(shape)) return shape;
  throw new ShapeError(
    `${label}: received shape ${shown(shape)}. Expected an array of sizes, e.g. [3, 2].`,
    { details: { received: shape } },
  );
}

/** `shape` with its one -1 (if any) replaced by what is left of `x`. */
export function resolveShape(x: Value, shape: Shape, label: string): Shape {
  shapeList(shape, label);
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

/** A list of numbers, one an axis. */
export function numberList(list: readonly number[], label: string): readonly number[] {
  if (isNumberList(list)) return list;
  throw new ArgumentError(
    `${label}: received ${shown(list)}. Expected an array of numbers, one an axis, e.g. [1, 0].`,
    { details: { received: list } },
  );
}

/** One number for each axis of `x`; a shorter list is filled up with `rest`. */
export function perAxis(
  x: Value,
  given: number | readonly number[],
  { label, rest }: { label: string; rest: number },
): number[] {
  const list = numberList(typeof given === "number" ? [given] : given, label);
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
  if (isWholeNumber(count, least)) return count;
  throw new ArgumentError(
    `${label}: received ${shown(count)}; expected a whole number from ${least} on.`,
  );
}

/** `true` or `false`; a number in its place is more likely an argument at the wrong position. */
export function flagOf(flag: boolean, label: string): boolean {
  if (typeof flag === "boolean") return flag;
  throw new ArgumentError(`${label}: received ${shown(flag)}. Expected true or false.`, {
    details: { received: flag },
  });
}

/** `[before, after]` of each axis; whether they are counts the op itself says. */
export function pairList(
  paddings: readonly (readonly [number, number])[],
  label: string,
): readonly (readonly [number, number])[] {
  const isPair = (pair: unknown): boolean => isNumberList(pair) && pair.length === 2;
  if (Array.isArray(paddings) && paddings.every(isPair)) return paddings;
  throw new ArgumentError(
    `${label}: received paddings ${shown(paddings)}. Expected a pair [before, after] for each ` +
      "axis, e.g. [[1, 1], [0, 2]].",
    { details: { received: paddings } },
  );
}

/** An array of tensors; one tensor alone, or several arguments, are a common slip. */
export function tensorList(tensors: readonly TensorLike[], label: string): readonly TensorLike[] {
  if (Array.isArray(tensors)) return tensors;
  throw new ArgumentError(
    `${label}: received ${shown(tensors)}. Expected an array of tensors: ${label}([a, b]).`,
  );
}

/** Axes as TF.js gives them: one, several, or null for all. */
export type AxisArgument = number | readonly number[] | null | undefined;

/**
 * Axes of `x`, normalised and in ascending order; all of them for null.
 *
 * @throws {ArgumentError} for what is no axis, and for an axis that is named twice.
 * @throws {ShapeError} when one lies outside.
 */
export function axesOf(x: Value, axis: AxisArgument, label: string): number[] {
  const rank = x.shape.length;
  if (axis === null || axis === undefined) return normalizeAxes(undefined, rank, label);
  const list = typeof axis === "number" ? [axis] : axis;
  if (!isNumberList(list)) {
    throw new ArgumentError(
      `${label}: received axis ${shown(axis)}. Expected a whole number, an array of them, or null ` +
        "for all axes.",
      { details: { received: axis } },
    );
  }
  const axes = normalizeAxes(list, rank, label);
  if (axes.length === list.length) return axes;
  throw new ArgumentError(
    `${label}: axes ${formatShape(list)} of ${formatSpec(x.spec)} name one axis twice. Expected ` +
      "each axis once; negative ones count from the end.",
    { details: { received: list, shape: x.shape } },
  );
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

/** What somebody passed, for a message. */
export function shown(received: unknown): string {
  if (typeof received === "string") return JSON.stringify(received);
  return Array.isArray(received) ? `[${received.map(shown).join(",")}]` : String(received);
}

function isNumberList(list: unknown): list is readonly number[] {
  return Array.isArray(list) && list.every((item) => typeof item === "number");
}
