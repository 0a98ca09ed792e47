import { ArgumentError } from "../../errors.ts";
import { HostScalar } from "../../graph/host-scalar.ts";
import type { Value } from "../../graph/node.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import type { Tensor } from "../tensor.ts";
import { batched, floats, padOf } from "./convolution.ts";
import { placeWindows, type WindowPadding, windowSizes } from "./window-placement.ts";

/** How windows lie on the axes between batch and channels. */
export interface PoolingRule {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly padding: WindowPadding;
  /** Begins the messages. */
  readonly label: string;
}

/** What users say. */
interface Call {
  readonly filterSize: unknown;
  readonly strides: unknown;
  readonly pad: unknown;
  readonly label: string;
}

/**
 * The greatest element of each window: x [B, H, W, C] (or [H, W, C], one example) → [B, H', W', C]. NaN where the window
 * holds one. Of equal elements the first gets the gradient, as in PyTorch and TensorFlow.
 *
 * @param filterSize - Size of the windows: a number, or one for each of the two axes.
 * @param strides - Elements from one window to the next, likewise.
 * @param pad - `"valid"`: windows inside only. `"same"`: ⌈size / stride⌉ windows. A number below the window's size: so
 *   many elements on both sides. What lies around never counts.
 * @throws {ShapeError} for another rank, and when no window fits.
 * @throws {ArgumentError} for sizes that are no whole numbers from 1 on, and for another padding.
 * @see TF.js `tf.maxPool`
 * @example
 * await sl.maxPool([[[1], [5]], [[3], [4]]], 2, 2, "valid").array(); // [[[5]]]
 */
export function maxPool(
  x: TensorLike,
  filterSize: number | readonly [number, number],
  strides: number | readonly [number, number],
  pad: "valid" | "same" | number,
): Tensor {
  return pooled(x, { filterSize, strides, pad, label: "maxPool" }, maxOfWindows);
}

/**
 * The mean of each window: x [B, H, W, C] (or [H, W, C], one example) → [B, H', W', C]. What lies around counts neither in
 * the sum nor in the number of elements.
 *
 * @param filterSize - Size of the windows: a number, or one for each of the two axes.
 * @param strides - Elements from one window to the next, likewise.
 * @param pad - As for `maxPool`.
 * @throws {ShapeError} for another rank, and when no window fits.
 * @throws {ArgumentError} for sizes that are no whole numbers from 1 on, and for another padding.
 * @see TF.js `tf.avgPool`
 * @example
 * await sl.avgPool([[[1], [5]], [[2], [4]]], 2, 2, "valid").array(); // [[[3]]]
 */
export function avgPool(
  x: TensorLike,
  filterSize: number | readonly [number, number],
  strides: number | readonly [number, number],
  pad: "valid" | "same" | number,
): Tensor {
  return pooled(x, { filterSize, strides, pad, label: "avgPool" }, meanOfWindows);
}

/** The greatest of a window is the greatest of the greatest of its rows, so each axis is pooled by itself. */
export function maxOfWindows(x: Value, rule: PoolingRule): Value {
  const placed = placementsOf(x, rule);
  return placed.reduceRight((sofar, { size, step, before, after }, i) => {
    const windows = { axis: i + 1, size, step, dilation: 1 };
    if (before + after === 0) return ops.windowMax(sofar, windows);
    const around = paddingsOf(sofar, i + 1, [before, after]);
    const isInside = ops.pad(ops.literal(1, sofar.shape, "bool"), around);
    const least = ops.literal(Number.NEGATIVE_INFINITY);
    return ops.windowMax(ops.where(isInside, ops.pad(sofar, around), least), windows);
  }, x);
}

/** As for the greatest: the means of rows, then their mean; the windows of an axis hold equally many of each. */
export function meanOfWindows(x: Value, rule: PoolingRule): Value {
  const placed = placementsOf(x, rule);
  return placed.reduceRight((sofar, { size, step, before, after, count }, i) => {
    const axis = i + 1;
    // A mean of halves is a half, their sum need not be.
    const padded = ops.pad(ops.cast(sofar, "float32"), paddingsOf(sofar, axis, [before, after]));
    const sum = ops.sum(ops.windows(padded, { axis, size, step, dilation: 1 }), [axis + 1]);
    const mean = (counts: Value): Value => ops.cast(ops.div(sum, counts), sofar.dtype);
    if (before + after === 0) return mean(ops.literal(size));
    const counted = countedIn({ size, step, before, count, length: sofar.shape[axis] ?? 0 });
    return mean(ops.reshape(counted, [count, ...sum.shape.slice(axis + 1).map(() => 1)]));
  }, x);
}

/**
 * How many elements of the axis each window holds, [count]: from max(begin, 0) to min(begin + size, length). What depends
 * on the length of the axis is a scalar, so that another length compiles no other kernel.
 */
function countedIn({
  size,
  step,
  before,
  count,
  length,
}: {
  readonly [name in "size" | "step" | "before" | "count" | "length"]: number;
}): Value {
  const int = (value: number): Value => ops.literal(value, [], "int32");
  const varying = (value: number): Value => ops.scalar(HostScalar.of(value, "int32"));
  const begin = ops.sub(ops.mul(ops.range(count), int(step)), varying(before));
  const end = ops.minimum(ops.add(begin, int(size)), varying(length));
  return ops.cast(ops.sub(end, ops.maximum(begin, int(0))), "float32");
}

function paddingsOf(x: Value, axis: number, around: readonly [number, number]) {
  return x.shape.map((_, i): readonly [number, number] => (i === axis ? around : [0, 0]));
}

function placementsOf(x: Value, { sizes, strides, padding, label }: PoolingRule) {
  return sizes.map((size, i) => {
    const stride = strides[i] ?? 1;
    const length = x.shape[i + 1] ?? 0;
    const placed = placeWindows(length, { size, stride, dilation: 1, padding }, label);
    return { ...placed, size, step: stride };
  });
}

/** One number for each window of the second and third axis of four. */
function pooled(x: TensorLike, call: Call, reduce: typeof maxOfWindows): Tensor {
  const { label } = call;
  return batched(floats(x, label), { rank: 2, label }, (batch) => reduce(batch, ruleOf(call)));
}

function ruleOf({ filterSize, strides: given, pad, label }: Call): PoolingRule {
  const sizes = windowSizes(filterSize, 2, `${label}: filterSize`);
  const strides = windowSizes(given, 2, `${label}: strides`);
  const padding = padOf(pad, label);
  if (typeof padding === "number" && padding >= Math.min(...sizes)) {
    throw new ArgumentError(
      `${label}: pad ${padding} around windows of ${sizes.join("×")}. Expected less than a window, so that each holds ` +
        "an element.",
      { details: { pad: padding, sizes } },
    );
  }
  return { sizes, strides, padding, label };
}
