import { isFloat } from "../../graph/dtype.ts";
import type { Value } from "../../graph/node.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand, operandPair, unary } from "./operand.ts";

/* Element by element; int32 and bool are cast to float32, except by relu. */

/**
 * Hyperbolic tangent.
 *
 * @example
 * await sl.tanh([0]).array(); // [0]
 */
export function tanh(x: TensorLike): Tensor {
  return unary("tanh", x);
}

/**
 * 1 / (1 + e⁻ˣ)
 *
 * @example
 * await sl.sigmoid([0]).array(); // [0.5]
 */
export function sigmoid(x: TensorLike): Tensor {
  return unary("sigmoid", x);
}

/**
 * log(sigmoid(x)), without overflow.
 *
 * @example
 * await sl.logSigmoid([100]).array(); // [0]
 */
export function logSigmoid(x: TensorLike): Tensor {
  return Tensor.of(ops.neg(ops.softplus(ops.neg(operand(x, "logSigmoid")))));
}

/**
 * log(1 + eˣ), without overflow.
 *
 * @example
 * await sl.softplus([-200, 200]).array(); // [0,200]
 */
export function softplus(x: TensorLike): Tensor {
  return unary("softplus", x);
}

/**
 * max(x, 0). NaN stays NaN; int32 stays int32; the gradient at 0 is 0.
 *
 * @example
 * await sl.relu([-1, 2]).array(); // [0,2]
 */
export function relu(x: TensorLike): Tensor {
  return unary("relu", x);
}

/**
 * x held between 0 and 6.
 *
 * @example
 * await sl.relu6([-1, 2, 7]).array(); // [0,2,6]
 */
export function relu6(x: TensorLike): Tensor {
  const low = ops.maximum(operand(x, "relu6"), ops.literal(0));
  return Tensor.of(ops.minimum(low, ops.literal(6)));
}

/**
 * x where x > 0, alpha·x elsewhere.
 *
 * @param alpha - Slope below 0. Default 0.2, as in TF.js (Keras's layer has 0.3).
 * @example
 * await sl.leakyRelu([-4, 2], 0.25).array(); // [-1,2]
 */
export function leakyRelu(x: TensorLike, alpha = 0.2): Tensor {
  return Tensor.of(leaky(operand(x, "leakyRelu"), operand(alpha, "leakyRelu")));
}

/**
 * x where x > 0, alpha·x elsewhere, with a slope that is learned.
 *
 * @param alpha - Slopes; broadcast with `x`.
 * @throws {ShapeError} when the shapes do not broadcast.
 * @example
 * await sl.prelu([-4, 2], [0.5, 0.5]).array(); // [-2,2]
 */
export function prelu(x: TensorLike, alpha: TensorLike): Tensor {
  return Tensor.of(leaky(...operandPair(x, alpha, "prelu")));
}

/**
 * x where x > 0, eˣ - 1 elsewhere. Clevert et al. 2015, arXiv:1511.07289.
 *
 * @example
 * await sl.elu([-200, 2]).array(); // [-1,2]
 */
export function elu(x: TensorLike): Tensor {
  return Tensor.of(exponentialUnit(operand(x, "elu"), 1));
}

/** Constants of the self-normalising unit. Klambauer et al. 2017, arXiv:1706.02515, equation 14. */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/**
 * Scaled exponential unit: 1.0507·x where x > 0, 1.7581·(eˣ - 1) elsewhere. Klambauer et al. 2017,
 * arXiv:1706.02515.
 *
 * @example
 * await sl.selu([0]).array(); // [0]
 */
export function selu(x: TensorLike): Tensor {
  const unit = exponentialUnit(operand(x, "selu"), SELU_ALPHA);
  return Tensor.of(ops.mul(unit, ops.literal(SELU_SCALE)));
}

/**
 * 1 where x > 0, `alpha` elsewhere; NaN stays NaN. The gradient is 0.
 *
 * @param alpha - Default 0.
 * @example
 * await sl.step([-1, 0, 2]).array(); // [0,0,1]
 */
export function step(x: TensorLike, alpha = 0): Tensor {
  const value = operand(x, "step");
  const slope = ops.where(
    ops.greater(value, ops.literal(0)),
    ops.literal(1),
    operand(alpha, "step"),
  );
  if (!isFloat(value.dtype)) return Tensor.of(slope);
  const like = ops.cast(slope, value.dtype);
  return Tensor.of(ops.where(ops.isNaN(value), ops.stopGradient(value), like));
}

function leaky(x: Value, alpha: Value): Value {
  return ops.where(ops.greater(x, ops.literal(0)), x, ops.mul(x, alpha));
}

/** The exponential sees no positive number, so the branch that is not taken stays finite. */
function exponentialUnit(x: Value, alpha: number): Value {
  const low = ops.expm1(ops.minimum(x, ops.literal(0)));
  const scaled = alpha === 1 ? low : ops.mul(low, ops.literal(alpha));
  return ops.where(ops.greater(x, ops.literal(0)), x, scaled);
}
