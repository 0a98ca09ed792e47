/** The public names of `losses`. */
export {
  binaryCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  cosineSimilarity,
  type FromLogits,
  type HuberOptions,
  huber,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "./functions.ts";
export {
  Reduction,
  type ReductionLike,
  type ReductionName,
  type ReductionOption,
} from "./reduction-names.ts";
export type { LossAlias, LossConfig, LossFunction, LossName, LossSpec } from "./resolve.ts";
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
