import type { Logs } from "./callbacks.ts";

/** What `fit` was asked for. */
export interface HistoryParams {
  readonly epochs: number;
  readonly initialEpoch: number;
  /** Updates an epoch; null for a data set of unknown length. */
  readonly steps: number | null;
  /** Samples that were trained on, and validated on; null for data sets. */
  readonly samples: number | null;
  readonly validationSamples: number | null;
  /** null for data sets, which decide it themselves. */
  readonly batchSize: number | null;
}

/** How training went: the record that `fit` gives. */
export class History {
  /** Numbers of the epochs that were finished, from 0. */
  readonly epoch: number[] = [];
  /** For each name (`loss`, `val_loss`, metrics) a figure an epoch. */
  readonly history: Record<string, number[]> = {};
  readonly params: HistoryParams;

  constructor(params: HistoryParams) {
    this.params = params;
  }

  /** Notes the figures of a finished epoch. */
  add(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      const values = this.history[name] ?? [];
      values.push(value);
      this.history[name] = values;
    }
  }
}
