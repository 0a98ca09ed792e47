import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { binary, boolOperand, operand, unary } from "./operand.ts";

/*
 * Comparisons broadcast as arithmetic does and give bool. Anything compared with NaN is false,
 * except !=.
 */

/**
 * a == b
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.equal([1, 2], [1, 3]).array(); // [true,false]
 */
export function equal(a: TensorLike, b: TensorLike): Tensor {
  return binary("equal", a, b);
}

/**
 * a != b
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.notEqual([1, 2], [1, 3]).array(); // [false,true]
 */
export function notEqual(a: TensorLike, b: TensorLike): Tensor {
  return binary("notEqual", a, b);
}

/**
 * a < b
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.less([1, 2], 2).array(); // [true,false]
 */
export function less(a: TensorLike, b: TensorLike): Tensor {
  return binary("less", a, b);
}

/**
 * a <= b
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.lessEqual([1, 2, 3], 2).array(); // [true,true,false]
 */
export function lessEqual(a: TensorLike, b: TensorLike): Tensor {
  return binary("lessEqual", a, b);
}

/**
 * a > b
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.greater([1, 2, 3], 2).array(); // [false,false,true]
 */
export function greater(a: TensorLike, b: TensorLike): Tensor {
  return binary("greater", a, b);
}

/**
 * a >= b
 *
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.greaterEqual([1, 2, 3], 2).array(); // [false,true,true]
 */
export function greaterEqual(a: TensorLike, b: TensorLike): Tensor {
  return binary("greaterEqual", a, b);
}

/**
 * a and b, both bool; plain numbers count as true where they are not 0.
 *
 * @throws {DTypeError} when one is a tensor of another dtype.
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.logicalAnd([true, false], true).array(); // [true,false]
 */
export function logicalAnd(a: TensorLike, b: TensorLike): Tensor {
  return Tensor.of(ops.logicalAnd(boolOperand(a, "logicalAnd"), boolOperand(b, "logicalAnd")));
}

/**
 * a or b, both bool; plain numbers count as true where they are not 0.
 *
 * @throws {DTypeError} when one is a tensor of another dtype.
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.logicalOr([true, false], false).array(); // [true,false]
 */
export function logicalOr(a: TensorLike, b: TensorLike): Tensor {
  return Tensor.of(ops.logicalOr(boolOperand(a, "logicalOr"), boolOperand(b, "logicalOr")));
}

/**
 * Either a or b but not both, both bool; plain numbers count as true where they are not 0.
 *
 * @throws {DTypeError} when one is a tensor of another dtype.
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.logicalXor([true, false], true).array(); // [false,true]
 */
export function logicalXor(a: TensorLike, b: TensorLike): Tensor {
  return Tensor.of(ops.logicalXor(boolOperand(a, "logicalXor"), boolOperand(b, "logicalXor")));
}

/**
 * Not x, of bool; plain numbers count as true where they are not 0.
 *
 * @throws {DTypeError} when x is a tensor of another dtype.
 * @example
 * await sl.logicalNot([true, false]).array(); // [false,true]
 */
export function logicalNot(x: TensorLike): Tensor {
  return Tensor.of(ops.logicalNot(boolOperand(x, "logicalNot")));
}

/**
 * `a` where the condition holds, `b` elsewhere; all three broadcast. The gradient goes to the one
 * taken.
 *
 * @param condition - bool; plain numbers count as true where they are not 0.
 * @throws {DTypeError} when the condition is a tensor of another dtype.
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.where([true, false], [1, 2], 0).array(); // [1,0]
 */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const test = boolOperand(condition, "where");
  return Tensor.of(ops.where(test, operand(a, "where"), operand(b, "where")));
}

/**
 * True where x is NaN.
 *
 * @example
 * await sl.isNaN([1, NaN]).array(); // [false,true]
 */
function isNaNElement(x: TensorLike): Tensor {
  return unary("isNaN", x);
}

/**
 * True where x is Infinity or -Infinity.
 *
 * @example
 * await sl.isInf([1, -Infinity]).array(); // [false,true]
 */
export function isInf(x: TensorLike): Tensor {
  return unary("isInf", x);
}

/**
 * True where x is neither NaN nor infinite.
 *
 * @example
 * await sl.isFinite([1, Infinity]).array(); // [true,false]
 */
function isFiniteElement(x: TensorLike): Tensor {
  return unary("isFinite", x);
}

export { isFiniteElement as isFinite, isNaNElement as isNaN };
