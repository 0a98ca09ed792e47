import { ArgumentError, ShapeError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { formatShape, normalizeAxis, shapesEqual } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { isWholeNumber } from "../../names/whole-number.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";
import { numberList, tensorList } from "./shape-arguments.ts";

/**
 * Tensors end to end along one axis.
 *
 * @param tensors - Equal ranks, and equal sizes on every other axis.
 * @param axis - Default 0.
 * @throws {ArgumentError} on an empty list, and on what is no list.
 * @throws {ShapeError} when they do not fit, or the axis lies outside.
 * @example
 * await sl.concat([[[1], [2]], [[3], [4]]], 1).array(); // [[1,3],[2,4]]
 */
export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  const values = tensorList(tensors, "concat").map((x, i) => operand(x, `concat: tensor ${i}`));
  const rank = values[0]?.shape.length ?? 1;
  return Tensor.of(ops.concat(values, normalizeAxis(axis, rank, "concat")));
}

/**
 * Tensors of one shape along a new axis.
 *
 * @param axis - Where the new axis goes. Default 0.
 * @throws {ArgumentError} on an empty list, and on what is no list.
 * @throws {ShapeError} when the shapes differ, or the axis lies outside.
 * @example
 * await sl.stack([[1, 2], [3, 4]], 1).array(); // [[1,3],[2,4]]
 */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  const values = tensorList(tensors, "stack").map((x, i) => operand(x, `stack: tensor ${i}`));
  const [first] = values;
  if (first === undefined) {
    throw new ArgumentError("stack: received an empty list; expected at least one tensor.");
  }
  const place = normalizeAxis(axis, first.shape.length + 1, "stack");
  const raised = values.map((value, i) => {
    if (!shapesEqual(value.shape, first.shape)) {
      throw new ShapeError(
        `stack: tensor ${i} is ${formatSpec(value.spec)}, tensor 0 is ${formatSpec(first.spec)}; ` +
          "expected equal shapes.",
      );
    }
    return ops.reshape(value, value.shape.toSpliced(place, 0, 1));
  });
  return Tensor.of(ops.concat(raised, place));
}

/**
 * The slices of x along one axis, without that axis.
 *
 * @param axis - Default 0.
 * @returns As many tensors as the axis is long.
 * @throws {ShapeError} when the axis lies outside.
 * @example
 * await sl.unstack([[1, 2], [3, 4]])[1].array(); // [3,4]
 */
export function unstack(x: TensorLike, axis = 0): Tensor[] {
  const value = operand(x, "unstack");
  const place = normalizeAxis(axis, value.shape.length, "unstack");
  const parts = cut(value, place, new Array<number>(value.shape[place] ?? 0).fill(1));
  return parts.map((part) => Tensor.of(ops.reshape(part, part.shape.toSpliced(place, 1))));
}

/**
 * x cut along one axis.
 *
 * @param numOrSizes - How many equal parts; or the size of each, of which one may be -1.
 * @param axis - Default 0.
 * @throws {ShapeError} when the parts do not add up to the axis.
 * @example
 * await sl.split([1, 2, 3, 4, 5, 6], [2, -1])[1].array(); // [3,4,5,6]
 */
export function split(x: TensorLike, numOrSizes: number | readonly number[], axis = 0): Tensor[] {
  const value = operand(x, "split");
  if (typeof numOrSizes !== "number") numberList(numOrSizes, "split: numOrSizes");
  const place = normalizeAxis(axis, value.shape.length, "split");
  return cut(value, place, partSizes(value, place, numOrSizes)).map(Tensor.of);
}

function partSizes(x: Value, axis: number, numOrSizes: number | readonly number[]): number[] {
  const length = x.shape[axis] ?? 0;
  const isList = typeof numOrSizes !== "number";
  const free = isList ? numOrSizes.filter((size) => size === -1).length : 0;
  const known = isList ? numOrSizes.reduce((sum, size) => sum + Math.max(size, 0), 0) : 0;
  const sizes = isList
    ? numOrSizes.map((size) => (size === -1 && free === 1 ? length - known : size))
    : new Array<number>(isWholeNumber(numOrSizes, 1) ? numOrSizes : 0).fill(length / numOrSizes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== length || !sizes.every((size) => isWholeNumber(size, 0))) {
    const asked = isList ? formatShape(numOrSizes) : `${numOrSizes} equal parts`;
    throw new ShapeError(
      `split: ${asked} of axis ${axis} of ${formatSpec(x.spec)}; expected whole sizes that add ` +
        `up to ${length}.`,
      { details: { shape: x.shape, axis, numOrSizes } },
    );
  }
  return sizes;
}

function cut(x: Value, axis: number, sizes: readonly number[]): Value[] {
  let begin = 0;
  return sizes.map((size) => {
    const first = x.shape.map((_, i) => (i === axis ? begin : 0));
    begin += size;
    return ops.slice(
      x,
      first,
      x.shape.map((dim, i) => (i === axis ? size : dim)),
    );
  });
}
