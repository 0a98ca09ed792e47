import { ShapeError } from "../../errors.ts";
import { formatSpec } from "../../graph/spec.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";
import { flagOf } from "./shape-arguments.ts";

/**
 * Product of matrices: a [.., M, K] × b [.., K, N] → [.., M, N]. Axes in front broadcast. int32 and
 * bool are cast to float32 and the product is float32, other than in TF.js, where that of two int32
 * is int32: cast it back with `toInt()`, which is exact while the sums stay below 2²⁴.
 *
 * @param transposeA - a is given as [.., K, M]. Default false.
 * @param transposeB - b is given as [.., N, K]. Default false.
 * @throws {ShapeError} when the inner sizes differ, or a rank is below 2.
 * @throws {ArgumentError} for a flag that is neither true nor false.
 * @example
 * await sl.matMul([[1, 2]], [[3], [4]]).array(); // [[11]]
 */
export function matMul(
  a: TensorLike,
  b: TensorLike,
  transposeA = false,
  transposeB = false,
): Tensor {
  const [x, y] = [operand(a, "matMul"), operand(b, "matMul")];
  const flags = [
    flagOf(transposeA, "matMul: transposeA"),
    flagOf(transposeB, "matMul: transposeB"),
  ] as const;
  return Tensor.of(ops.matMul(x, y, ...flags));
}

/**
 * Product of vectors and matrices (rank 1 or 2 each): the sum over the last axis of `a` and the
 * first of `b`.
 *
 * @throws {ShapeError} when these sizes differ, or a rank is not 1 or 2.
 * @example
 * await sl.dot([1, 2], [3, 4]).array(); // 11
 */
export function dot(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [operand(a, "dot"), operand(b, "dot")];
  const isRank = [x, y].every((value) => value.shape.length === 1 || value.shape.length === 2);
  const inner = x.shape.at(-1) ?? 0;
  if (!isRank || inner !== y.shape[0]) {
    throw new ShapeError(
      `dot: ${formatSpec(x.spec)} and ${formatSpec(y.spec)}. Expected rank 1 or 2 each, and the ` +
        "last size of the first equal to the first size of the second.",
      { details: { a: x.shape, b: y.shape } },
    );
  }
  const [rows, columns] = [x.shape.slice(0, -1), y.shape.slice(1)];
  const left = ops.reshape(x, [rows[0] ?? 1, inner]);
  const product = ops.matMul(left, ops.reshape(y, [inner, columns[0] ?? 1]));
  return Tensor.of(ops.reshape(product, [...rows, ...columns]));
}

/**
 * a [M] and b [N] → all products, [M, N].
 *
 * @throws {ShapeError} when one is not of rank 1.
 * @example
 * await sl.outerProduct([1, 2], [3, 4]).array(); // [[3,4],[6,8]]
 */
export function outerProduct(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [operand(a, "outerProduct"), operand(b, "outerProduct")];
  if (x.shape.length !== 1 || y.shape.length !== 1) {
    throw new ShapeError(
      `outerProduct: ${formatSpec(x.spec)} and ${formatSpec(y.spec)}; expected rank 1 on both ` +
        "sides.",
    );
  }
  return Tensor.of(ops.mul(ops.reshape(x, [x.shape[0] ?? 0, 1]), y));
}
