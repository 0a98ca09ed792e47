/** The public names of `metrics`. */
export {
  type BinaryAccuracyOptions,
  binaryAccuracy,
  categoricalAccuracy,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalAccuracy,
} from "./functions.ts";
export type { MetricAlias, MetricFunction, MetricName, MetricSpec } from "./resolve.ts";
