import { DTypeError, ShapeError } from "../errors.ts";
import { type DType, isFloat } from "../graph/dtype.ts";
import type { Node, Value } from "../graph/node.ts";
import { broadcastShapes, shapesEqual } from "../graph/shape.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import { at, inputOf } from "./attributes.ts";
import { cast } from "./cast.ts";
import { commonDType, meet } from "./common-dtype.ts";
import { broadcastTo } from "./movement.ts";
import type { ElementwiseContext, Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { recordOne } from "./record.ts";

/**
 * What an op computes with. `float`: float16 or float32 (others become float32). `number`: int32 or a float (bool
 * counts as int32). `bool`: bool and nothing else.
 */
export type Operands = "float" | "number" | "bool";

interface Rule {
  readonly name: string;
  readonly operands: Operands;
  /** dtype of the result; that of the operands when absent. */
  readonly output?: DType;
  readonly libs?: readonly string[];
  readonly flops?: number;
}

export interface UnaryRule extends Rule {
  readonly write: (x: string, context: ElementwiseContext) => string;
  readonly host: (x: number, context: ElementwiseContext) => number;
  /** Gradient of x; null: none flows. `y` is the result. */
  readonly gradient: ((o: Ops, at: { x: Value; y: Value; dy: Value }) => Value) | null;
}

export interface BinaryRule extends Rule {
  readonly write: (a: string, b: string, context: ElementwiseContext) => string;
  readonly host: (a: number, b: number, context: ElementwiseContext) => number;
  /** Gradients of a and b, which have the shape of the result. */
  readonly gradient:
    | ((o: Ops, at: { a: Value; b: Value; y: Value; dy: Value }) => readonly (Value | null)[])
    | null;
}

export function unaryOp(rule: UnaryRule): Op {
  return {
    name: rule.name,
    infer: (inputs) => inferElementwise(rule, inputs, 1),
    gradient: (o, node, dys) => {
      if (rule.gradient === null) return [null];
      return [rule.gradient(o, { x: inputOf(node, 0), y: at(node.outputs, 0), dy: at(dys, 0) })];
    },
    lowering: {
      kind: "elementwise",
      write: (args, context) => rule.write(at(args, 0), context),
      host: (args, context) => rule.host(at(args, 0), context),
      libs: rule.libs ?? [],
      flops: rule.flops ?? 1,
    },
  };
}

export function binaryOp(rule: BinaryRule): Op {
  return {
    name: rule.name,
    infer: (inputs) => inferElementwise(rule, inputs, 2),
    gradient: (o, node, dys) => binaryGradient(rule, o, { node, dy: at(dys, 0) }),
    lowering: {
      kind: "elementwise",
      write: (args, context) => rule.write(at(args, 0), at(args, 1), context),
      host: (args, context) => rule.host(at(args, 0), at(args, 1), context),
      libs: rule.libs ?? [],
      flops: rule.flops ?? 1,
    },
  };
}

/** Casts `x` to what `rule` computes with, then records the op. */
export function applyUnary(op: Op, x: Value, operands: Operands): Value {
  return recordOne(op, [toOperand(x, operands)]);
}

/**
 * Casts both to one dtype and broadcasts both to one shape by explicit nodes, then records the op.
 */
export function applyBinary(op: Op, [a, b]: readonly [Value, Value], operands: Operands): Value {
  const shape = broadcastShapes(a.shape, b.shape, op.name);
  const dtype = operands === "bool" ? null : operandDType(commonDType([a, b]), operands);
  const [left, right] = dtype === null ? [a, b] : [meet(a, dtype), meet(b, dtype)];
  return recordOne(op, [broadcastTo(left, shape), broadcastTo(right, shape)]);
}

/** int32 results wrap around at 32 bits, on the host as in WGSL. */
export function wrap(value: number, context: ElementwiseContext): number {
  return context.output === "int32" ? value | 0 : value;
}

function toOperand(x: Value, operands: Operands): Value {
  return operands === "bool" ? x : cast(x, operandDType(x.dtype, operands));
}

function operandDType(dtype: DType, operands: "float" | "number"): DType {
  if (operands === "float") return isFloat(dtype) ? dtype : "float32";
  return dtype === "bool" ? "int32" : dtype;
}

function inferElementwise(rule: Rule, inputs: readonly Spec[], count: number): readonly Spec[] {
  const first = at(inputs, 0);
  for (const spec of inputs.slice(0, count)) {
    if (!shapesEqual(spec.shape, first.shape)) {
      throw new ShapeError(
        `${rule.name}: ${formatSpec(first)} and ${formatSpec(spec)} differ in shape.`,
      );
    }
    checkDType(rule, spec, first);
  }
  return [specOf(first.shape, rule.output ?? first.dtype)];
}

function checkDType(rule: Rule, spec: Spec, first: Spec): void {
  const { name, operands } = rule;
  if (operands === "bool" && spec.dtype !== "bool") {
    throw new DTypeError(
      `${name}: received ${formatSpec(spec)}, expected bool. Make one with a comparison, e.g. ` +
        `notEqual(x, 0), or with cast(x, "bool").`,
    );
  }
  const fits = spec.dtype === first.dtype && (operands !== "float" || isFloat(spec.dtype));
  if (!fits || (operands === "number" && spec.dtype === "bool")) {
    throw new DTypeError(`${name}: operands of ${formatSpec(first)} and ${formatSpec(spec)}.`);
  }
}

function binaryGradient(
  rule: BinaryRule,
  o: Ops,
  { node, dy }: { node: Node; dy: Value },
): readonly (Value | null)[] {
  if (rule.gradient === null) return [null, null];
  return rule.gradient(o, { a: inputOf(node, 0), b: inputOf(node, 1), y: at(node.outputs, 0), dy });
}
