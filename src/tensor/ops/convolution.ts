import { ArgumentError, ShapeError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { formatSpec } from "../../graph/spec.ts";
import { toFloat } from "../../ops/common-dtype.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { convolve } from "./convolve.ts";
import { operand } from "./operand.ts";
import { countOf, shown } from "./shape-arguments.ts";
import { checkStrides, paddingOf, type WindowPadding, windowSizes } from "./window-placement.ts";

/**
 * Convolution over time: x [B, T, I] (or [T, I], one example) with filter [K, I, F] → [B, T', F].
 *
 * @param stride - Steps from one window to the next.
 * @param pad - `"valid"`: windows inside only, T' = ⌈(T - (K-1)·dilation) / stride⌉. `"same"`: zeros around, T' =
 *   ⌈T / stride⌉. A number: so many zeros on both sides.
 * @param dataFormat - `"NWC"`, the only one: channels last.
 * @param dilation - Steps between the elements of a window. Default 1.
 * @throws {ShapeError} when ranks or channels do not fit, or no window fits.
 * @throws {ArgumentError} for numbers that are no whole ones from 1 on, for a stride and a dilation above 1 at once, for
 *   another padding or data format.
 * @see TF.js `tf.conv1d`, PyTorch `torch.nn.functional.conv1d` (which has channels first)
 * @example
 * await sl.conv1d([[1], [2], [4], [8]], [[[1]], [[-1]]], 1, "valid").array(); // [[-1],[-2],[-4]]
 */
export function conv1d(
  x: TensorLike,
  filter: TensorLike,
  stride: number,
  pad: "valid" | "same" | number,
  dataFormat: "NWC" = "NWC",
  dilation = 1,
): Tensor {
  checkFormat(dataFormat, "NWC", "conv1d");
  const rule = { strides: stride, dilations: dilation, pad, rank: 1, label: "conv1d" };
  return convolution(x, filter, rule);
}

/**
 * Convolution over two axes: x [B, H, W, I] (or [H, W, I], one example) with filter [KH, KW, I, F] → [B, H', W', F].
 *
 * @param strides - Elements from one window to the next: a number, or one for each of the two axes.
 * @param pad - As for `conv1d`, along both axes.
 * @param dataFormat - `"NHWC"`, the only one: channels last.
 * @param dilations - Elements between those of a window, a number or two. Default 1.
 * @throws {ShapeError} when ranks or channels do not fit, or no window fits.
 * @throws {ArgumentError} as `conv1d` does.
 * @see TF.js `tf.conv2d`
 * @example
 * sl.conv2d(sl.ones([1, 28, 28, 1]), sl.ones([3, 3, 1, 8]), 2, "same").shape; // [1,14,14,8]
 */
export function conv2d(
  x: TensorLike,
  filter: TensorLike,
  strides: number | readonly [number, number],
  pad: "valid" | "same" | number,
  dataFormat: "NHWC" = "NHWC",
  dilations: number | readonly [number, number] = 1,
): Tensor {
  checkFormat(dataFormat, "NHWC", "conv2d");
  return convolution(x, filter, { strides, dilations, pad, rank: 2, label: "conv2d" });
}

interface Call {
  readonly strides: unknown;
  readonly dilations: unknown;
  readonly pad: unknown;
  /** Number of axes that windows move over. */
  readonly rank: number;
  readonly label: string;
}

function convolution(x: TensorLike, filter: TensorLike, call: Call): Tensor {
  const { rank, label } = call;
  const [input, kernel] = [floats(x, label), floats(filter, label)];
  const strides = windowSizes(call.strides, rank, `${label}: strides`);
  const dilations = windowSizes(call.dilations, rank, `${label}: dilations`);
  checkStrides(strides, dilations, label);
  const padding = padOf(call.pad, label);
  const channels = input.shape.at(-1);
  if (kernel.shape.length !== rank + 2 || kernel.shape.at(-2) !== channels) {
    throw new ShapeError(
      `${label}: ${formatSpec(kernel.spec)} as filter for ${formatSpec(input.spec)}. Expected rank ${rank + 2}, with ` +
        `${channels} input channels on the last axis but one.`,
      { details: { x: input.shape, filter: kernel.shape } },
    );
  }
  return batched(input, { rank, label }, (one) =>
    convolve(one, kernel, { strides, dilations, padding, groups: 1, label }),
  );
}

/**
 * Runs `body` on [B, …, C]; one example alone becomes a batch of one for it.
 * @throws {ShapeError} for another rank.
 */
export function batched(
  x: Value,
  { rank, label }: { readonly rank: number; readonly label: string },
  body: (batch: Value) => Value,
): Tensor {
  if (x.shape.length === rank + 2) return Tensor.of(body(x));
  if (x.shape.length !== rank + 1) {
    throw new ShapeError(
      `${label}: received ${formatSpec(x.spec)}. Expected rank ${rank + 2}, batch first and channels last, or rank ` +
        `${rank + 1} for one example.`,
      { details: { shape: x.shape } },
    );
  }
  const result = body(ops.reshape(x, [1, ...x.shape]));
  return Tensor.of(ops.reshape(result, result.shape.slice(1)));
}

/** A padding as TF.js takes it. */
export function padOf(pad: unknown, label: string): WindowPadding {
  if (typeof pad === "number") return countOf(pad, `${label}: pad`, 0);
  return paddingOf(pad, ["valid", "same"], `${label}: pad`);
}

/** The operand as floats; int32 and bool become float32. */
export function floats(x: TensorLike, label: string): Value {
  return toFloat(operand(x, label));
}

function checkFormat(given: string, only: string, label: string): void {
  if (given === only) return;
  throw new ArgumentError(
    `${label}: received ${shown(given)} as dataFormat. Expected ${shown(only)}, channels last; transpose moves them.`,
    { details: { dataFormat: given } },
  );
}
