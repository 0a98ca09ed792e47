import { ArgumentError } from "../../errors.ts";
import { isFloat } from "../../graph/dtype.ts";
import { HostScalar } from "../../graph/host-scalar.ts";
import type { Value } from "../../graph/node.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand, unary } from "./operand.ts";

/* int32 and bool are cast to float32, unless said otherwise. */

/**
 * eˣ
 *
 * @example
 * await sl.exp([0]).array(); // [1]
 */
export function exp(x: TensorLike): Tensor {
  return unary("exp", x);
}

/**
 * eˣ - 1, accurate near 0.
 *
 * @example
 * await sl.expm1([0]).array(); // [0]
 */
export function expm1(x: TensorLike): Tensor {
  return unary("expm1", x);
}

/**
 * Natural logarithm: -Infinity at 0, NaN below.
 *
 * @example
 * await sl.log([1]).array(); // [0]
 */
export function log(x: TensorLike): Tensor {
  return unary("log", x);
}

/**
 * log(1 + x), accurate near 0.
 *
 * @example
 * await sl.log1p([0]).array(); // [0]
 */
export function log1p(x: TensorLike): Tensor {
  return unary("log1p", x);
}

/**
 * Square root; NaN below 0.
 *
 * @example
 * await sl.sqrt([4, 9]).array(); // [2,3]
 */
export function sqrt(x: TensorLike): Tensor {
  return unary("sqrt", x);
}

/**
 * 1 / √x
 *
 * @example
 * await sl.rsqrt([4]).array(); // [0.5]
 */
export function rsqrt(x: TensorLike): Tensor {
  return unary("rsqrt", x);
}

/**
 * Error function, 2/√π · ∫₀ˣ exp(-t²) dt.
 *
 * @example
 * await sl.erf([0]).array(); // [0]
 */
export function erf(x: TensorLike): Tensor {
  return unary("erf", x);
}

/**
 * The whole number at or below x. int32 stays as it is. The gradient is 0.
 *
 * @example
 * await sl.floor([1.5, -1.5]).array(); // [1,-2]
 */
export function floor(x: TensorLike): Tensor {
  return unary("floor", x);
}

/**
 * The whole number at or above x. int32 stays as it is. The gradient is 0.
 *
 * @example
 * await sl.ceil([1.5, -1.5]).array(); // [2,-1]
 */
export function ceil(x: TensorLike): Tensor {
  return unary("ceil", x);
}

/**
 * The nearest whole number; a half goes to the even neighbour, as in NumPy. int32 stays as it is.
 * The gradient is 0.
 *
 * @example
 * await sl.round([0.5, 1.5, 2.4]).array(); // [0,2,2]
 */
export function round(x: TensorLike): Tensor {
  return unary("round", x);
}

/**
 * x held between `min` and `max`. int32 stays int32, and drops the bounds' fractions, as in TF.js.
 * Outside the gradient is 0.
 *
 * @throws {ArgumentError} when `min` is greater than `max`.
 * @example
 * await sl.clipByValue([-2, 0.5, 3], 0, 1).array(); // [0,0.5,1]
 */
export function clipByValue(x: TensorLike, min: number, max: number): Tensor {
  if (!(min <= max)) {
    throw new ArgumentError(`clipByValue: min is ${min} and max is ${max}; expected min <= max.`);
  }
  const value = operand(x, "clipByValue");
  const bound = (limit: number): Value =>
    isFloat(value.dtype)
      ? operand(limit, "clipByValue")
      : ops.scalar(HostScalar.of(toInt32(limit), "int32"));
  return Tensor.of(ops.minimum(ops.maximum(value, bound(min)), bound(max)));
}

/** Without its fraction, and no further out than int32 reaches. */
function toInt32(limit: number): number {
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(limit)));
}
