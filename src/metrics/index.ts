/** The public names of `metrics`. */
export {
  binaryAccuracy,
  binaryCrossentropy,
  categoricalAccuracy,
  categoricalCrossentropy,
  cosineProximity,
  cosineSimilarity,
  meanAbsoluteError,
  meanAbsoluteError as mae,
  meanAbsoluteError as MAE,
  meanAbsolutePercentageError,
  meanAbsolutePercentageError as mape,
  meanAbsolutePercentageError as MAPE,
  meanSquaredError,
  meanSquaredError as mse,
  meanSquaredError as MSE,
  meanSquaredLogarithmicError,
  meanSquaredLogarithmicError as msle,
  meanSquaredLogarithmicError as MSLE,
  sparseCategoricalAccuracy,
  sparseCategoricalCrossentropy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from "./functions.ts";
export { auc, f1Score, perplexity, precision, r2Score, recall } from "./judgement-functions.ts";
export { Metric } from "./metric.ts";
export type {
  AUCOptions,
  BinaryAccuracyOptions,
  CrossentropyMetricOptions,
  F1ScoreOptions,
  MetricAlias,
  MetricConfig,
  MetricName,
  PerplexityOptions,
  PrecisionOptions,
  R2ScoreOptions,
  TopKOptions,
} from "./names.ts";
export type { MetricFunction, MetricSpec } from "./resolve.ts";
