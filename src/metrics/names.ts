import type { LossConfig, LossName } from "../losses/names.ts";
import type { Spelled } from "../names/resolve.ts";

/** Metrics that are no losses. `accuracy` is the accuracy that the shapes ask for. */
export type OwnMetricName =
  | "accuracy"
  | "binaryAccuracy"
  | "categoricalAccuracy"
  | "sparseCategoricalAccuracy"
  | "topKCategoricalAccuracy"
  | "sparseTopKCategoricalAccuracy"
  | "precision"
  | "recall"
  | "f1Score"
  | "auc"
  | "r2Score"
  | "perplexity"
  | "rootMeanSquaredError"
  | "cosineSimilarity"
  | "cosineProximity";

/** Metrics by their full name; every loss is a metric, too. */
export type MetricName = OwnMetricName | LossName;

/** Short names that Keras and TF.js take too. */
export type MetricAlias =
  | "acc"
  | "mae"
  | "mse"
  | "rmse"
  | "mape"
  | "msle"
  | "bce"
  | "cce"
  | "kld"
  | "cosine"
  | "AUC";

/** Settings of `binaryAccuracy`. */
export interface BinaryAccuracyOptions {
  /** Predictions above it count as yes. Default 0.5; in `compile` 0 beside a binary crossentropy of logits. */
  readonly threshold?: number;
}

/** Settings of the top-k accuracies. */
export interface TopKOptions {
  /** How many of the largest predictions are looked at. Default 5. */
  readonly k?: number;
}

/** Settings of the crossentropies. */
export interface CrossentropyMetricOptions {
  /** Whether predictions are raw scores instead of probabilities. Default false; in `compile` what the loss says. */
  readonly fromLogits?: boolean;
}

/** Settings of `precision` and `recall`. */
export interface PrecisionOptions {
  /**
   * Predictions above it count as yes. Default none where `topK` is given, else 0.5; in `compile` 0 beside a binary
   * crossentropy of logits. One number; Keras's name.
   */
  readonly thresholds?: number | null;
  /** Only the k largest predictions of a row count as yes. Default: any. */
  readonly topK?: number | null;
  /** Only this class is looked at. Default: all. */
  readonly classId?: number | null;
}

/** Settings of `f1Score`. */
export interface F1ScoreOptions {
  /**
   * How the scores of the classes become one: their mean (`macro`), weighted by how often they are (`weighted`), or one
   * score of all elements together (`micro`). Default `"macro"`; Keras's is to give all of them, which is no number.
   */
  readonly average?: "micro" | "macro" | "weighted";
  /**
   * Predictions above it count as yes. Default: the largest of each row; where a row has one element, above 0.5, or in
   * `compile`, beside a binary crossentropy of logits, above 0.
   */
  readonly threshold?: number | null;
}

/** Settings of `auc`. */
export interface AUCOptions {
  /** True over false positive rate, or precision over recall. Default `"ROC"`. */
  readonly curve?: "ROC" | "PR";
  /** How many points of the curve are known. Default 200. */
  readonly numThresholds?: number;
  /** The curve between two points: straight, or (lower and upper bound) the lower or the higher. */
  readonly summationMethod?: "interpolation" | "minoring" | "majoring";
  /** Whether predictions are raw scores instead of probabilities. Default false; in `compile` what the loss says. */
  readonly fromLogits?: boolean;
}

/** Settings of `r2Score`. */
export interface R2ScoreOptions {
  /** How the scores of several columns become one. Default `"uniformAverage"`. */
  readonly classAggregation?: "uniformAverage" | "varianceWeightedAverage";
}

/** Settings of `sparseCategoricalAccuracy`. */
export interface SparseAccuracyOptions {
  /** A label that does not count, as padding does. Default: there is none. */
  readonly ignoreClass?: number | null;
  /** PyTorch's word for `ignoreClass`. */
  readonly ignoreIndex?: number | null;
}

/** Settings of `perplexity`. */
export interface PerplexityOptions extends CrossentropyMetricOptions {
  /** A label that does not count. Default: there is none. */
  readonly maskTokenId?: number | null;
}

interface SettingsByMetric {
  readonly binaryAccuracy: BinaryAccuracyOptions;
  readonly sparseCategoricalAccuracy: SparseAccuracyOptions;
  readonly topKCategoricalAccuracy: TopKOptions;
  readonly sparseTopKCategoricalAccuracy: TopKOptions;
  readonly precision: PrecisionOptions;
  readonly recall: PrecisionOptions;
  readonly f1Score: F1ScoreOptions;
  readonly auc: AUCOptions;
  readonly r2Score: R2ScoreOptions;
  readonly perplexity: PerplexityOptions;
}

/** A metric by name, as Keras and TF.js spell it. */
export type MetricSpelling = Spelled<MetricName> | MetricAlias;

/** A metric with settings. `name` is the key in logs and history; default: the kind. */
export type MetricConfig = { readonly name?: string } & (
  | { readonly kind: MetricSpelling }
  | {
      [Name in keyof SettingsByMetric]: { readonly kind: Spelled<Name> } & SettingsByMetric[Name];
    }[keyof SettingsByMetric]
  | LossConfig
);
