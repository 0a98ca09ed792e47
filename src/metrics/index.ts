/** The public names of `metrics`. */
export {
  type BinaryAccuracyOptions,
  binaryAccuracy,
  binaryCrossentropy,
  type CrossentropyMetricOptions,
  categoricalAccuracy,
  categoricalCrossentropy,
  meanAbsoluteError,
  meanAbsoluteError as mae,
  meanAbsoluteError as MAE,
  meanSquaredError,
  meanSquaredError as mse,
  meanSquaredError as MSE,
  sparseCategoricalAccuracy,
  sparseCategoricalCrossentropy,
} from "./functions.ts";
export type { MetricAlias, MetricFunction, MetricName, MetricSpec } from "./resolve.ts";
