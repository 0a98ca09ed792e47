import { ArgumentError, ShapeError } from "../errors.ts";
import type { DType, TypedArray } from "../graph/dtype.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Shape } from "../graph/shape.ts";
import { ops } from "../ops/index.ts";
import { literal, scalar as scalarValue } from "../ops/leaves.ts";
import { checkShape, makeTensor, type TensorLike, toTensor } from "./convert.ts";
import { checkDType, checkNumbers } from "./host-numbers.ts";
import type { NestedArray } from "./nested.ts";
import { Tensor } from "./tensor.ts";

/** What the elements of a new tensor can be given as. */
export type TensorData = NestedArray | TypedArray | readonly TypedArray[];

/**
 * A tensor of these elements, which are copied.
 *
 * @param values a number, nested arrays, or a typed array.
 * @param shape default: as nested; a flat list can be given any shape of its size.
 * @param dtype default: `int32` for Int32Array, `bool` for booleans, else `float32`.
 * @throws {ShapeError} for ragged rows, or another number of values than the shape holds.
 * @throws {DTypeError} for strings and other things that are no numbers, and for NaN, Infinity and what is too
 *   large where `dtype` is int32 (fractions are dropped).
 * @example
 * const a = sl.tensor([[1, 2], [3, 4]]); // [2, 2]
 * const b = sl.tensor([1, 2, 3, 4], [2, 2], "int32");
 */
export function tensor(values: TensorData, shape?: Shape, dtype?: DType): Tensor {
  if (values instanceof Tensor) {
    throw new ArgumentError(
      "tensor: received a tensor. Expected numbers; use clone() or cast() on tensors.",
    );
  }
  if (values === undefined || values === null) toTensor(values as unknown as TensorLike, "tensor");
  return makeTensor(values, { label: "tensor", shape, dtype });
}

/** A tensor of rank 0. @example sl.scalar(3.5) */
export function scalar(value: number | boolean, dtype?: DType): Tensor {
  if (typeof value !== "number" && typeof value !== "boolean") toTensor(value, "scalar");
  return makeTensor(value, { label: "scalar", shape: [], dtype });
}

/** A tensor of rank 1. @throws {ShapeError} for nested values. */
export function tensor1d(values: TensorData, dtype?: DType): Tensor {
  return ofRank(1, values, { dtype });
}

/** A tensor of rank 2, from rows or from a flat list with a shape. */
export function tensor2d(values: TensorData, shape?: Shape, dtype?: DType): Tensor {
  return ofRank(2, values, { shape, dtype });
}

/** A tensor of rank 3, from nested or flat values. */
export function tensor3d(values: TensorData, shape?: Shape, dtype?: DType): Tensor {
  return ofRank(3, values, { shape, dtype });
}

/** A tensor of rank 4, from nested or flat values. */
export function tensor4d(values: TensorData, shape?: Shape, dtype?: DType): Tensor {
  return ofRank(4, values, { shape, dtype });
}

/** A tensor of rank 5, from nested or flat values. */
export function tensor5d(values: TensorData, shape?: Shape, dtype?: DType): Tensor {
  return ofRank(5, values, { shape, dtype });
}

/** A tensor of rank 6, from nested or flat values. */
export function tensor6d(values: TensorData, shape?: Shape, dtype?: DType): Tensor {
  return ofRank(6, values, { shape, dtype });
}

/** Zeros. @param dtype default `float32`. @example sl.zeros([2, 3]) */
export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  checkShape(shape, "zeros");
  checkDType(dtype, "zeros");
  return Tensor.of(literal(0, [...shape], dtype));
}

/** Ones. @param dtype default `float32`. @example sl.ones([2, 3]) */
export function ones(shape: Shape, dtype: DType = "float32"): Tensor {
  checkShape(shape, "ones");
  checkDType(dtype, "ones");
  return Tensor.of(literal(1, [...shape], dtype));
}

/**
 * A tensor full of one value.
 *
 * @throws {DTypeError} for a value that is no number, or that int32 cannot hold where it is asked for.
 * @example sl.fill([2, 2], 0.5)
 */
export function fill(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  checkShape(shape, "fill");
  checkDType(dtype, "fill");
  // Booleans pass: TypeScript refuses them, but TF.js takes them.
  if (typeof value !== "number" && typeof value !== "boolean") toTensor(value, "fill");
  const one = Number(value);
  checkNumbers([one], dtype, "fill");
  const number = scalarValue(HostScalar.of(one, dtype === "int32" ? "int32" : "float32"));
  return Tensor.of(ops.broadcastTo(ops.cast(number, dtype), [...shape]));
}

/** Zeros of the shape and dtype of `x`. */
export function zerosLike(x: TensorLike): Tensor {
  const { shape, dtype } = toTensor(x, "zerosLike");
  return zeros(shape, dtype);
}

/** Ones of the shape and dtype of `x`. */
export function onesLike(x: TensorLike): Tensor {
  const { shape, dtype } = toTensor(x, "onesLike");
  return ones(shape, dtype);
}

/**
 * A scalar that the host gives anew at each run, also in replays of a compiled function: a learning rate,
 * a step count. `read` is called once a run.
 *
 * @example
 * let rate = 0.1;
 * const learningRate = sl.runtimeScalar(() => rate);
 */
export function runtimeScalar(read: () => number, dtype: "float32" | "int32" = "float32"): Tensor {
  if (typeof read !== "function") {
    throw new ArgumentError(
      `runtimeScalar: received ${typeof read}. Expected a function that gives a number.`,
    );
  }
  return Tensor.of(scalarValue(new HostScalar(read, dtype)));
}

function ofRank(
  rank: number,
  values: TensorData,
  { shape, dtype }: { shape?: Shape | undefined; dtype?: DType | undefined },
): Tensor {
  const label = `tensor${rank}d`;
  const made = makeTensor(values, { label, shape, dtype });
  if (made.rank === rank) return made;
  throw new ShapeError(
    `${label}: received values of rank ${made.rank} (shape [${made.shape.join(",")}]). Expected rank ${rank}; ` +
      "give nested arrays, or a flat list and a shape.",
  );
}
