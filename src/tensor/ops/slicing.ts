import { ArgumentError, ShapeError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { formatShape } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { isWholeNumber } from "../../names/whole-number.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";
import { pairList, perAxis, shown } from "./shape-arguments.ts";

/**
 * A block of x.
 *
 * @param begin - First index of each axis; axes that are left out begin at 0.
 * @param size - Elements of each axis; -1, or leaving it out, takes all that follow.
 * @throws {ArgumentError} for positions that are no numbers.
 * @throws {ShapeError} when the block leaves x, and for fractions.
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
  const isWhole = first.every(Number.isInteger);
  const asked = perAxis(value, size, { label: "slice: size", rest: -1 });
  const count = asked.map((dim, axis) =>
    dim === -1 ? (value.shape[axis] ?? 0) - (first[axis] ?? 0) : dim,
  );
  if (!isWhole || count.some((dim) => !isWholeNumber(dim, 0))) {
    throw new ShapeError(
      `slice: begin ${formatShape(first)}, size ${formatShape(asked)} of ` +
        `${formatSpec(value.spec)}. Expected whole numbers inside the tensor; stridedSlice takes ` +
        "negative positions.",
    );
  }
  return Tensor.of(ops.slice(value, first, count));
}

/**
 * x with `constantValue` around it.
 *
 * @param paddings - `[before, after]` for each axis.
 * @param constantValue - Default 0.
 * @throws {ArgumentError} for paddings that are no list of pairs.
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
  pairList(paddings, "pad");
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
 * @throws {ArgumentError} for another mode, and for paddings that are no list of pairs.
 * @throws {ShapeError} when an axis is too short to be mirrored that far.
 * @example
 * await sl.mirrorPad([1, 2, 3], [[2, 1]], "reflect").array(); // [3,2,1,2,3,2]
 */
export function mirrorPad(
  x: TensorLike,
  paddings: readonly (readonly [number, number])[],
  mode: "reflect" | "symmetric",
): Tensor {
  if (mode !== "reflect" && mode !== "symmetric") {
    throw new ArgumentError(
      `mirrorPad: received mode ${shown(mode)}. Expected "reflect" or "symmetric".`,
    );
  }
  const skip = mode === "reflect" ? 1 : 0;
  let value = operand(x, "mirrorPad");
  pairList(paddings, "mirrorPad");
  if (paddings.length !== value.shape.length) {
    throw new ShapeError(
      `mirrorPad: ${paddings.length} pairs for ${formatSpec(value.spec)}; expected one an axis.`,
    );
  }
  paddings.forEach(([before, after], axis) => {
    const dim = value.shape[axis] ?? 0;
    const isCount = [before, after].every((n) => isWholeNumber(n, 0) && n <= dim - skip);
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
