import { ArgumentError } from "../errors.ts";
import { findName } from "../names/resolve.ts";
import { placeWindows, type WindowPadding } from "../tensor/ops/window-placement.ts";
import type { LayerShape } from "./layer-shape.ts";

/** Windows over the axes between batch and channels. */
export interface WindowRules {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  /** Default 1. */
  readonly dilations?: readonly number[];
  readonly padding: WindowPadding;
}

/**
 * [B, ..., C] with the number of windows in place of each length between; null stays null.
 * @throws {ShapeError} when an axis is too short.
 */
export function windowedShape(shape: LayerShape, rules: WindowRules, label: string): LayerShape {
  return shape.map((length, axis) => {
    const size = rules.sizes[axis - 1];
    if (size === undefined || length === null) return length;
    const [stride, dilation] = [rules.strides[axis - 1] ?? 1, rules.dilations?.[axis - 1] ?? 1];
    return placeWindows(length, { size, stride, dilation, padding: rules.padding }, label).count;
  });
}

/** @throws {ArgumentError} for any other data format, such as `"channelsFirst"`. */
export function channelsLast(given: unknown, label: string): void {
  if (given === undefined || given === null) return;
  if (findName(given, ["channelsLast"]) !== null) return;
  throw new ArgumentError(
    `${label}: received dataFormat ${JSON.stringify(given)}. Expected "channelsLast"; layers.permute moves the channels ` +
      "to the last axis.",
    { details: { dataFormat: given } },
  );
}
