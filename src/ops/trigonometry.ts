import type { Value } from "../graph/node.ts";
import { specOf } from "../graph/spec.ts";
import { at, inputOf } from "./attributes.ts";
import { throughFloat32, toFloat } from "./common-dtype.ts";
import { applyBinary, applyUnary, binaryOp, unaryOp } from "./elementwise.ts";
import type { Op } from "./op.ts";
import type { Binary, Ops, Unary } from "./ops.ts";
import { recordOne } from "./record.ts";

/**
 * In radians. float32 keeps 1e-6 absolute up to |x| = 10,000, since the argument is reduced in
 * steps.
 */
const sinOp = unaryOp({
  name: "sin",
  operands: "float",
  libs: ["elementary"],
  write: (x) => `sine(${x})`,
  host: Math.sin,
  gradient: (o, { x, dy }) => o.mul(dy, o.cos(x)),
  flops: 20,
});

const cosOp = unaryOp({
  name: "cos",
  operands: "float",
  libs: ["elementary"],
  write: (x) => `cosine(${x})`,
  host: Math.cos,
  gradient: (o, { x, dy }) => o.neg(o.mul(dy, o.sin(x))),
  flops: 20,
});

const atanOp = unaryOp({
  name: "atan",
  operands: "float",
  libs: ["elementary"],
  write: (x) => `arc_tangent(${x})`,
  host: Math.atan,
  gradient: (o, { x, dy }) => o.div(dy, o.add(o.square(x), o.literal(1))),
  flops: 16,
});

/** Angle of the point (b, a), in (-π, π]. */
const atan2Op = binaryOp({
  name: "atan2",
  operands: "float",
  libs: ["elementary"],
  write: (a, b) => `arc_tangent_2(${a}, ${b})`,
  host: Math.atan2,
  gradient: (o, { a, b, dy }) => {
    const scaled = o.div(dy, o.add(o.square(a), o.square(b)));
    return [o.mul(scaled, b), o.neg(o.mul(scaled, a))];
  },
  flops: 20,
});

export const sin: Unary = (x) => applyUnary(sinOp, x, "float");
export const cos: Unary = (x) => applyUnary(cosOp, x, "float");
export const atan: Unary = (x) => applyUnary(atanOp, x, "float");
export const atan2: Binary = (a, b) => applyBinary(atan2Op, [a, b], "float");

/** sin/cos */
const tanOp = composedOp("tan", (o, x) => o.div(o.sin(x), o.cos(x)), {
  gradient: (o, { y }) => o.add(o.square(y), o.literal(1)),
});

/** Angle of (√((1-x)(1+x)), x): the product keeps what 1 - x² would lose near 1. */
const asinOp = composedOp("asin", (o, x) => o.atan2(x, o.sqrt(oneMinusSquare(o, x))), {
  gradient: (o, { x }) => o.rsqrt(oneMinusSquare(o, x)),
});

const acosOp = composedOp("acos", (o, x) => o.atan2(o.sqrt(oneMinusSquare(o, x)), x), {
  gradient: (o, { x }) => o.neg(o.rsqrt(oneMinusSquare(o, x))),
});

/**
 * e·(1 + 1/(e+1)) / 2 with e = expm1(|x|): nothing cancels near 0, and it grows to Infinity, not
 * NaN.
 */
const sinhOp = composedOp(
  "sinh",
  (o, x) => {
    const e = o.expm1(o.abs(x));
    const factor = o.add(o.reciprocal(o.add(e, o.literal(1))), o.literal(1));
    return o.mul(o.sign(x), o.mul(o.mul(e, factor), o.literal(0.5)));
  },
  { gradient: (o, { x }) => o.cosh(x) },
);

const coshOp = composedOp(
  "cosh",
  (o, x) => o.mul(o.add(o.exp(x), o.exp(o.neg(x))), o.literal(0.5)),
  { gradient: (o, { x }) => o.sinh(x) },
);

/** sign(x)·log1p(|x| + x²/(1 + √(x²+1))); far out, where x² would overflow, sign(x)·log(2|x|). */
const asinhOp = composedOp(
  "asinh",
  (o, x) => {
    const near = o.minimum(o.abs(x), o.literal(FAR));
    const root = o.sqrt(o.add(o.square(near), o.literal(1)));
    const rest = o.div(o.square(near), o.add(root, o.literal(1)));
    return o.mul(o.sign(x), logOrDouble(o, o.abs(x), o.log1p(o.add(near, rest))));
  },
  { gradient: (o, { x }) => o.rsqrt(o.add(o.square(x), o.literal(1))) },
);

/** log1p(t + √t·√(x+1)) with t = x - 1; NaN below 1; far out log(2x). */
const acoshOp = composedOp(
  "acosh",
  (o, x) => {
    const near = o.minimum(x, o.literal(FAR));
    const t = o.sub(near, o.literal(1));
    const root = o.mul(o.sqrt(t), o.sqrt(o.add(near, o.literal(1))));
    return logOrDouble(o, x, o.log1p(o.add(t, root)));
  },
  { gradient: (o, { x }) => o.rsqrt(o.neg(oneMinusSquare(o, x))) },
);

/** log1p(2x/(1-x)) / 2 */
const atanhOp = composedOp(
  "atanh",
  (o, x) => {
    const ratio = o.div(o.mul(x, o.literal(2)), o.sub(o.literal(1), x));
    return o.mul(o.log1p(ratio), o.literal(0.5));
  },
  { gradient: (o, { x }) => o.reciprocal(oneMinusSquare(o, x)) },
);

export const tan: Unary = (x) => applyComposed(tanOp, x);
export const asin: Unary = (x) => applyComposed(asinOp, x);
export const acos: Unary = (x) => applyComposed(acosOp, x);
export const sinh: Unary = (x) => applyComposed(sinhOp, x);
export const cosh: Unary = (x) => applyComposed(coshOp, x);
export const asinh: Unary = (x) => applyComposed(asinhOp, x);
export const acosh: Unary = (x) => applyComposed(acoshOp, x);
export const atanh: Unary = (x) => applyComposed(atanhOp, x);

export const trigonometryOps: readonly Op[] = [
  sinOp,
  cosOp,
  atanOp,
  atan2Op,
  tanOp,
  asinOp,
  acosOp,
  sinhOp,
  coshOp,
  asinhOp,
  acoshOp,
  atanhOp,
];

/** An op that is written in others, with a `slope` (dy/dx) that is better than their chain rule. */
function composedOp(
  name: string,
  reference: (o: Ops, x: Value) => Value,
  slope: { gradient: (o: Ops, at: { x: Value; y: Value }) => Value },
): Op {
  return {
    name,
    infer: (inputs) => [specOf(at(inputs, 0).shape)],
    gradient: (o, node, dys) => {
      const place = { x: inputOf(node, 0), y: at(node.outputs, 0) };
      return [o.mul(at(dys, 0), slope.gradient(o, place))];
    },
    reference: (o, inputs) => [reference(o, at(inputs, 0))],
    lowering: { kind: "expand" },
  };
}

function applyComposed(op: Op, x: Value): Value {
  return throughFloat32(toFloat(x), (wide) => recordOne(op, [wide]));
}

/** Beyond this x² + 1 is x² in float32, and far from overflow. */
const FAR = 1e9;

/** log(2x) where x lies far out, `near` elsewhere. */
function logOrDouble(o: Ops, x: Value, near: Value): Value {
  return o.where(
    o.greater(x, o.literal(FAR)),
    o.add(o.log(o.maximum(x, o.literal(1))), o.literal(Math.LN2)),
    near,
  );
}

function oneMinusSquare(o: Ops, x: Value): Value {
  return o.mul(o.sub(o.literal(1), x), o.add(x, o.literal(1)));
}
