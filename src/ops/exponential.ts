import { applyBinary, applyUnary, binaryOp, unaryOp } from "./elementwise.ts";
import type { Op } from "./op.ts";
import type { Binary, Unary } from "./ops.ts";

const expOp = unaryOp({
  name: "exp",
  operands: "float",
  libs: ["finite"],
  write: (x) => `keep_nan(${x}, exp(${x}))`,
  host: Math.exp,
  gradient: (o, { y, dy }) => o.mul(dy, y),
  flops: 8,
});

/** exp(x) - 1 without the cancellation near 0. */
const expm1Op = unaryOp({
  name: "expm1",
  operands: "float",
  libs: ["activations"],
  write: (x) => `expm1(${x})`,
  host: Math.expm1,
  gradient: (o, { y, dy }) => o.mul(dy, o.add(y, o.literal(1))),
  flops: 16,
});

/** -Infinity at 0, NaN below. */
const logOp = unaryOp({
  name: "log",
  operands: "float",
  libs: ["activations"],
  write: (x) => `natural_log(${x})`,
  host: Math.log,
  gradient: (o, { x, dy }) => o.div(dy, x),
  flops: 8,
});

/** log(1 + x) without the cancellation near 0. */
const log1pOp = unaryOp({
  name: "log1p",
  operands: "float",
  libs: ["activations"],
  write: (x) => `log1p(${x})`,
  host: Math.log1p,
  gradient: (o, { x, dy }) => o.div(dy, o.add(x, o.literal(1))),
  flops: 16,
});

const sqrtOp = unaryOp({
  name: "sqrt",
  operands: "float",
  write: (x) => `sqrt(${x})`,
  host: Math.sqrt,
  gradient: (o, { y, dy }) => o.div(o.mul(dy, o.literal(0.5)), y),
  flops: 2,
});

const rsqrtOp = unaryOp({
  name: "rsqrt",
  operands: "float",
  write: (x) => `inverseSqrt(${x})`,
  host: (x) => 1 / Math.sqrt(x),
  gradient: (o, { y, dy }) => o.mul(o.mul(dy, o.literal(-0.5)), o.mul(y, o.square(y))),
  flops: 2,
});

/** log(1 + exp(x)), without overflow. */
const softplusOp = unaryOp({
  name: "softplus",
  operands: "float",
  libs: ["activations"],
  write: (x) => `softplus(${x})`,
  host: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  gradient: (o, { x, dy }) => o.mul(dy, o.sigmoid(x)),
  flops: 24,
});

/**
 * a^b. A negative base takes whole exponents only (NaN otherwise); 0^0 is 1. int32 wraps around,
 * and a negative int32 exponent gives the whole part of the quotient.
 *
 *     da = b·a^(b-1) (0 where b = 0)      db = y·log(a) (0 where a ≤ 0)
 */
const powOp = binaryOp({
  name: "pow",
  operands: "number",
  libs: ["elementary"],
  write: (a, b, { output }) =>
    output === "int32" ? `power_i32(${a}, ${b})` : `power_f32(${a}, ${b})`,
  host: (a, b, { output }) => (output === "int32" ? powInt(a, b) : a ** b),
  gradient: (o, { a, b, y, dy }) => {
    const slope = o.mul(b, o.pow(a, o.sub(b, o.literal(1))));
    const da = o.where(o.equal(b, o.literal(0)), o.literal(0), slope);
    const positive = o.greater(a, o.literal(0));
    const db = o.where(positive, o.mul(y, o.log(o.where(positive, a, o.literal(1)))), o.literal(0));
    return [o.mul(dy, da), o.mul(dy, db)];
  },
  flops: 20,
});

export const exp: Unary = (x) => applyUnary(expOp, x, "float");
export const expm1: Unary = (x) => applyUnary(expm1Op, x, "float");
export const log: Unary = (x) => applyUnary(logOp, x, "float");
export const log1p: Unary = (x) => applyUnary(log1pOp, x, "float");
export const sqrt: Unary = (x) => applyUnary(sqrtOp, x, "float");
export const rsqrt: Unary = (x) => applyUnary(rsqrtOp, x, "float");
export const softplus: Unary = (x) => applyUnary(softplusOp, x, "float");
export const pow: Binary = (a, b) => applyBinary(powOp, [a, b], "number");

export const exponentialOps: readonly Op[] = [
  expOp,
  expm1Op,
  logOp,
  log1pOp,
  sqrtOp,
  rsqrtOp,
  softplusOp,
  powOp,
];

/** By squaring, wrapping at 32 bits, as the shader does. */
function powInt(base: number, exponent: number): number {
  if (exponent < 0) {
    if (base === 1) return 1;
    return base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  }
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if (rest & 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}
