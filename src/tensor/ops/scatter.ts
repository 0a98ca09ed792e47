import { DTypeError, ShapeError } from "../../errors.ts";
import { HostScalar } from "../../graph/host-scalar.ts";
import type { Value } from "../../graph/node.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { ops } from "../../ops/index.ts";
import { checkShape, fromHost, type TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { indexOperand, operand } from "./operand.ts";
import { countOf } from "./shape-arguments.ts";

/*
 * Elements and rows by lists of positions. Sums run in a fixed order; those of int32 go through
 * float32 and are exact up to 2²⁴.
 */

/**
 * Elements or blocks of x, picked by their positions on the first axes. A position outside gives
 * NaN (int32: -2³¹, bool: false), so that it is noticed.
 *
 * @param indices - int32 [.., k]: each row names a position on each of the first k axes of x.
 * @returns `[..indices.shape without k, ..x.shape after the first k]`
 * @throws {DTypeError} when the indices are a tensor of another dtype.
 * @throws {ShapeError} unless k is from 1 to the rank of x, and when x has no elements.
 * @example
 * await sl.gatherND([[1, 2], [3, 4]], [[0, 1], [1, 0]]).array(); // [2,3]
 */
export function gatherND(x: TensorLike, indices: TensorLike): Tensor {
  const value = operand(x, "gatherND");
  const ids = indexOperand(indices, "gatherND: indices");
  const depth = depthOf(ids, value.shape, "gatherND");
  if (sizeOf(value.shape) === 0) {
    throw new ShapeError(`gatherND: ${formatSpec(value.spec)} has no elements to pick from.`);
  }
  const [indexed, rest] = [value.shape.slice(0, depth), value.shape.slice(depth)];
  const rows = ops.reshape(value, [sizeOf(indexed), ...rest]);
  return Tensor.of(ops.gather(rows, flatPositions(ids, indexed)));
}

/**
 * Zeros of `shape`, into which the updates are added at their positions. What falls on one position
 * adds up; a position outside adds nowhere.
 *
 * @param indices - int32 [.., k]: each row names a position on each of the first k axes.
 * @param updates - float32 or int32, `[..indices.shape without k, ..shape after the first k]`
 * @throws {DTypeError} when the indices are a tensor of another dtype, or the updates are bool.
 * @throws {ShapeError} when the shapes do not fit.
 * @example
 * await sl.scatterND([[2], [0], [2]], [1, 5, 10], [4]).array(); // [5,0,11,0]
 */
export function scatterND(indices: TensorLike, updates: TensorLike, shape: Shape): Tensor {
  checkShape(shape, "scatterND");
  const ids = indexOperand(indices, "scatterND: indices");
  const added = operand(updates, "scatterND: updates");
  const depth = depthOf(ids, shape, "scatterND");
  const [indexed, rest] = [shape.slice(0, depth), shape.slice(depth)];
  const expected = [...ids.shape.slice(0, -1), ...rest];
  if (!shapesEqual(added.shape, expected)) {
    throw new ShapeError(
      `scatterND: updates ${formatSpec(added.spec)} at ${formatSpec(ids.spec)} in ` +
        `${formatShape(shape)}. Expected updates of shape ${formatShape(expected)}.`,
      { details: { indices: ids.shape, updates: added.shape, shape } },
    );
  }
  const rows = addedRows(flatPositions(ids, indexed), added, {
    count: sizeOf(indexed),
    label: "scatterND",
  });
  return Tensor.of(ops.reshape(rows, shape));
}

/**
 * Rows of x added up by segment: row s of the result is the sum of the rows whose id is s, in their
 * order. Ids need no order; one outside adds nowhere.
 *
 * @param x - float32 or int32.
 * @param segmentIds - int32; its shape is that of the first axes of x.
 * @returns `[numSegments, ..x.shape after those axes]`
 * @throws {DTypeError} when the ids are a tensor of another dtype, or x is bool.
 * @throws {ShapeError} when the shape of x does not begin with that of the ids.
 * @throws {ArgumentError} unless numSegments is a whole number from 1 on.
 * @example
 * await sl.unsortedSegmentSum([1, 2, 3, 4], [1, 0, 1, 0], 2).array(); // [6,4]
 */
export function unsortedSegmentSum(
  x: TensorLike,
  segmentIds: TensorLike,
  numSegments: number,
): Tensor {
  const label = "unsortedSegmentSum";
  const value = operand(x, label);
  const ids = indexOperand(segmentIds, `${label}: segmentIds`);
  const count = countOf(numSegments, `${label}: numSegments`);
  const rank = ids.shape.length;
  if (rank === 0 || !shapesEqual(value.shape.slice(0, rank), ids.shape)) {
    throw new ShapeError(
      `${label}: ${formatSpec(value.spec)} by ids ${formatSpec(ids.spec)}. Expected an id for each ` +
        "position on the first axes of x.",
      { details: { x: value.shape, segmentIds: ids.shape } },
    );
  }
  return Tensor.of(addedRows(ids, value, { count, label }));
}

/**
 * How often each number from 0 up to, not including, `size` occurs in x; or the sum of the weights
 * that stand where it occurs. Other numbers count nowhere.
 *
 * @param x - int32 of any shape; plain whole numbers are taken as int32.
 * @param weights - float32 or int32 of the shape of x; an empty list counts each as 1.
 * @returns `[size]`, of the dtype of the weights.
 * @throws {DTypeError} when x is a tensor of another dtype.
 * @throws {ShapeError} when the weights have another shape.
 * @throws {ArgumentError} unless size is a whole number from 1 on.
 * @example
 * await sl.bincount([1, 2, 1], [], 4).array(); // [0,2,1,0]
 */
export function bincount(x: TensorLike, weights: TensorLike, size: number): Tensor {
  const ids = indexOperand(x, "bincount: x");
  const given = operand(weights, "bincount: weights");
  const count = countOf(size, "bincount: size");
  const isEmpty = sizeOf(given.shape) === 0;
  if (!isEmpty && !shapesEqual(given.shape, ids.shape)) {
    throw new ShapeError(
      `bincount: weights ${formatSpec(given.spec)} for ${formatSpec(ids.spec)}. Expected one for ` +
        "each number, or an empty list.",
      { details: { x: ids.shape, weights: given.shape } },
    );
  }
  const each = isEmpty ? ops.literal(1, ids.shape, given.dtype) : given;
  return Tensor.of(addedRows(ids, each, { count, label: "bincount" }));
}

/** k, the length of the rows of positions. */
function depthOf(ids: Value, shape: Shape, label: string): number {
  const depth = ids.shape.at(-1) ?? 0;
  if (depth >= 1 && depth <= shape.length) return depth;
  throw new ShapeError(
    `${label}: indices ${formatSpec(ids.spec)} into ${formatShape(shape)}. Expected rows of 1 to ` +
      `${shape.length} positions, one an axis, along the last axis.`,
    { details: { indices: ids.shape, shape } },
  );
}

/** Positions [.., k] on axes of these sizes as numbers of rows [..]; -1 where one lies outside. */
function flatPositions(ids: Value, sizes: Shape): Value {
  const last = ids.shape.length - 1;
  const list = (numbers: readonly number[]): Value =>
    fromHost(numbers, [sizes.length], "int32").value;
  const strides = list(sizes.map((_, axis) => sizeOf(sizes.slice(axis + 1))));
  const isInside = ops.logicalAnd(
    ops.greaterEqual(ids, ops.literal(0, [], "int32")),
    ops.less(ids, list(sizes)),
  );
  const areInside = ops.cast(ops.min(ops.cast(isInside, "int32"), [last]), "bool");
  const flat = ops.sum(ops.mul(ids, strides), [last]);
  return ops.where(areInside, flat, ops.literal(-1, [], "int32"));
}

/** Rows of updates added into zeros; the kernel adds float32. */
function addedRows(
  ids: Value,
  updates: Value,
  { count, label }: { count: number; label: string },
): Value {
  if (updates.dtype === "bool") {
    throw new DTypeError(
      `${label}: received ${formatSpec(updates.spec)}. Expected float32 or int32; write cast(x, "int32").`,
    );
  }
  const zero = ops.literal(0, [], "int32");
  const isInside = ops.logicalAnd(
    ops.greaterEqual(ids, zero),
    ops.less(ids, ops.scalar(HostScalar.of(count, "int32"))),
  );
  const rest = updates.shape.slice(ids.shape.length);
  const isAdded = ops.reshape(isInside, [...ids.shape, ...rest.map(() => 1)]);
  // A row that is not there would give its update the gradient NaN; added as 0 to row 0 it has 0.
  const values = ops.where(isAdded, ops.cast(updates, "float32"), ops.literal(0));
  return ops.cast(ops.scatterAdd(ops.where(isInside, ids, zero), values, count), updates.dtype);
}
