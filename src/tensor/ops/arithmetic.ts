import { ArgumentError } from "../../errors.ts";
import { broadcastShapes, type Shape } from "../../graph/shape.ts";
import { toFloat } from "../../ops/common-dtype.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { binary, operand, operandPair, unary } from "./operand.ts";
import { tensorList } from "./shape-arguments.ts";

/*
 * Two operands broadcast by NumPy's rule (aligned at the right, sizes equal or 1) and take the
 * dtype that holds both: bool < int32 < float32. bool counts as int32 0 or 1; a plain number is
 * float32, as in TF.js.
 */

/**
 * a + b, element by element.
 *
 * @param a - Any shape that broadcasts with `b`.
 * @param b - Any shape that broadcasts with `a`.
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.add([1, 2], [[10], [20]]).array(); // [[11,12],[21,22]]
 */
export function add(a: TensorLike, b: TensorLike): Tensor {
  return binary("add", a, b);
}

/**
 * a - b, element by element.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.sub([5, 7], 2).array(); // [3,5]
 */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return binary("sub", a, b);
}

/**
 * a · b, element by element. For the product of matrices see `matMul`.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.mul([1, 2, 3], 2).array(); // [2,4,6]
 */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return binary("mul", a, b);
}

/**
 * a / b, element by element. As in TF.js, two int32 operands give int32, rounded down; cast one of
 * them to float32 for the true quotient. A float32 quotient by zero is Infinity or NaN.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.div([1, 3], 2).array(); // [0.5,1.5]
 */
export function div(a: TensorLike, b: TensorLike): Tensor {
  return binary("div", a, b);
}

/**
 * a / b, and 0 where b is 0. The gradient is 0 there too.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.divNoNan([1, 2], [0, 4]).array(); // [0,0.5]
 */
export function divNoNan(a: TensorLike, b: TensorLike): Tensor {
  const [dividend, divisor] = operandPair(a, b, "divNoNan");
  const [x, y] = [toFloat(dividend), toFloat(divisor)];
  const isZero = ops.equal(y, ops.literal(0));
  const safe = ops.where(isZero, ops.literal(1), y);
  return Tensor.of(ops.where(isZero, ops.literal(0), ops.div(x, safe)));
}

/**
 * The whole number at or below a / b. The gradient is 0.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.floorDiv([7, -7], 2).array(); // [3,-4]
 */
export function floorDiv(a: TensorLike, b: TensorLike): Tensor {
  return binary("floorDiv", a, b);
}

/**
 * a - b·floor(a/b): the remainder with the sign of the divisor, as in Python.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.mod([7, -7], 3).array(); // [1,2]
 */
export function mod(a: TensorLike, b: TensorLike): Tensor {
  return binary("mod", a, b);
}

/**
 * base to the power of exponent. A negative base takes whole exponents only and gives NaN for
 * others; 0⁰ is 1.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.pow([1, 2, 3], 2).array(); // [1,4,9]
 */
export function pow(base: TensorLike, exponent: TensorLike): Tensor {
  if (exponent === 2) return square(base);
  return binary("pow", base, exponent);
}

/**
 * The greater of a and b; NaN where either is. At equality the gradient goes to `a`, as in Keras.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.maximum([1, 5], [4, 2]).array(); // [4,5]
 */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return binary("maximum", a, b);
}

/**
 * The smaller of a and b; NaN where either is. At equality the gradient goes to `a`, as in Keras.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.minimum([1, 5], [4, 2]).array(); // [1,2]
 */
export function minimum(a: TensorLike, b: TensorLike): Tensor {
  return binary("minimum", a, b);
}

/**
 * (a - b)², element by element.
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.squaredDifference([1, 4], 2).array(); // [1,4]
 */
export function squaredDifference(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = operandPair(a, b, "squaredDifference");
  return Tensor.of(ops.square(ops.sub(x, y)));
}

/**
 * The sum of a list of tensors, in order.
 *
 * @param tensors - At least one; their shapes broadcast.
 * @throws {ArgumentError} on an empty list, and on what is no list.
 * @example
 * await sl.addN([[1, 2], [3, 4], [5, 6]]).array(); // [9,12]
 */
export function addN(tensors: readonly TensorLike[]): Tensor {
  const values = tensorList(tensors, "addN").map((x, i) => operand(x, `addN: tensor ${i}`));
  values.reduce<Shape>((shape, x) => broadcastShapes(shape, x.shape, "addN"), []);
  const [first, ...rest] = values;
  if (first === undefined) {
    throw new ArgumentError("addN: received an empty list; expected at least one tensor.");
  }
  return Tensor.of(rest.reduce(ops.add, first));
}

/**
 * -x
 *
 * @example
 * await sl.neg([1, -2]).array(); // [-1,2]
 */
export function neg(x: TensorLike): Tensor {
  return unary("neg", x);
}

/**
 * |x|. The gradient at 0 is 0.
 *
 * @example
 * await sl.abs([-3, 2]).array(); // [3,2]
 */
export function abs(x: TensorLike): Tensor {
  return unary("abs", x);
}

/**
 * -1, 0 or 1. The gradient is 0.
 *
 * @example
 * await sl.sign([-3, 0, 2]).array(); // [-1,0,1]
 */
export function sign(x: TensorLike): Tensor {
  return unary("sign", x);
}

/**
 * x²
 *
 * @example
 * await sl.square([3, -4]).array(); // [9,16]
 */
export function square(x: TensorLike): Tensor {
  return unary("square", x);
}

/**
 * 1 / x as float32.
 *
 * @example
 * await sl.reciprocal([2, 4]).array(); // [0.5,0.25]
 */
export function reciprocal(x: TensorLike): Tensor {
  return unary("reciprocal", x);
}
