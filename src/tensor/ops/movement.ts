import { ShapeError } from "../../errors.ts";
import type { DType } from "../../graph/dtype.ts";
import { formatShape, type Shape, sizeOf } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { checkDType } from "../host-numbers.ts";
import { Tensor } from "../tensor.ts";
import { operand, unary } from "./operand.ts";
import {
  type AxisArgument,
  axesOf,
  countOf,
  numberList,
  resolveShape,
  shapeList,
} from "./shape-arguments.ts";

/* Movement copies nothing by itself: it changes how the next kernel reads. */

/**
 * x with another dtype. float32 → int32 drops the fraction and saturates; anything → bool is
 * `x != 0`, so NaN is true. Gradients pass between float32 only.
 *
 * @throws {DTypeError} for a name that is no dtype.
 * @example
 * await sl.cast([1.7, -1.7], "int32").array(); // [1,-1]
 */
export function cast(x: TensorLike, dtype: DType): Tensor {
  return Tensor.of(ops.cast(operand(x, "cast"), checkDType(dtype, "cast")));
}

/**
 * The same elements, in the same order, under another shape.
 *
 * @param shape - One size may be -1: it takes what is left.
 * @throws {ShapeError} when the number of elements differs.
 * @example
 * await sl.reshape([1, 2, 3, 4], [2, -1]).array(); // [[1,2],[3,4]]
 */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const value = operand(x, "reshape");
  return Tensor.of(ops.reshape(value, resolveShape(value, shape, "reshape")));
}

/**
 * Axes in another order.
 *
 * @param permutation - Default: reversed.
 * @throws {ShapeError} unless it names each axis once.
 * @example
 * await sl.transpose([[1, 2], [3, 4]]).array(); // [[1,3],[2,4]]
 */
export function transpose(x: TensorLike, permutation?: readonly number[]): Tensor {
  const order = permutation ?? undefined; // TF.js takes null, too
  if (order !== undefined) numberList(order, "transpose: permutation");
  return Tensor.of(ops.transpose(operand(x, "transpose"), order));
}

/**
 * A new axis of size 1 in front of axis `axis`.
 *
 * @param axis - From 0 to the rank; -1 puts it last. Default 0.
 * @throws {ShapeError} when it lies outside.
 * @example
 * sl.expandDims([1, 2, 3], -1).shape; // [3,1]
 */
export function expandDims(x: TensorLike, axis = 0): Tensor {
  const value = operand(x, "expandDims");
  const rank = value.shape.length;
  const at = axis < 0 ? axis + rank + 1 : axis;
  if (!Number.isInteger(axis) || at < 0 || at > rank) {
    throw new ShapeError(
      `expandDims: axis ${axis} of ${formatSpec(value.spec)}; expected a whole number from ` +
        `${-rank - 1} to ${rank}.`,
    );
  }
  return Tensor.of(ops.reshape(value, value.shape.toSpliced(at, 0, 1)));
}

/**
 * x without axes of size 1.
 *
 * @param axis - Which; default all that have size 1.
 * @throws {ShapeError} when a named axis has another size.
 * @example
 * sl.squeeze([[[1], [2]]]).shape; // [2]
 */
export function squeeze(x: TensorLike, axis?: AxisArgument): Tensor {
  const value = operand(x, "squeeze");
  const isNamed = axis !== null && axis !== undefined;
  const axes = axesOf(value, axis, "squeeze");
  const wrong = isNamed ? axes.filter((one) => value.shape[one] !== 1) : [];
  if (wrong.length > 0) {
    throw new ShapeError(
      `squeeze: axis ${wrong.join(" and ")} of ${formatSpec(value.spec)}; expected axes of size 1.`,
    );
  }
  const kept = value.shape.filter((dim, i) => dim !== 1 || !axes.includes(i));
  return Tensor.of(ops.reshape(value, kept));
}

/**
 * x repeated along axes of size 1, and along new axes in front, to fill `shape`.
 *
 * @throws {ShapeError} when an axis is neither equal nor 1.
 * @example
 * await sl.broadcastTo([1, 2], [2, 2]).array(); // [[1,2],[1,2]]
 */
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  return Tensor.of(ops.broadcastTo(operand(x, "broadcastTo"), shapeList(shape, "broadcastTo")));
}

/**
 * x repeated as a whole along each axis.
 *
 * @param reps - How often, for each axis.
 * @throws {ShapeError} when `reps` has another length than x has axes.
 * @throws {ArgumentError} when one is not a whole number from 0 on.
 * @example
 * await sl.tile([1, 2], [2]).array(); // [1,2,1,2]
 */
export function tile(x: TensorLike, reps: readonly number[]): Tensor {
  const value = operand(x, "tile");
  numberList(reps, "tile: reps");
  if (reps.length !== value.shape.length) {
    throw new ShapeError(
      `tile: reps ${formatShape(reps)} of ${formatSpec(value.spec)}; expected one number an axis.`,
    );
  }
  const counts = reps.map((count) => countOf(count, "tile", 0));
  const paired = value.shape.flatMap((dim) => [1, dim]);
  const repeated = value.shape.flatMap((dim, axis) => [counts[axis] ?? 1, dim]);
  const result = value.shape.map((dim, axis) => dim * (counts[axis] ?? 1));
  const stretched = ops.broadcastTo(ops.reshape(value, paired), repeated);
  return Tensor.of(ops.reshape(stretched, result));
}

/**
 * Elements in the opposite order along some axes.
 *
 * @param axis - Default: all.
 * @throws {ShapeError} when an axis lies outside.
 * @example
 * await sl.reverse([1, 2, 3]).array(); // [3,2,1]
 */
export function reverse(x: TensorLike, axis?: AxisArgument): Tensor {
  const value = operand(x, "reverse");
  return Tensor.of(ops.reverse(value, axesOf(value, axis, "reverse")));
}

/**
 * All elements as one axis.
 *
 * @example
 * await sl.flatten([[1, 2], [3, 4]]).array(); // [1,2,3,4]
 */
export function flatten(x: TensorLike): Tensor {
  const value = operand(x, "flatten");
  return Tensor.of(ops.reshape(value, [sizeOf(value.shape)]));
}

/**
 * The same tensor under a handle of its own: either may be disposed of without the other. Nothing
 * is copied; the gradient flows through. Of a variable: what it holds now.
 *
 * @example
 * await sl.clone([1, 2]).array(); // [1,2]
 */
export function clone(x: TensorLike): Tensor {
  return Tensor.of(operand(x, "clone"));
}

/**
 * The same values; no gradient flows through.
 *
 * @example
 * await sl.stopGradient([1, 2]).array(); // [1,2]
 */
export function stopGradient(x: TensorLike): Tensor {
  return unary("stopGradient", x);
}
