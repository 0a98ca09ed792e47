/** The public names of `metrics`. */
export {
  type BinaryAccuracyOptions,
  binaryAccuracy,
  categoricalAccuracy,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalAccuracy,
} from "./functions.ts";
