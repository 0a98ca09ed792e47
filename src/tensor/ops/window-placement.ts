import { ArgumentError, ShapeError } from "../../errors.ts";
import { findName } from "../../names/resolve.ts";
import { isWholeNumber } from "../../names/whole-number.ts";
import { shown } from "./shape-arguments.ts";

/**
 * What lies around the input of a convolution or pooling. `"valid"`: nothing. `"same"`: as much as gives
 * ⌈length / stride⌉ windows, the odd element behind. `"causal"`: all in front, so that no window sees what comes after
 * its last element. A number: so many elements on both sides.
 */
export type WindowPadding = "valid" | "same" | "causal" | number;

/** Windows along one axis. */
export interface WindowRule {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: WindowPadding;
}

/** Elements around an axis, and the number of windows on it. */
export interface WindowPlacement {
  readonly before: number;
  readonly after: number;
  readonly count: number;
}

/**
 * Where the windows of an axis of `length` elements lie.
 * @throws {ShapeError} when none fits.
 */
export function placeWindows(length: number, rule: WindowRule, label: string): WindowPlacement {
  const { size, stride, dilation, padding } = rule;
  const span = (size - 1) * dilation + 1;
  const total = (count: number): number => Math.max(0, (count - 1) * stride + span - length);
  if (padding === "same") {
    const count = Math.ceil(length / stride);
    const before = Math.floor(total(count) / 2);
    return { before, after: total(count) - before, count };
  }
  const [before, after] = aroundOf(padding, span);
  const count = Math.floor((length + before + after - span) / stride) + 1;
  if (count >= 1) return { before, after, count };
  const dilated = dilation > 1 ? ` (${size}, ${dilation} apart)` : "";
  throw new ShapeError(
    `${label}: a window of ${span} elements${dilated} on an axis of ${length}, padding ${shown(padding)}. Expected a ` +
      'longer axis, a smaller window, or padding "same".',
    { details: { length, size, dilation, padding } },
  );
}

function aroundOf(padding: "valid" | "causal" | number, span: number): readonly [number, number] {
  if (typeof padding === "number") return [padding, padding];
  return [padding === "causal" ? span - 1 : 0, 0];
}

/**
 * A padding as users write it, of those in `names`.
 * @throws {ArgumentError} for anything else.
 */
export function paddingOf<Name extends "valid" | "same" | "causal">(
  given: unknown,
  names: readonly Name[],
  label: string,
): Name {
  const name = findName(given, names);
  if (name !== null) return name;
  throw new ArgumentError(
    `${label}: received ${shown(given)}. Expected ${names.map(shown).join(" or ")}.`,
    { details: { padding: given } },
  );
}

/**
 * Sizes of `rank` axes: a number for all, or a list.
 * @throws {ArgumentError} for what is no whole number from 1 on, and for lists of another length.
 */
export function windowSizes(given: unknown, rank: number, label: string): readonly number[] {
  const list: readonly unknown[] = Array.isArray(given)
    ? given
    : new Array<unknown>(rank).fill(given);
  const isSize = (one: unknown): one is number => isWholeNumber(one, 1);
  if (list.length === rank && list.every(isSize)) return list;
  const several = rank > 1 ? ` or ${rank} of them in a list` : "";
  throw new ArgumentError(
    `${label}: received ${shown(given)}. Expected a whole number from 1 on${several}.`,
    { details: { received: given } },
  );
}

/**
 * A stride and a dilation above 1 at once are refused, as in Keras and TF.js.
 * @throws {ArgumentError}
 */
export function checkStrides(
  strides: readonly number[],
  dilations: readonly number[],
  label: string,
): void {
  if (Math.max(...strides) === 1 || Math.max(...dilations) === 1) return;
  throw new ArgumentError(
    `${label}: strides ${shown(strides)} and dilation ${shown(dilations)}. Expected 1 for one of the two.`,
    { details: { strides, dilations } },
  );
}
