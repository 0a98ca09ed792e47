import { DTypeError, ShapeError } from "../errors.ts";
import { isFloat, upcast } from "../graph/dtype.ts";
import type { Node, Value } from "../graph/node.ts";
import { broadcastShapes, sizeOf } from "../graph/shape.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import { lowerMatMul } from "../kernels/matmul.ts";
import { mul } from "./arithmetic.ts";
import { at, booleanAttribute, inputOf } from "./attributes.ts";
import { toFloat } from "./common-dtype.ts";
import { reshape, sumToShape, transpose } from "./movement.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { recordOne } from "./record.ts";
import { sum } from "./reduce.ts";

/**
 * a [.., M, K] × b [.., K, N] → [.., M, N]; a transposed operand is given as [.., K, M]
 * or [.., N, K]. Axes in front broadcast. Either may be float16: sums are float32, the result is float16 where
 * both are.
 *
 *     dA = dY·Bᵀ      dB = Aᵀ·dY
 */
const matMulOp: Op = {
  name: "matMul",
  infer: (inputs, attributes) => [
    inferMatMul(at(inputs, 0), at(inputs, 1), {
      transposeA: booleanAttribute(attributes, "transposeA"),
      transposeB: booleanAttribute(attributes, "transposeB"),
    }),
  ],
  gradient: (o, node, dys) => matMulGradient(o, node, at(dys, 0)),
  lowering: { kind: "kernel", lower: lowerMatMul, takesEpilogue: true },
};

/**
 * A stack of matrices times one matrix is recorded as one taller matrix, [B·T, K] × [K, N]: the
 * gradient of the one matrix is then one product too, instead of a stack of products and a sum.
 */
export function matMul(a: Value, b: Value, transposeA = false, transposeB = false): Value {
  const [left, right] = [toFloat(a), toFloat(b)];
  if (hasNothingToSum(left, right, { transposeA, transposeB })) {
    return emptySums(
      transposeA ? transpose(left, lastTwoSwapped(left)) : left,
      transposeB ? transpose(right, lastTwoSwapped(right)) : right,
    );
  }
  const record = (x: Value): Value => recordOne(matMulOp, [x, right], { transposeA, transposeB });
  if (left.shape.length <= 2 || right.shape.length !== 2 || transposeA) return record(left);
  const inner = at(left.shape, left.shape.length - 1);
  const outer = left.shape.slice(0, -1);
  const isMatch = inner === at(right.shape, transposeB ? 1 : 0);
  // A mismatch is reported with the shapes that the caller knows.
  if (!isMatch) return record(left);
  const tall = record(reshape(left, [sizeOf(outer), inner]));
  return reshape(tall, [...outer, at(tall.shape, 1)]);
}

export const matMulOps: readonly Op[] = [matMulOp];

/** K = 0: the kernel would bind buffers without an element. */
function hasNothingToSum(a: Value, b: Value, { transposeA, transposeB }: Transposes): boolean {
  if (a.shape.length < 2 || b.shape.length < 2) return false;
  return lastTwo(a, transposeA)[1] === 0 && lastTwo(b, transposeB)[0] === 0;
}

/** Σ over no k of a[.., m, k]·b[.., k, n]: zeros that depend on both, so that gradients find them. */
function emptySums(a: Value, b: Value): Value {
  const left = reshape(a, [...a.shape, 1]); // [.., M, 0, 1]
  const right = reshape(b, b.shape.toSpliced(-2, 0, 1)); // [.., 1, 0, N]
  const products = mul(left, right);
  return sum(products, [products.shape.length - 2]);
}

function lastTwoSwapped({ shape }: Value): number[] {
  const rank = shape.length;
  return [...shape.slice(2).keys(), rank - 1, rank - 2];
}

interface Transposes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function inferMatMul(a: Spec, b: Spec, { transposeA, transposeB }: Transposes): Spec {
  if (!isFloat(a.dtype) || !isFloat(b.dtype)) {
    throw new DTypeError(`matMul: ${formatSpec(a)} × ${formatSpec(b)}; expected floats.`);
  }
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new ShapeError(
      `matMul: ${formatSpec(a)} × ${formatSpec(b)}. Expected rank 2 or more on both sides; use ` +
        "dot for vectors, or expandDims.",
      { details: { a: a.shape, b: b.shape } },
    );
  }
  const [rows, inner] = lastTwo(a, transposeA);
  const [otherInner, columns] = lastTwo(b, transposeB);
  if (inner !== otherInner) {
    const flags =
      transposeA || transposeB ? ` (transposeA ${transposeA}, transposeB ${transposeB})` : "";
    throw new ShapeError(
      `matMul: ${formatSpec(a)} × ${formatSpec(b)}${flags}: inner sizes ${inner} and ` +
        `${otherInner} differ. Expected [.., M, K] × [.., K, N]; transpose or reshape one of them.`,
      { details: { a: a.shape, b: b.shape, transposeA, transposeB } },
    );
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), "matMul");
  return specOf([...batch, rows, columns], upcast(a.dtype, b.dtype));
}

/** The matrix's [rows, columns] as it is multiplied. */
function lastTwo({ shape }: Spec, isTransposed: boolean): readonly [number, number] {
  const rows = at(shape, shape.length - 2);
  const columns = at(shape, shape.length - 1);
  return isTransposed ? [columns, rows] : [rows, columns];
}

function matMulGradient(o: Ops, node: Node, dy: Value): readonly Value[] {
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const transposeA = booleanAttribute(node.attributes, "transposeA");
  const transposeB = booleanAttribute(node.attributes, "transposeB");
  const da = transposeA ? o.matMul(b, dy, transposeB, true) : o.matMul(dy, b, false, !transposeB);
  const db = transposeB ? o.matMul(dy, a, true, transposeA) : o.matMul(a, dy, !transposeA, false);
  return [sumToShape(o, da, a.shape), sumToShape(o, db, b.shape)];
}
