import { applyUnary, unaryOp } from "./elementwise.ts";
import type { Op } from "./op.ts";
import type { Unary } from "./ops.ts";
import { erf as hostErf } from "./special.ts";

const tanhOp = unaryOp({
  name: "tanh",
  operands: "float",
  libs: ["activations"],
  write: (x) => `tanh_accurate(${x})`,
  host: Math.tanh,
  gradient: (o, { y, dy }) => o.mul(dy, o.sub(o.literal(1), o.square(y))),
  flops: 20,
});

const sigmoidOp = unaryOp({
  name: "sigmoid",
  operands: "float",
  libs: ["activations"],
  write: (x) => `sigmoid(${x})`,
  host: (x) => 1 / (1 + Math.exp(-x)),
  gradient: (o, { y, dy }) => o.mul(dy, o.mul(y, o.sub(o.literal(1), y))),
  flops: 12,
});

/** NaN stays NaN. The gradient at 0 is 0. */
const reluOp = unaryOp({
  name: "relu",
  operands: "number",
  libs: ["finite"],
  write: (x, { output }) => (output === "int32" ? `max(${x}, 0i)` : `max_or_nan(${x}, 0.0f)`),
  host: (x) => Math.max(x, 0),
  gradient: (o, { x, dy }) => o.where(o.greater(x, o.literal(0)), dy, o.literal(0)),
});

/** 2/√π · ∫₀ˣ exp(-t²) dt */
const erfOp = unaryOp({
  name: "erf",
  operands: "float",
  libs: ["activations"],
  write: (x) => `erf(${x})`,
  host: hostErf,
  gradient: (o, { x, dy }) =>
    o.mul(o.mul(dy, o.literal(2 / Math.sqrt(Math.PI))), o.exp(o.neg(o.square(x)))),
  flops: 20,
});

export const tanh: Unary = (x) => applyUnary(tanhOp, x, "float");
export const sigmoid: Unary = (x) => applyUnary(sigmoidOp, x, "float");
export const relu: Unary = (x) => applyUnary(reluOp, x, "number");
export const erf: Unary = (x) => applyUnary(erfOp, x, "float");

export const activationOps: readonly Op[] = [tanhOp, sigmoidOp, reluOp, erfOp];
