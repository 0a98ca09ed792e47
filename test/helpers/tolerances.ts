import type { Tolerance } from "./compare.ts";

/**
 * The one table of tolerances, keyed by what is computed. Values are for float32 against an
 * expected value of float64 accuracy, unless the name says otherwise. No test carries a literal.
 *
 * Units: eps = 2^-24 = 6.0e-8 (half a unit in the last place at 1), 1 ULP = 2^-23 = 1.2e-7.
 * "measured" figures are the deviation of float32 PyTorch 1.13 on a CPU from float64, over the
 * cases in test/golden; a GPU adds WGSL's licence for exp, log and division to them.
 */
export const tolerances = {
  /** Copies, gathers, integers, comparisons, masks, shapes. */
  exact: { rtol: 0, atol: 0, reason: "no arithmetic: every bit is kept" },

  /** add, sub, mul, div, sqrt, and short chains of them. */
  arithmetic: {
    rtol: 2e-6,
    atol: 1e-7,
    reason: "WGSL: division 2.5 ULP, sqrt by inverseSqrt 2 ULP; fused chains round a few times",
  },

  /** exp, log, pow, sigmoid, tanh, erf, gelu, softplus, elu, ... over their whole range. */
  transcendental: {
    rtol: 2.5e-5,
    atol: 5e-7,
    reason: "WGSL: exp 3 + 2|x| ULP (2.1e-5 at 88), log 2^-21 absolute between 0.5 and 2",
  },

  /** Normal numbers from equal bits on host and GPU. */
  random: {
    rtol: 2e-6,
    atol: 1e-6,
    reason: "no function of WGSL below 1/2; measured 6.8e-7 over 300,000 draws on two adapters",
  },

  /** sin and cos of large arguments. */
  trigonometry: {
    rtol: 0,
    atol: 1e-6,
    reason: "reduction in three exact steps, then polynomials within 2e-7",
  },

  /** tanh, erf, expm1-like functions for |x| below 1e-2, where absolute error hides mistakes. */
  nearZero: {
    rtol: 2e-6,
    atol: 1e-12,
    reason: "the rational tanh is within 3.3e-7; (1-e)/(1+e) would be off by 3.5e-2 at 1e-6",
  },

  /** sum, mean, cumsum, logSumExp, norms over up to a few thousand terms. */
  reduction: {
    rtol: 1e-5,
    atol: 1e-6,
    reason: "tree sums: log2(K) roundings, at most 12 eps for 4096 terms of one sign",
  },

  /** sum, mean and norms of millions of terms of one sign. */
  longSum: {
    rtol: 2e-6,
    atol: 0,
    reason: "runs of 16, added up in runs and in pairs: at most 34 eps, of both signs",
  },

  /** softmax; measured 7e-8. */
  softmax: { rtol: 1e-5, atol: 1e-7, reason: "exp of non-positive arguments, then one division" },

  /** logSoftmax, and losses that contain it. */
  logSoftmax: { rtol: 1e-5, atol: 1e-6, reason: "log near 1 is 2^-21 absolute in WGSL" },

  /** layerNorm, rmsNorm; measured 1.2e-7, and 3.8e-6 where the mean is 140 deviations. */
  normalization: {
    relativeToMax: 5e-5,
    reason: "x - mean keeps the rounding of x, which division by the deviation enlarges",
  },

  /** matMul and dense up to K = 1024; measured 8e-8 at K = 3. Longer sums: matMulTolerance. */
  matMul: { relativeToMax: 1e-5, reason: "sqrt(K) eps = 1.9e-6 at K = 1024 for mixed signs, x 5" },

  /** Scaled dot product attention. */
  attention: { relativeToMax: 2e-5, reason: "two products and a rescaled running sum of exp" },

  /** Outputs and states of recurrent layers, T up to 25; measured 7e-7 of the maximum. */
  recurrent: {
    rtol: 1e-5,
    atol: 1e-5,
    reason: "the bound that fused kernels elsewhere hold; gates saturate, so errors do not grow",
  },

  /** The same for T of 100 and more. */
  recurrentLong: { rtol: 1e-4, atol: 1e-4, reason: "rounding accumulates over the steps" },

  /** Gradients of recurrent layers; measured 6e-7. */
  recurrentGradient: {
    relativeToMax: 5e-5,
    reason: "the bound PyTorch holds cuDNN to; sums over T*B terms of both signs",
  },

  /** Gradients of single ops; measured at most 8e-6 (layerNorm far from zero). */
  gradient: { relativeToMax: 5e-5, reason: "a few products and sums of both signs" },

  /** Loss values and their gradients with respect to the predictions. */
  loss: { rtol: 1e-5, atol: 1e-6, reason: "log near 1 is 2^-21 absolute, then a mean" },

  /** Parameters after 25 optimizer steps. */
  optimizer: {
    rtol: 2e-6,
    atol: 1e-6,
    reason: "one rounding a step; sqrt and division are a few ULP of a step of 1e-2",
  },

  /** Parameters after 25 steps of rules that add up means in operations. */
  longOptimizer: {
    rtol: 1e-5,
    atol: 5e-6,
    reason: "means over rows and columns, and pow and division on the GPU, in steps of 0.05 to 0.6",
  },

  /** Loss over a training run of 25 steps; measured 3e-7. */
  trainingLoss: {
    rtol: 2e-5,
    atol: 0,
    reason: "must stay below 1e-4, the distance between Keras's and PyTorch's Adam",
  },

  /** Weights after such a run; measured 6e-6. */
  trainingWeights: {
    relativeToMax: 1e-4,
    reason: "Adam divides by sqrt(v): where a gradient is near zero its rounding is scaled up",
  },

  /** Two kernels or plans for the same op, both in float32. */
  samePrecision: { rtol: 2e-5, atol: 2e-6, reason: "another order of sums; both sides round" },

  /** Whatever is stored as float16, computed in float32; beside it 2^-14, below which halves lose bits. */
  half: { relativeToMax: 2e-3, reason: "a half has 11 bits, 4.9e-4; a few are stored on the way" },

  /** float64 code against numbers stored with nine digits. */
  float64: { rtol: 1e-8, atol: 1e-12, reason: "nine significant digits are within 5e-9" },

  /** Analytic against finite-difference gradients, both in float64. */
  finiteDifference: {
    rtol: 1e-3,
    atol: 1e-5,
    reason: "PyTorch's gradcheck with step 1e-6: truncation plus cancellation",
  },

  /** One random direction, by float32 differences on the GPU. */
  randomDirection: { rtol: 2e-3, atol: 2e-3, reason: "JAX's check_grads in float32, step 1e-4" },

  /** The same through a recurrent layer. */
  randomDirectionRecurrent: {
    rtol: 5e-3,
    atol: 5e-3,
    reason: "JAX's bound for its RNN gradients in float32",
  },
} as const satisfies Record<string, Tolerance & { readonly reason: string }>;

/** Names of the rows. */
export type ToleranceName = keyof typeof tolerances;

/**
 * For a product or sum over `depth` terms of mixed sign: the rounding of such a sum grows with
 * sqrt(depth) * 2^-24; five times that, and at least the row `matMul`.
 */
export function matMulTolerance(depth: number): Tolerance {
  const grown = 5 * Math.sqrt(depth) * 2 ** -24;
  return { relativeToMax: Math.max(tolerances.matMul.relativeToMax, grown) };
}
