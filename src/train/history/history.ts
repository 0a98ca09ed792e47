import type { Logs } from "../callbacks/callback-hooks.ts";
import type { HistoryParams } from "../callbacks/fit-params.ts";
import type { EpochRow } from "../saving/fit-record.ts";
import { csvLine } from "./csv-line.ts";
import { type HistorySVGOptions, historySVG } from "./history-svg.ts";

const OWN = { enumerable: true, configurable: true, writable: true } as const;

/** How training went: the record that `fit` gives. */
export class History {
  /** Numbers of the epochs that were finished, from 0. */
  readonly epoch: number[] = [];
  /** For each name (`loss`, `val_loss`, metrics) the figures of the epochs that have it. */
  readonly history: Record<string, number[]> = {};
  readonly params: HistoryParams;
  /** The figures of each epoch: which epoch a figure belongs to cannot be told from the lists where some are missing. */
  readonly #rows: Logs[] = [];

  constructor(params: HistoryParams) {
    this.params = params;
  }

  /** Notes the figures of a finished epoch. */
  add(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    this.#rows.push({ ...logs });
    for (const [name, value] of Object.entries(logs)) {
      if (!Object.hasOwn(this.history, name)) {
        // Not by assignment: a name may be one of the prototype.
        Object.defineProperty(this.history, name, { ...OWN, value: [] });
      }
      this.history[name]?.push(value);
    }
  }

  /** @internal The figures of each epoch, for a record that goes on elsewhere. */
  get rows(): readonly EpochRow[] {
    return this.#rows.map((logs, i) => ({ epoch: this.epoch[i] ?? 0, logs }));
  }

  /**
   * The record as CSV (RFC 4180): a header, then a line an epoch, its number from 0 first. A figure that an epoch lacks is an
   * empty cell. Numbers are written so that reading them gives the same bits.
   *
   * @example
   * const history = await net.fit(x, y, { epochs: 3 });
   * console.log(history.toCSV());
   */
  toCSV(): string {
    const names = Object.keys(this.history);
    const lines = this.#rows.map((row, i) => [this.epoch[i], ...names.map((name) => row[name])]);
    return [["epoch", ...names], ...lines].map((cells) => `${csvLine(cells)}\r\n`).join("");
  }

  /**
   * The record as curves, an SVG of its own for a page or a file: a panel for each metric, with training (solid, round marks)
   * and validation (dashed, square marks). Epochs count from 1 there. It follows the reader's choice of light or dark.
   *
   * @example
   * const history = await net.fit(x, y, { epochs: 30, validationSplit: 0.2 });
   * const svg = history.toSVG({ title: "Births", logScale: ["loss"] });
   * document.body.insertAdjacentHTML("beforeend", svg);
   *
   * @throws {ArgumentError} for a metric that there is not, and for a size that nothing fits into.
   */
  toSVG(options: HistorySVGOptions = {}): string {
    return historySVG({ epochs: this.epoch, rows: this.#rows }, options);
  }
}
