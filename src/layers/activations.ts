import type { Value } from "../graph/node.ts";
import { toFloat } from "../ops/common-dtype.ts";
import { ops } from "../ops/index.ts";
import {
  elu,
  exp as exponential,
  leakyRelu,
  logSoftmax,
  relu,
  relu6,
  selu,
  sigmoid,
  softmax,
  softplus,
  Tensor,
  tanh,
} from "../tensor/index.ts";

export {
  elu,
  exponential,
  leakyRelu,
  logSoftmax,
  relu,
  relu6,
  selu,
  sigmoid,
  softmax,
  softplus,
  tanh,
};

/** A function of each element (softmax: of each row), as layers apply it to their result. */
export type ActivationFunction = (x: Tensor) => Tensor;

function activation(formula: (x: Value) => Value): ActivationFunction {
  return (x) => Tensor.of(formula(toFloat(x.value)));
}

/** x */
export const linear: ActivationFunction = (x) => x;

/** x / (1 + |x|) */
export const softsign = activation((x) => ops.div(x, ops.add(ops.literal(1), ops.abs(x))));

/**
 * min(max(x + 3, 0), 6) / 6, as Keras 3 and PyTorch have it (TF.js: 0.2·x + 0.5, held in 0 to 1).
 */
export const hardSigmoid = activation((x) => {
  const raised = ops.relu(ops.add(x, ops.literal(3)));
  return ops.div(ops.minimum(raised, ops.literal(6)), ops.literal(6));
});

/** x · sigmoid(x); its other name is silu (Elfwing et al. 2018, arXiv:1702.03118). */
export const swish = activation((x) => ops.mul(x, ops.sigmoid(x)));

/**
 * x · Φ(x) with the normal distribution Φ, by erf (Hendrycks and Gimpel 2016, arXiv:1606.08415).
 */
export const gelu = activation((x) => {
  const scaled = ops.mul(x, ops.literal(Math.SQRT1_2));
  return ops.mul(ops.mul(x, ops.literal(0.5)), ops.add(ops.literal(1), ops.erf(scaled)));
});

/**
 * 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), which comes within 5e-4 of `gelu`: Keras's and PyTorch's gelu with
 * `approximate`, and what GPT-2 was trained with. TF.js calls it gelu_new.
 */
export const geluNew = activation((x) => {
  const cube = ops.mul(x, ops.mul(ops.square(x), ops.literal(0.044715)));
  const inner = ops.mul(ops.add(x, cube), ops.literal(Math.sqrt(2 / Math.PI)));
  return ops.mul(ops.mul(x, ops.literal(0.5)), ops.add(ops.literal(1), ops.tanh(inner)));
});

/** x · tanh(log(1 + eˣ)) (Misra 2019, arXiv:1908.08681). */
export const mish = activation((x) => ops.mul(x, ops.tanh(ops.softplus(x))));
