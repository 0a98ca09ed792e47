import type { TensorLike } from "../convert.ts";
import type { Tensor } from "../tensor.ts";
import { binary, unary } from "./operand.ts";

/* Angles are in radians; int32 and bool are cast to float32. */

/**
 * Sine. Accurate to 1e-6 up to |x| = 10,000 on every adapter.
 *
 * @example
 * await sl.sin([0]).array(); // [0]
 */
export function sin(x: TensorLike): Tensor {
  return unary("sin", x);
}

/**
 * Cosine. Accurate to 1e-6 up to |x| = 10,000 on every adapter.
 *
 * @example
 * await sl.cos([0]).array(); // [1]
 */
export function cos(x: TensorLike): Tensor {
  return unary("cos", x);
}

/**
 * Tangent.
 *
 * @example
 * await sl.tan([0]).array(); // [0]
 */
export function tan(x: TensorLike): Tensor {
  return unary("tan", x);
}

/**
 * Arc sine, in [-π/2, π/2]; NaN outside [-1, 1].
 *
 * @example
 * await sl.asin([0]).array(); // [0]
 */
export function asin(x: TensorLike): Tensor {
  return unary("asin", x);
}

/**
 * Arc cosine, in [0, π]; NaN outside [-1, 1].
 *
 * @example
 * await sl.acos([1]).array(); // [0]
 */
export function acos(x: TensorLike): Tensor {
  return unary("acos", x);
}

/**
 * Arc tangent, in (-π/2, π/2).
 *
 * @example
 * await sl.atan([0]).array(); // [0]
 */
export function atan(x: TensorLike): Tensor {
  return unary("atan", x);
}

/**
 * The angle of the point (x, y), in (-π, π]; 0 at the origin.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.atan2([0, 0], [1, 2]).array(); // [0,0]
 */
export function atan2(y: TensorLike, x: TensorLike): Tensor {
  return binary("atan2", y, x);
}

/**
 * Hyperbolic sine.
 *
 * @example
 * await sl.sinh([0]).array(); // [0]
 */
export function sinh(x: TensorLike): Tensor {
  return unary("sinh", x);
}

/**
 * Hyperbolic cosine.
 *
 * @example
 * await sl.cosh([0]).array(); // [1]
 */
export function cosh(x: TensorLike): Tensor {
  return unary("cosh", x);
}

/**
 * Inverse hyperbolic sine.
 *
 * @example
 * await sl.asinh([0]).array(); // [0]
 */
export function asinh(x: TensorLike): Tensor {
  return unary("asinh", x);
}

/**
 * Inverse hyperbolic cosine; NaN below 1.
 *
 * @example
 * await sl.acosh([1]).array(); // [0]
 */
export function acosh(x: TensorLike): Tensor {
  return unary("acosh", x);
}

/**
 * Inverse hyperbolic tangent; NaN outside [-1, 1].
 *
 * @example
 * await sl.atanh([0]).array(); // [0]
 */
export function atanh(x: TensorLike): Tensor {
  return unary("atanh", x);
}
