import { isFloat } from "../graph/dtype.ts";
import { at } from "./attributes.ts";
import { applyBinary, applyUnary, binaryOp, unaryOp } from "./elementwise.ts";
import type { Op } from "./op.ts";
import type { Binary, Unary } from "./ops.ts";

/**
 * Comparisons of numbers; bool counts as 0 or 1. Whatever is compared with NaN is false, except
 * `!=`.
 */
function comparison(name: string, sign: string, host: (a: number, b: number) => boolean): Op {
  return binaryOp({
    name,
    operands: "number",
    output: "bool",
    write: (a, b) => `(${a} ${sign} ${b})`,
    host: (a, b) => (host(a, b) ? 1 : 0),
    gradient: null,
  });
}

const equalOp = comparison("equal", "==", (a, b) => a === b);
/** By the bits where there may be a NaN: WGSL's `!=` is false for it on some adapters. */
const notEqualOp = binaryOp({
  name: "notEqual",
  operands: "number",
  output: "bool",
  libs: ["finite"],
  write: (a, b, { inputs }) => (isFloat(at(inputs, 0)) ? `differ(${a}, ${b})` : `(${a} != ${b})`),
  host: (a, b) => (a !== b ? 1 : 0),
  gradient: null,
});
const lessOp = comparison("less", "<", (a, b) => a < b);
const lessEqualOp = comparison("lessEqual", "<=", (a, b) => a <= b);
const greaterOp = comparison("greater", ">", (a, b) => a > b);
const greaterEqualOp = comparison("greaterEqual", ">=", (a, b) => a >= b);

/** Tests of the bits: shaders may be compiled as if NaN and Infinity did not exist. */
function bitTest(name: string, sign: string, host: (x: number) => boolean): Op {
  return unaryOp({
    name,
    operands: "float",
    output: "bool",
    write: (x) => `((bitcast<u32>(${x}) & 0x7fffffffu) ${sign} 0x7f800000u)`,
    host: (x) => (host(x) ? 1 : 0),
    gradient: null,
  });
}

const isFiniteOp = bitTest("isFinite", "<", Number.isFinite);
const isNaNOp = bitTest("isNaN", ">", Number.isNaN);
const isInfOp = bitTest("isInf", "==", (x) => Math.abs(x) === Number.POSITIVE_INFINITY);

const logicalNotOp = unaryOp({
  name: "logicalNot",
  operands: "bool",
  write: (x) => `(!${x})`,
  host: (x) => (x ? 0 : 1),
  gradient: null,
});

function logical(name: string, sign: string, host: (a: number, b: number) => number): Op {
  return binaryOp({
    name,
    operands: "bool",
    write: (a, b) => `(${a} ${sign} ${b})`,
    host,
    gradient: null,
  });
}

const logicalAndOp = logical("logicalAnd", "&&", (a, b) => a & b);
const logicalOrOp = logical("logicalOr", "||", (a, b) => a | b);
const logicalXorOp = logical("logicalXor", "!=", (a, b) => a ^ b);

export const equal: Binary = (a, b) => applyBinary(equalOp, [a, b], "number");
export const notEqual: Binary = (a, b) => applyBinary(notEqualOp, [a, b], "number");
export const less: Binary = (a, b) => applyBinary(lessOp, [a, b], "number");
export const lessEqual: Binary = (a, b) => applyBinary(lessEqualOp, [a, b], "number");
export const greater: Binary = (a, b) => applyBinary(greaterOp, [a, b], "number");
export const greaterEqual: Binary = (a, b) => applyBinary(greaterEqualOp, [a, b], "number");
const isFiniteValue: Unary = (x) => applyUnary(isFiniteOp, x, "float");
const isNaNValue: Unary = (x) => applyUnary(isNaNOp, x, "float");
export const isInf: Unary = (x) => applyUnary(isInfOp, x, "float");
export const logicalNot: Unary = (x) => applyUnary(logicalNotOp, x, "bool");
export const logicalAnd: Binary = (a, b) => applyBinary(logicalAndOp, [a, b], "bool");
export const logicalOr: Binary = (a, b) => applyBinary(logicalOrOp, [a, b], "bool");
export const logicalXor: Binary = (a, b) => applyBinary(logicalXorOp, [a, b], "bool");

export { isFiniteValue as isFinite, isNaNValue as isNaN };

export const comparisonOps: readonly Op[] = [
  equalOp,
  notEqualOp,
  lessOp,
  lessEqualOp,
  greaterOp,
  greaterEqualOp,
  isFiniteOp,
  isNaNOp,
  isInfOp,
  logicalNotOp,
  logicalAndOp,
  logicalOrOp,
  logicalXorOp,
];
