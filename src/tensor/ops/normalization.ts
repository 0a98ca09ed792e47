import type { Value } from "../../graph/node.ts";
import { normalizeAxis } from "../../graph/shape.ts";
import { ops } from "../../ops/index.ts";
import type { Unary } from "../../ops/ops.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";
import { lastAxisOrder } from "./shape-arguments.ts";

/**
 * exp(x) / Σ exp(x) along one axis, without overflow.
 *
 * @param axis - Default -1, the last.
 * @throws {ShapeError} when the axis lies outside, or x is a scalar.
 * @example
 * await sl.softmax([7, 7]).array(); // [0.5,0.5]
 */
export function softmax(logits: TensorLike, axis = -1): Tensor {
  return Tensor.of(alongAxis(ops.softmax, operand(logits, "softmax"), { axis, label: "softmax" }));
}

/**
 * log(softmax(x)) along one axis, without the loss of going through softmax.
 *
 * @param axis - Default -1, the last.
 * @throws {ShapeError} when the axis lies outside, or x is a scalar.
 * @example
 * await sl.logSoftmax([7]).array(); // [0]
 */
export function logSoftmax(logits: TensorLike, axis = -1): Tensor {
  const value = operand(logits, "logSoftmax");
  return Tensor.of(alongAxis(ops.logSoftmax, value, { axis, label: "logSoftmax" }));
}

/** `op` works on the last axis; another one goes there and back. */
function alongAxis(op: Unary, x: Value, { axis, label }: { axis: number; label: string }): Value {
  const rank = x.shape.length;
  if (rank === 0 || normalizeAxis(axis, rank, label) === rank - 1) return op(x);
  const { order, back } = lastAxisOrder(x, axis, label);
  return ops.transpose(op(ops.transpose(x, order)), back);
}
