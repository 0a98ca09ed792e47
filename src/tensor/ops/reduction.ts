import { ArgumentError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { reducedShape } from "../../graph/shape.ts";
import { throughFloat32, toFloat } from "../../ops/common-dtype.ts";
import { ops } from "../../ops/index.ts";
import type { Ops, Reduce } from "../../ops/ops.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";
import { type AxisArgument, axesOf, flagOf } from "./shape-arguments.ts";

/*
 * Reductions take one axis, a list of axes, or (null, the default) all; negative axes count from
 * the end. `keepDims` leaves the reduced axes in place with size 1. Sums run in a fixed order: same
 * sizes, same bits. An axis that is named twice, and what is no axis, is an ArgumentError.
 */

type ReduceName = { [Name in keyof Ops]: Ops[Name] extends Reduce ? Name : never }[keyof Ops] &
  ("sum" | "mean" | "prod" | "max" | "min");

function reduce(name: ReduceName, x: TensorLike, options: ReduceOptions): Tensor {
  const value = operand(x, name);
  const keepDims = flagOf(options.keepDims, `${name}: keepDims`);
  return Tensor.of(ops[name](value, axesOf(value, options.axis, name), keepDims));
}

interface ReduceOptions {
  readonly axis: AxisArgument;
  readonly keepDims: boolean;
}

/**
 * Sum. int32 stays int32; bool counts the true ones as int32.
 *
 * @throws {ShapeError} when an axis lies outside.
 * @example
 * await sl.sum([[1, 2], [3, 4]], 0).array(); // [4,6]
 */
export function sum(x: TensorLike, axis: AxisArgument = null, keepDims = false): Tensor {
  return reduce("sum", x, { axis, keepDims });
}

/**
 * Mean, as float32.
 *
 * @throws {ShapeError} when an axis lies outside, or has no elements.
 * @example
 * await sl.mean([[1, 2], [3, 4]]).array(); // 2.5
 */
export function mean(x: TensorLike, axis: AxisArgument = null, keepDims = false): Tensor {
  return reduce("mean", x, { axis, keepDims });
}

/**
 * Product. Its gradient is right also where elements are 0.
 *
 * @throws {ShapeError} when an axis lies outside.
 * @example
 * await sl.prod([[1, 2], [3, 4]], 1).array(); // [2,12]
 */
export function prod(x: TensorLike, axis: AxisArgument = null, keepDims = false): Tensor {
  return reduce("prod", x, { axis, keepDims });
}

/**
 * Greatest element; NaN where there is one. Equal ones share the gradient evenly, as in Keras.
 *
 * @throws {ShapeError} when an axis lies outside, or has no elements.
 * @example
 * await sl.max([[1, 5], [3, 4]], 1).array(); // [5,4]
 */
export function max(x: TensorLike, axis: AxisArgument = null, keepDims = false): Tensor {
  return reduce("max", x, { axis, keepDims });
}

/**
 * Least element; NaN where there is one. Equal ones share the gradient evenly, as in Keras.
 *
 * @throws {ShapeError} when an axis lies outside, or has no elements.
 * @example
 * await sl.min([[1, 5], [3, 4]], 1).array(); // [1,3]
 */
export function min(x: TensorLike, axis: AxisArgument = null, keepDims = false): Tensor {
  return reduce("min", x, { axis, keepDims });
}

/**
 * Position of the greatest element along one axis, int32; of equal ones the first. NaN counts as the greatest, as in
 * NumPy and PyTorch.
 *
 * @param axis - Default 0, as in TF.js.
 * @throws {ShapeError} when the axis lies outside, or has no elements.
 * @example
 * await sl.argMax([[1, 5], [3, 4]], 1).array(); // [1,1]
 */
export function argMax(x: TensorLike, axis = 0): Tensor {
  return Tensor.of(ops.argMax(operand(x, "argMax"), axis));
}

/**
 * Position of the least element along one axis, int32; of equal ones the first. NaN counts as the least, as in
 * NumPy and PyTorch.
 *
 * @param axis - Default 0, as in TF.js.
 * @throws {ShapeError} when the axis lies outside, or has no elements.
 * @example
 * await sl.argMin([[1, 5], [3, 4]], 1).array(); // [0,0]
 */
export function argMin(x: TensorLike, axis = 0): Tensor {
  return Tensor.of(ops.argMin(operand(x, "argMin"), axis));
}

/**
 * True where any element is true (or not 0).
 *
 * @throws {ShapeError} when an axis lies outside.
 * @example
 * await sl.any([[true, false], [false, false]], 1).array(); // [true,false]
 */
export function any(x: TensorLike, axis: AxisArgument = null, keepDims = false): Tensor {
  return truth(x, { op: "max", label: "any", axis, keepDims });
}

/**
 * True where all elements are true (or not 0).
 *
 * @throws {ShapeError} when an axis lies outside.
 * @example
 * await sl.all([[true, true], [true, false]], 1).array(); // [true,false]
 */
export function all(x: TensorLike, axis: AxisArgument = null, keepDims = false): Tensor {
  return truth(x, { op: "min", label: "all", axis, keepDims });
}

/** `any` is the greatest and `all` the least of 0 and 1. */
function truth(
  x: TensorLike,
  { op, label, axis, keepDims }: ReduceOptions & { op: "max" | "min"; label: string },
): Tensor {
  const value = ops.cast(ops.cast(operand(x, label), "bool"), "int32");
  const axes = axesOf(value, axis, label);
  const reduced = ops[op](value, axes, flagOf(keepDims, `${label}: keepDims`));
  return Tensor.of(ops.cast(reduced, "bool"));
}

/**
 * log Σ exp(x), without overflow.
 *
 * @throws {ShapeError} when an axis lies outside, or has no elements.
 * @example
 * await sl.logSumExp([200]).array(); // 200
 */
export function logSumExp(x: TensorLike, axis: AxisArgument = null, keepDims = false): Tensor {
  const given = toFloat(operand(x, "logSumExp"));
  const axes = axesOf(given, axis, "logSumExp");
  flagOf(keepDims, "logSumExp: keepDims");
  return Tensor.of(throughFloat32(given, (value) => logSumExpOf(value, { axes, keepDims })));
}

function logSumExpOf(value: Value, { axes, keepDims }: Reduced): Value {
  // The shift cancels in value and gradient alike; an infinite one would give ∞ - ∞.
  const highest = ops.stopGradient(ops.max(value, axes, true));
  const shift = ops.where(ops.isFinite(highest), highest, ops.literal(0));
  const total = ops.log(ops.sum(ops.exp(ops.sub(value, shift)), axes, true));
  const result = ops.add(total, shift);
  return ops.reshape(result, reducedShape(value.shape, axes, keepDims));
}

/**
 * Mean and variance (of the population: divided by the count), as float32.
 *
 * @throws {ShapeError} when an axis lies outside, or has no elements.
 * @example
 * await sl.moments([1, 3]).variance.array(); // 1
 */
export function moments(
  x: TensorLike,
  axis: AxisArgument = null,
  keepDims = false,
): { mean: Tensor; variance: Tensor } {
  const value = ops.cast(operand(x, "moments"), "float32");
  const axes = axesOf(value, axis, "moments");
  flagOf(keepDims, "moments: keepDims");
  const center = ops.mean(value, axes, true);
  const variance = ops.mean(ops.square(ops.sub(value, center)), axes, keepDims);
  const mean = ops.reshape(center, reducedShape(value.shape, axes, keepDims));
  return { mean: Tensor.of(mean), variance: Tensor.of(variance) };
}

interface Reduced {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** Which norm; the numbers are 1, 2, Infinity and -Infinity. */
export type NormOrder = "euclidean" | "fro" | number;

/**
 * The norm of vectors along one axis, or of all elements of several axes.
 *
 * @param ord - `"euclidean"` (default), `"fro"` and 2: √Σx². 1: Σ|x|. Infinity: max |x|.
 *   -Infinity: min |x|.
 * @throws {ArgumentError} for another order.
 * @throws {ShapeError} when an axis lies outside.
 * @example
 * await sl.norm([3, 4]).array(); // 5
 */
export function norm(
  x: TensorLike,
  ord: NormOrder = "euclidean",
  axis: AxisArgument = null,
  keepDims = false,
): Tensor {
  const given = toFloat(operand(x, "norm"));
  const axes = axesOf(given, axis, "norm");
  flagOf(keepDims, "norm: keepDims");
  // Squares of halves are soon beyond the greatest half.
  return Tensor.of(throughFloat32(given, (value) => normOf(value, ord, { axes, keepDims })));
}

function normOf(x: Value, ord: NormOrder, { axes, keepDims }: Reduced): Value {
  switch (ord) {
    case "euclidean":
    case "fro":
    case 2:
      return ops.sqrt(ops.sum(ops.square(x), axes, keepDims));
    case 1:
      return ops.sum(ops.abs(x), axes, keepDims);
    case Number.POSITIVE_INFINITY:
      return ops.max(ops.abs(x), axes, keepDims);
    case Number.NEGATIVE_INFINITY:
      return ops.min(ops.abs(x), axes, keepDims);
    default:
      throw new ArgumentError(
        `norm: order ${ord}; expected "euclidean", "fro", 1, 2, Infinity or -Infinity.`,
      );
  }
}
