/** The public names of `losses`. */
export {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  sparseCategoricalCrossentropy,
} from "./crossentropy-functions.ts";
export { type CtcOptions, ctc } from "./ctc-function.ts";
export {
  klDivergence,
  klDivergence as kld,
  klDivergence as kullbackLeiblerDivergence,
  poisson,
} from "./divergence-functions.ts";
export { categoricalHinge, hinge, squaredHinge } from "./hinge-functions.ts";
export { Loss } from "./loss.ts";
export type {
  BinaryFocalCrossentropyOptions,
  CrossentropyOptions,
  CtcSettings,
  FocalCrossentropyOptions,
  FromLogits,
  HuberOptions,
  LossAlias,
  LossConfig,
  LossName,
  SparseCrossentropyOptions,
} from "./names.ts";
export {
  Reduction,
  type ReductionLike,
  type ReductionName,
  type ReductionOption,
} from "./reduction-names.ts";
export {
  cosineSimilarity,
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from "./regression-functions.ts";
export type { LossFunction, LossSpec } from "./resolve.ts";
export {
  absoluteDifference,
  cosineDistance,
  hingeLoss,
  huberLoss,
  logLoss,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from "./tfjs-functions.ts";
export { computeWeightedLoss } from "./weighted-loss.ts";
