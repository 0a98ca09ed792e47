import type { Logs } from "./callbacks/callback-hooks.ts";
import type { HistoryParams } from "./callbacks/fit-params.ts";

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
