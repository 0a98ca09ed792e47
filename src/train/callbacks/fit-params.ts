/** What `fit` was asked for, as its record keeps it. What a data source does not tell is null. */
export interface HistoryParams {
  readonly epochs: number;
  readonly initialEpoch: number;
  /** Updates an epoch. */
  readonly steps: number | null;
  /** Samples that are trained on, and validated on. */
  readonly samples: number | null;
  readonly validationSamples: number | null;
  readonly batchSize: number | null;
}

/** What callbacks learn of the `fit` that they are part of: `this.params` in those derived from `Callback`. */
export interface FitParams extends HistoryParams {
  /** 0: silent, 1: a progress bar, 2: a line an epoch. */
  readonly verbose: 0 | 1 | 2;
  /** Whether there is a validation at the ends of (some) epochs. */
  readonly doValidation: boolean;
  /** Names of the figures without `val_`: `["loss", "mae"]`. */
  readonly metrics: readonly string[];
}
