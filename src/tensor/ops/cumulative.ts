import { ArgumentError, ShapeError } from "../../errors.ts";
import { isFloat } from "../../graph/dtype.ts";
import { normalizeAxis } from "../../graph/shape.ts";
import { isWholeNumber } from "../../names/whole-number.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";
import { flagOf } from "./shape-arguments.ts";

/**
 * Running sum along one axis. int32 stays int32.
 *
 * @param axis - Default 0.
 * @param exclusive - Each position leaves itself out. Default false.
 * @param reverse - From the end. Default false.
 * @throws {ShapeError} when the axis lies outside.
 * @example
 * await sl.cumsum([1, 2, 3]).array(); // [1,3,6]
 */
export function cumsum(x: TensorLike, axis = 0, exclusive = false, reverse = false): Tensor {
  const flags = [
    flagOf(exclusive, "cumsum: exclusive"),
    flagOf(reverse, "cumsum: reverse"),
  ] as const;
  return Tensor.of(ops.cumsum(operand(x, "cumsum"), axis, ...flags));
}

/**
 * Running product along one axis. int32 stays int32.
 *
 * @param axis - Default 0.
 * @param exclusive - Each position leaves itself out. Default false.
 * @param reverse - From the end. Default false.
 * @throws {ShapeError} when the axis lies outside.
 * @example
 * await sl.cumprod([1, 2, 3, 4]).array(); // [1,2,6,24]
 */
export function cumprod(x: TensorLike, axis = 0, exclusive = false, reverse = false): Tensor {
  const flags = [
    flagOf(exclusive, "cumprod: exclusive"),
    flagOf(reverse, "cumprod: reverse"),
  ] as const;
  return Tensor.of(ops.cumprod(operand(x, "cumprod"), axis, ...flags));
}

/**
 * The k greatest elements along the last axis, greatest first, and their positions (int32); of
 * equal ones the first. Meant for small k: it makes k passes.
 *
 * @param k - Default 1.
 * @throws {ShapeError} when x is a scalar.
 * @throws {ArgumentError} unless k is a whole number from 1 to the length of the last axis.
 * @example
 * await sl.topk([3, 1, 4, 1], 2).indices.array(); // [2,0]
 */
export function topk(x: TensorLike, k = 1): { values: Tensor; indices: Tensor } {
  const value = operand(x, "topk");
  if (value.shape.length === 0) {
    throw new ShapeError("topk: received a scalar; expected rank 1 or more.");
  }
  const last = normalizeAxis(-1, value.shape.length, "topk");
  const length = value.shape[last] ?? 0;
  if (!isWholeNumber(k, 1) || k > length) {
    throw new ArgumentError(`topk: k is ${k}; expected a whole number from 1 to ${length}.`);
  }
  const outer = value.shape.slice(0, -1);
  const lowest = ops.literal(
    isFloat(value.dtype) ? Number.NEGATIVE_INFINITY : -(2 ** 31),
    [],
    value.dtype,
  );
  let isTaken = ops.literal(0, value.shape, "bool");
  const values = [];
  const indices = [];
  for (let round = 0; round < k; round++) {
    const best = ops.max(ops.where(isTaken, lowest, value), [last], true); // [.., 1]
    // An element that is as low as the mark itself still counts, once.
    const isBest = ops.logicalAnd(ops.equal(value, best), ops.logicalNot(isTaken));
    const index = ops.reshape(ops.argMax(ops.cast(isBest, "int32"), last), [...outer, 1]);
    isTaken = ops.logicalOr(isTaken, ops.equal(ops.range(length), index));
    values.push(best);
    indices.push(index);
  }
  return {
    values: Tensor.of(ops.concat(values, last)),
    indices: Tensor.of(ops.concat(indices, last)),
  };
}
