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
export type { LossAlias, LossConfig, LossFunction, LossName, LossSpec } from "./resolve.ts";
