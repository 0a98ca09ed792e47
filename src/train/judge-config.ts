import type { ConfigKeys } from "../names/check-keys.ts";
import type { TensorLike } from "../tensor/index.ts";
import type { Verbose } from "./fit-config.ts";

/** What `evaluate` takes besides the data. */
export interface EvaluateConfig {
  /** Samples a run. Default 32. */
  readonly batchSize?: number;
  /** Factor of each sample's loss [B], or of each step's [B, T]. */
  readonly sampleWeight?: TensorLike | null;
  /** Taken as Keras and TF.js do; nothing is shown, for nothing has run yet when the call returns. */
  readonly verbose?: Verbose;
}

/** What `predict` takes besides the data. */
export interface PredictConfig {
  /** Samples a run. Default 32. */
  readonly batchSize?: number;
  /** As in `EvaluateConfig`. */
  readonly verbose?: Verbose;
}

/** @internal */
export const predictKeys: ConfigKeys<PredictConfig> = {
  batchSize: "number",
  verbose: "any",
  steps: "notYet",
  callbacks: "notYet",
};
/** @internal */
export const evaluateKeys: ConfigKeys<EvaluateConfig> = {
  ...predictKeys,
  sampleWeight: "any",
  returnDict: "notYet",
};
