import { applyBinary, applyUnary, binaryOp, unaryOp, wrap } from "./elementwise.ts";
import type { Op } from "./op.ts";

import type { Binary, Unary } from "./ops.ts";

const addOp = binaryOp({
  name: "add",
  operands: "number",
  write: (a, b) => `(${a} + ${b})`,
  host: (a, b, context) => wrap(a + b, context),
  gradient: (_o, { dy }) => [dy, dy],
});

const subOp = binaryOp({
  name: "sub",
  operands: "number",
  write: (a, b) => `(${a} - ${b})`,
  host: (a, b, context) => wrap(a - b, context),
  gradient: (o, { dy }) => [dy, o.neg(dy)],
});

const mulOp = binaryOp({
  name: "mul",
  operands: "number",
  write: (a, b) => `(${a} * ${b})`,
  host: (a, b, context) => (context.output === "int32" ? Math.imul(a, b) : a * b),
  gradient: (o, { a, b, dy }) => [o.mul(dy, b), o.mul(dy, a)],
});

/** Two int32 give int32, rounded down; WGSL's quotient by zero is the dividend. */
const divOp = binaryOp({
  name: "div",
  operands: "number",
  libs: ["elementary"],
  write: (a, b, { output }) => (output === "int32" ? `floor_div_i32(${a}, ${b})` : `(${a} / ${b})`),
  host: (a, b, { output }) => (output === "int32" ? floorDivInt(a, b) : a / b),
  gradient: (o, { b, y, dy }) => {
    const da = o.div(dy, b);
    return [da, o.neg(o.mul(da, y))];
  },
});

const floorDivOp = binaryOp({
  name: "floorDiv",
  operands: "number",
  libs: ["elementary"],
  write: (a, b, { output }) =>
    output === "int32" ? `floor_div_i32(${a}, ${b})` : `floor_div_f32(${a}, ${b})`,
  host: (a, b, { output }) => (output === "int32" ? floorDivInt(a, b) : Math.floor(a / b)),
  gradient: (o, { a }) => [o.literal(0, a.shape), o.literal(0, a.shape)],
});

/** a - b·floor(a/b): the sign of the result is that of b. */
const modOp = binaryOp({
  name: "mod",
  operands: "number",
  libs: ["elementary"],
  write: (a, b, { output }) =>
    output === "int32" ? `floor_mod_i32(${a}, ${b})` : `floor_mod_f32(${a}, ${b})`,
  host: (a, b, { output }) => {
    if (output === "int32") return b === 0 ? 0 : (a - Math.imul(b, floorDivInt(a, b))) | 0;
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
  gradient: (o, { a, b, dy }) => [dy, o.neg(o.mul(dy, o.floorDiv(a, b)))],
});

/** NaN where either is NaN. At equality the gradient goes to a alone, as in Keras and TF.js. */
const maximumOp = binaryOp({
  name: "maximum",
  operands: "number",
  libs: ["finite"],
  write: (a, b, { output }) => (output === "int32" ? `max(${a}, ${b})` : `max_or_nan(${a}, ${b})`),
  host: (a, b) => Math.max(a, b),
  gradient: (o, { a, b, dy }) => {
    const isA = o.greaterEqual(a, b);
    return [o.where(isA, dy, o.literal(0)), o.where(isA, o.literal(0), dy)];
  },
});

/** NaN where either is NaN. At equality the gradient goes to a alone, as in Keras and TF.js. */
const minimumOp = binaryOp({
  name: "minimum",
  operands: "number",
  libs: ["finite"],
  write: (a, b, { output }) => (output === "int32" ? `min(${a}, ${b})` : `min_or_nan(${a}, ${b})`),
  host: (a, b) => Math.min(a, b),
  gradient: (o, { a, b, dy }) => {
    const isA = o.lessEqual(a, b);
    return [o.where(isA, dy, o.literal(0)), o.where(isA, o.literal(0), dy)];
  },
});

const negOp = unaryOp({
  name: "neg",
  operands: "number",
  write: (x) => `(-(${x}))`,
  host: (x, context) => wrap(-x, context),
  gradient: (o, { dy }) => o.neg(dy),
});

/** The gradient at 0 is 0. */
const absOp = unaryOp({
  name: "abs",
  operands: "number",
  write: (x) => `abs(${x})`,
  host: (x, context) => wrap(Math.abs(x), context),
  gradient: (o, { x, dy }) => o.mul(dy, o.sign(x)),
});

const signOp = unaryOp({
  name: "sign",
  operands: "number",
  libs: ["finite"],
  write: (x, { output }) => (output === "int32" ? `sign(${x})` : `keep_nan(${x}, sign(${x}))`),
  host: (x) => Math.sign(x),
  gradient: (o, { x }) => o.literal(0, x.shape),
});

const squareOp = unaryOp({
  name: "square",
  operands: "number",
  write: (x) => `(${x} * ${x})`,
  host: (x, { output }) => (output === "int32" ? Math.imul(x, x) : x * x),
  gradient: (o, { x, dy }) => o.mul(dy, o.mul(x, o.literal(2))),
});

const reciprocalOp = unaryOp({
  name: "reciprocal",
  operands: "float",
  write: (x) => `(1.0f / ${x})`,
  host: (x) => 1 / x,
  gradient: (o, { y, dy }) => o.neg(o.mul(dy, o.square(y))),
});

export const add: Binary = (a, b) => applyBinary(addOp, [a, b], "number");
export const sub: Binary = (a, b) => applyBinary(subOp, [a, b], "number");
export const mul: Binary = (a, b) => applyBinary(mulOp, [a, b], "number");
export const div: Binary = (a, b) => applyBinary(divOp, [a, b], "number");
export const floorDiv: Binary = (a, b) => applyBinary(floorDivOp, [a, b], "number");
export const mod: Binary = (a, b) => applyBinary(modOp, [a, b], "number");
export const maximum: Binary = (a, b) => applyBinary(maximumOp, [a, b], "number");
export const minimum: Binary = (a, b) => applyBinary(minimumOp, [a, b], "number");
export const neg: Unary = (x) => applyUnary(negOp, x, "number");
export const abs: Unary = (x) => applyUnary(absOp, x, "number");
export const sign: Unary = (x) => applyUnary(signOp, x, "number");
export const square: Unary = (x) => applyUnary(squareOp, x, "number");
export const reciprocal: Unary = (x) => applyUnary(reciprocalOp, x, "float");

export const arithmeticOps: readonly Op[] = [
  addOp,
  subOp,
  mulOp,
  divOp,
  floorDivOp,
  modOp,
  maximumOp,
  minimumOp,
  negOp,
  absOp,
  signOp,
  squareOp,
  reciprocalOp,
];

function floorDivInt(a: number, b: number): number {
  return b === 0 ? a : Math.floor(a / b) | 0;
}
