import { HostScalar } from "../../graph/host-scalar.ts";
import type { Value } from "../../graph/node.ts";
import { broadcastShapes } from "../../graph/shape.ts";
import { expectDType } from "../../ops/cast.ts";
import { ops } from "../../ops/index.ts";
import type { Binary, Ops, Unary } from "../../ops/ops.ts";
import { type TensorLike, toIndices, toTensor } from "../convert.ts";
import { Tensor } from "../tensor.ts";

/** Names of the ops of one value, and of two that broadcast. */
export type UnaryName = NamesOf<Unary>;
export type BinaryName = NamesOf<Binary>;
type NamesOf<F> = {
  [Name in keyof Ops]: F extends Ops[Name] ? (Ops[Name] extends F ? Name : never) : never;
}[keyof Ops];

/**
 * A value from whatever a user passed. A plain number becomes a run-time scalar, which is no part
 * of a plan's key: a loop that multiplies by another number each time runs one plan.
 */
export function operand(x: TensorLike, label: string): Value {
  if (typeof x === "number") return ops.scalar(HostScalar.of(x));
  if (typeof x === "boolean") return ops.literal(x ? 1 : 0, [], "bool");
  return toTensor(x, label).value;
}

/**
 * int32 values from whole numbers, lists of them or an int32 tensor.
 *
 * @throws {ArgumentError} for fractions and NaN.
 * @throws {DTypeError} for a tensor of another dtype.
 */
export function indexOperand(x: TensorLike, label: string): Value {
  if (x instanceof Tensor) return expectDType(x.value, "int32", label);
  return toIndices(x, label).value;
}

/** bool values from booleans, numbers (true where not 0), lists of them, or a bool tensor. */
export function boolOperand(x: TensorLike, label: string): Value {
  return x instanceof Tensor ? x.value : toTensor(x, label, "bool").value;
}

/**
 * Both of two operands that broadcast; a misfit is reported under the name that the user called.
 */
export function operandPair(a: TensorLike, b: TensorLike, label: string): readonly [Value, Value] {
  const [x, y] = [operand(a, label), operand(b, label)];
  broadcastShapes(x.shape, y.shape, label);
  return [x, y];
}

export function unary(name: UnaryName, x: TensorLike): Tensor {
  return Tensor.of(ops[name](operand(x, name)));
}

export function binary(name: BinaryName, a: TensorLike, b: TensorLike): Tensor {
  return Tensor.of(ops[name](operand(a, name), operand(b, name)));
}
