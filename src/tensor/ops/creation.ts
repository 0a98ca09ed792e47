import { ArgumentError } from "../../errors.ts";
import type { DType } from "../../graph/dtype.ts";
import { HostScalar } from "../../graph/host-scalar.ts";
import type { Value } from "../../graph/node.ts";
import { sizeOf } from "../../graph/shape.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { checkDType, checkNumbers } from "../host-numbers.ts";
import { Tensor } from "../tensor.ts";
import { indexOperand, operand } from "./operand.ts";
import { countOf, shapeList, shown } from "./shape-arguments.ts";

/**
 * start, start + step, … up to, not including, stop.
 *
 * @param step - Default 1, or -1 where stop is below start.
 * @param dtype - Default float32; int32 drops the fractions.
 * @returns `[ceil((stop - start) / step)]`
 * @throws {ArgumentError} when step is 0 or leads away from stop.
 * @throws {DTypeError} when int32 cannot hold one of the numbers.
 * @example
 * await sl.range(2, 8, 2).array(); // [2,4,6]
 */
export function range(
  start: number,
  stop: number,
  step = stop < start ? -1 : 1,
  dtype: "float32" | "int32" = "float32",
): Tensor {
  const count = Math.ceil((stop - start) / step);
  if (step === 0 || !Number.isFinite(count) || count < 0) {
    throw new ArgumentError(
      `range: from ${start} to ${stop} by ${step}; expected finite numbers and a step towards ` +
        "the end.",
    );
  }
  checkDType(dtype, "range");
  checkNumbers([start, start + Math.max(0, count - 1) * step], dtype, "range");
  // Whole numbers are counted in int32, which is exact beyond 2²⁴; fractions go before they are dropped.
  const isWhole = dtype === "int32" && Number.isInteger(start) && Number.isInteger(step);
  const counted = isWhole ? "int32" : "float32";
  const place = ops.cast(ops.range(count), counted);
  const number = (value: number): Value => ops.scalar(HostScalar.of(value, counted));
  return Tensor.of(ops.cast(ops.add(ops.mul(place, number(step)), number(start)), dtype));
}

/**
 * `num` numbers from start to stop, both included, evenly spaced, float32.
 *
 * @param num - 1 gives start alone.
 * @throws {ArgumentError} unless num is a whole number from 1 on.
 * @example
 * await sl.linspace(0, 1, 5).array(); // [0,0.25,0.5,0.75,1]
 */
export function linspace(start: number, stop: number, num: number): Tensor {
  const count = countOf(num, "linspace: num");
  const step = count === 1 ? 0 : (stop - start) / (count - 1);
  const place = ops.cast(ops.range(count), "float32");
  // The last number is stop itself, which start + (num-1)·step may miss by a rounding.
  const isLast = ops.equal(place, operand(count - 1, "linspace"));
  const even = ops.add(ops.mul(place, operand(step, "linspace")), operand(start, "linspace"));
  const end = operand(count === 1 ? start : stop, "linspace");
  return Tensor.of(ops.where(isLast, end, even));
}

/**
 * Ones on the diagonal, zeros elsewhere.
 *
 * @param numColumns - Default: as many as rows.
 * @param batchShape - Axes in front, along which the matrix repeats. Default none.
 * @param dtype - Default float32.
 * @throws {ArgumentError} when a size is not a whole number from 0 on.
 * @example
 * await sl.eye(2).array(); // [[1,0],[0,1]]
 */
export function eye(
  numRows: number,
  numColumns = numRows,
  batchShape: readonly number[] = [],
  dtype: DType = "float32",
): Tensor {
  checkDType(dtype, "eye");
  shapeList(batchShape, "eye: batchShape");
  const shape = [numRows, numColumns].map((size) => countOf(size, "eye", 0));
  const rows = ops.reshape(ops.range(numRows), [numRows, 1]);
  const isDiagonal = ops.equal(rows, ops.range(numColumns));
  return Tensor.of(ops.broadcastTo(ops.cast(isDiagonal, dtype), [...batchShape, ...shape]));
}

/**
 * For each index a row of `depth` numbers: `onValue` at the index, `offValue` elsewhere. An index
 * outside gives a row of `offValue`.
 *
 * @param indices - int32 of any shape; plain numbers are taken as int32.
 * @param onValue - Default 1.
 * @param offValue - Default 0.
 * @param dtype - Default int32, as in TF.js.
 * @returns `[..indices.shape, depth]`
 * @throws {ArgumentError} unless depth is a whole number from 1 on, and plain indices are whole.
 * @throws {DTypeError} when the indices are a float32 tensor.
 * @example
 * await sl.oneHot([1, 0], 3).array(); // [[0,1,0],[1,0,0]]
 */
export function oneHot(
  indices: TensorLike,
  depth: number,
  onValue = 1,
  offValue = 0,
  dtype: DType = "int32",
): Tensor {
  checkDType(dtype, "oneHot");
  const ids = indexOperand(indices, "oneHot: indices");
  const classes = ops.range(countOf(depth, "oneHot: depth"));
  const isHot = ops.equal(ops.reshape(ids, [...ids.shape, 1]), classes);
  if (onValue === 1 && offValue === 0) return Tensor.of(ops.cast(isHot, dtype));
  const chosen = ops.where(isHot, operand(onValue, "oneHot"), operand(offValue, "oneHot"));
  return Tensor.of(ops.cast(chosen, dtype));
}

/**
 * Two vectors as the coordinates of a grid: one matrix repeats the first along the other axis, the
 * second matrix the second.
 *
 * @param x - Of W elements.
 * @param y - Of H elements; without it the answer is x alone.
 * @param options - `indexing`: `"xy"` (default) gives [H, W], `"ij"` gives [W, H].
 * @throws {ArgumentError} for another indexing.
 * @example
 * await sl.meshgrid([1, 2, 3], [4, 5])[1].array(); // [[4,4,4],[5,5,5]]
 */
export function meshgrid(
  x?: TensorLike,
  y?: TensorLike,
  { indexing = "xy" }: { readonly indexing?: "xy" | "ij" } = {},
): Tensor[] {
  if (indexing !== "xy" && indexing !== "ij") {
    throw new ArgumentError(
      `meshgrid: received indexing ${shown(indexing)}. Expected "xy" or "ij".`,
    );
  }
  if (x === undefined) return [];
  const first = operand(x, "meshgrid");
  if (y === undefined) return [Tensor.of(first)];
  const second = operand(y, "meshgrid");
  const [width, height] = [sizeOf(first.shape), sizeOf(second.shape)];
  const isRow = indexing === "xy";
  const shape = isRow ? [height, width] : [width, height];
  const across = ops.reshape(first, isRow ? [1, width] : [width, 1]);
  const down = ops.reshape(second, isRow ? [height, 1] : [1, height]);
  return [Tensor.of(ops.broadcastTo(across, shape)), Tensor.of(ops.broadcastTo(down, shape))];
}
