import type { ConfigKeys } from "../names/check-keys.ts";
import { wholeNumber } from "../names/whole-number.ts";
import type { SampleWeight } from "./batches/data.ts";
import type { Verbose } from "./fit-config.ts";

/** What `evaluate` and `evaluateDataset` take alike. */
interface JudgingConfig {
  /** Batches that are judged. Default: all. */
  readonly steps?: number | null;
  /** Whether the figures come by name, `{ loss, mae }`, instead of as a list. Default false. */
  readonly returnDict?: boolean;
  /** Taken as Keras and TF.js do; nothing is shown. */
  readonly verbose?: Verbose;
}

/** What `evaluate` takes besides the data. */
export interface EvaluateConfig extends JudgingConfig {
  /** Samples a run. Default 32. */
  readonly batchSize?: number;
  /** Factor of each sample's loss [B], or of each step's [B, T]. */
  readonly sampleWeight?: SampleWeight | null;
}

/** What `evaluateDataset` takes besides the data set. */
export interface EvaluateDatasetConfig extends JudgingConfig {
  /** `steps`, as TF.js calls it. */
  readonly batches?: number | null;
}

/** What `predict` takes besides the data. */
export interface PredictConfig {
  /** Samples a run. Default 32. */
  readonly batchSize?: number;
  /** Batches that are run. Default: all. */
  readonly steps?: number | null;
  /** Taken as Keras and TF.js do; nothing is shown, for nothing has run yet when the call returns. */
  readonly verbose?: Verbose;
}

/** @internal */
export const predictKeys: ConfigKeys<PredictConfig> = {
  batchSize: "number",
  steps: "number",
  verbose: "any",
  callbacks: "notYet",
};

/** @internal */
export const evaluateKeys: ConfigKeys<EvaluateConfig> = {
  ...predictKeys,
  sampleWeight: "any",
  returnDict: "boolean",
};

/** @internal */
export const evaluateDatasetKeys: ConfigKeys<EvaluateDatasetConfig> = {
  steps: "number",
  batches: "number",
  returnDict: "boolean",
  verbose: "any",
  callbacks: "notYet",
};

/**
 * How many batches are run: all, or the first of them.
 * @throws {ArgumentError} for what is no number of batches.
 */
export function checkSteps(label: string, steps: number | null | undefined): number {
  if (steps === null || steps === undefined) return Number.POSITIVE_INFINITY;
  return wholeNumber(steps, `${label}: steps`);
}
