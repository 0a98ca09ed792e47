import { ArgumentError, ShapeError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { formatShape } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";
import { perAxis } from "./shape-arguments.ts";

/**
 * A block of x.
 *
 * @param begin - First index of each axis; axes that are left out begin at 0.
 * @param size - Elements of each axis; -1, or leaving it out, takes all that follow.
 * @throws {ShapeError} when the block leaves x.
 * @example
 * await sl.slice([1, 2, 3, 4], 1, 2).array(); // [2,3]
 */
export function slice(
  x: TensorLike,
  begin: number | readonly number[],
  size: number | readonly number[] = -1,
): Tensor {
  const value = operand(x, "slice");
  const first = perAxis(value, begin, { label: "slice: begin", rest: 0 });
  const asked = perAxis(value, size, { label: "slice: size", rest: -1 });
  const count = asked.map((dim, axis) =>
    dim === -1 ? (value.shape[axis] ?? 0) - (first[axis] ?? 0) : dim,
  );
  if (count.some((dim) => !Number.isInteger(dim) || dim < 0)) {
    throw new ShapeError(
      `slice: begin ${formatShape(first)}, size ${formatShape(asked)} of ` +
        `${formatSpec(value.spec)}. Expected whole numbers inside the tensor; stridedSlice takes ` +
        "negative positions.",
    );
  }
  return Tensor.of(ops.slice(value, first, count));
}

/**
 * Every `strides`-th element from `begin` up to, not including, `end`, as in Python's
 * `x[begin:end:stride]`: negative positions count from the end, positions outside are moved to the
 * edge, a negative stride walks backwards.
 *
 * @param strides - Default 1.
 * @param beginMask - Bit i set: `begin[i]` is ignored, the axis starts at its edge. Default 0.
 * @param endMask - Bit i set: `end[i]` is ignored, the axis runs to its other edge. Default 0.
 * @throws {ArgumentError} for a stride of 0.
 * @throws {ShapeError} for more positions than axes.
 * @example
 * await sl.stridedSlice([1, 2, 3, 4, 5], [1], [5], [2]).array(); // [2,4]
 */
export function stridedSlice(
  x: TensorLike,
  begin: readonly number[],
  end: readonly number[],
  strides: readonly number[] = [],
  beginMask = 0,
  endMask = 0,
): Tensor {
  const value = operand(x, "stridedSlice");
  const step = perAxis(value, strides, { label: "stridedSlice: strides", rest: 1 });
  if (step.some((by) => !Number.isInteger(by) || by === 0)) {
    throw new ArgumentError(
      `stridedSlice: strides ${formatShape(step)}; expected whole numbers other than 0.`,
    );
  }
  perAxis(value, begin, { label: "stridedSlice: begin", rest: 0 });
  perAxis(value, end, { label: "stridedSlice: end", rest: 0 });
  const spans = value.shape.map((dim, axis) => {
    const from = beginMask & (1 << axis) ? undefined : begin[axis];
    const to = endMask & (1 << axis) ? undefined : end[axis];
    return spanOf(dim, { from, to, by: step[axis] ?? 1 });
  });
  return Tensor.of(
    ops.slice(
      value,
      spans.map((span) => span.first),
      spans.map((span) => span.count),
      step,
    ),
  );
}

/**
 * x with `constantValue` around it.
 *
 * @param paddings - `[before, after]` for each axis.
 * @param constantValue - Default 0.
 * @throws {ShapeError} unless there is a pair of whole numbers from 0 on for each axis.
 * @example
 * await sl.pad([1, 2], [[1, 2]], 9).array(); // [9,1,2,9,9]
 */
export function pad(
  x: TensorLike,
  paddings: readonly (readonly [number, number])[],
  constantValue = 0,
): Tensor {
  const value = operand(x, "pad");
  const padded = ops.pad(value, paddings);
  if (constantValue === 0) return Tensor.of(padded);
  const isInside = ops.pad(ops.literal(1, value.shape, "bool"), paddings);
  const around = ops.cast(operand(constantValue, "pad"), value.dtype);
  return Tensor.of(ops.where(isInside, padded, around));
}

/**
 * x with its own mirror image around it.
 *
 * @param paddings - `[before, after]` for each axis.
 * @param mode - `reflect`: the edge itself is not repeated. `symmetric`: it is.
 * @throws {ShapeError} when an axis is too short to be mirrored that far.
 * @example
 * await sl.mirrorPad([1, 2, 3], [[2, 1]], "reflect").array(); // [3,2,1,2,3,2]
 */
export function mirrorPad(
  x: TensorLike,
  paddings: readonly (readonly [number, number])[],
  mode: "reflect" | "symmetric",
): Tensor {
  const skip = mode === "reflect" ? 1 : 0;
  let value = operand(x, "mirrorPad");
  if (paddings.length !== value.shape.length) {
    throw new ShapeError(
      `mirrorPad: ${paddings.length} pairs for ${formatSpec(value.spec)}; expected one an axis.`,
    );
  }
  paddings.forEach(([before, after], axis) => {
    const dim = value.shape[axis] ?? 0;
    const isCount = [before, after].every((n) => Number.isInteger(n) && n >= 0 && n <= dim - skip);
    if (!isCount) {
      throw new ShapeError(
        `mirrorPad: ${before} and ${after} elements around axis ${axis} of ` +
          `${formatSpec(value.spec)}. Expected whole numbers from 0 to ${dim - skip}.`,
      );
    }
    const front = blockOf(value, axis, { begin: skip, count: before });
    const back = blockOf(value, axis, { begin: dim - skip - after, count: after });
    const pieces = [ops.reverse(front, [axis]), value, ops.reverse(back, [axis])];
    value = ops.concat(
      pieces.filter((piece) => piece.shape[axis] !== 0),
      axis,
    );
  });
  return Tensor.of(value);
}

interface Span {
  readonly first: number;
  readonly count: number;
}

/** Python's rule for one axis of a slice. */
function spanOf(
  dim: number,
  { from, to, by }: { from: number | undefined; to: number | undefined; by: number },
): Span {
  const [low, high] = by > 0 ? [0, dim] : [-1, dim - 1];
  const place = (position: number): number =>
    Math.max(low, Math.min(high, position < 0 ? position + dim : position));
  const first = from === undefined ? (by > 0 ? low : high) : place(from);
  const last = to === undefined ? (by > 0 ? high : low) : place(to);
  const count = Math.max(0, Math.ceil((last - first) / by));
  return { first: count === 0 ? 0 : first, count };
}

function blockOf(
  x: Value,
  axis: number,
  { begin, count }: { begin: number; count: number },
): Value {
  return ops.slice(
    x,
    x.shape.map((_, i) => (i === axis ? begin : 0)),
    x.shape.map((dim, i) => (i === axis ? count : dim)),
  );
}
