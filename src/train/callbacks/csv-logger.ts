import { ArgumentError, FormatError } from "../../errors.ts";
import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { describeValue } from "../../names/describe.ts";
import { csvCells, csvLine } from "../history/csv-line.ts";
import { Callback } from "./callback.ts";
import type { CallbackState, Logs } from "./callback-hooks.ts";
import { LineTarget, type LogTarget } from "./line-target.ts";

/** Settings of `csvLogger`. */
export interface CSVLoggerConfig {
  /** One character between the cells. Default `","`. */
  readonly separator?: string;
  /** Whether lines are added to those of a file that is there; else it is written anew. Default false. */
  readonly append?: boolean;
}

const keys: ConfigKeys<CSVLoggerConfig> = { separator: "string", append: "boolean" };

const LABEL = "callbacks.csvLogger";

/** Made by `callbacks.csvLogger`. */
export class CSVLogger extends Callback {
  readonly #target: LineTarget;
  readonly #separator: string;
  readonly #append: boolean;
  /** Names of the figures; null before the first epoch. */
  #columns: readonly string[] | null = null;
  /** Whether the columns are those of a process before this one. */
  #goesOn = false;

  /** @internal */
  constructor(target: LogTarget, config: CSVLoggerConfig) {
    super();
    checkKeys(LABEL, config, keys);
    this.#target = new LineTarget(LABEL, target, "\r\n");
    this.#separator = config.separator ?? ",";
    this.#append = config.append ?? false;
    if ([...this.#separator].length !== 1 || /["\r\n]/.test(this.#separator)) {
      throw new ArgumentError(
        `${LABEL}: received separator ${describeValue(this.#separator)}. Expected one character that is neither ` +
          "a quote nor a line end.",
      );
    }
  }

  override onTrainBegin(): void {
    this.#columns = null;
    this.#goesOn = false;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.#goesOn) await this.#target.endLine();
    this.#goesOn = false;
    this.#columns ??= await this.#begin(logs);
    const figures = this.#columns.map((name) => (name === "epoch" ? epoch : logs[name]));
    await this.#target.add(csvLine(figures, this.#separator));
  }

  override onTrainExit(): void {
    this.#target.release();
  }

  override getState(): CallbackState {
    return { columns: this.#columns };
  }

  override setState({ columns }: CallbackState): void {
    if (columns === null) return;
    if (!Array.isArray(columns) || !columns.every((name) => typeof name === "string")) {
      throw new FormatError(
        `${LABEL}: the stored state has ${describeValue(columns)} as columns. Expected names: training goes on ` +
          "with the callbacks that it began with, in the same order.",
      );
    }
    this.#columns = columns;
    this.#goesOn = true;
  }

  /** Columns of the file that is there, or a new header. */
  async #begin(logs: Logs): Promise<readonly string[]> {
    const text = this.#append ? await this.#target.existing() : "";
    if (text === "") {
      const columns = ["epoch", ...this.#namesOf(logs)];
      if (!this.#append) await this.#target.clear();
      await this.#target.add(csvLine(columns, this.#separator));
      return columns;
    }
    await this.#target.endLine();
    const columns = csvCells(text.split(/\r\n|[\r\n]/, 1)[0] ?? "", this.#separator);
    const others = this.#namesOf(logs).filter((name) => !columns.includes(name));
    if (others.length > 0) {
      console.warn(
        `${LABEL}: the file that is there has no column for ${others.join(", ")}, only ${columns.join(", ")}; what ` +
          "has no column is left out.",
      );
    }
    return columns;
  }

  /** Figures of the validation have their columns also where the first epoch has none. */
  #namesOf(logs: Logs): string[] {
    const names = Object.keys(logs);
    const { doValidation, metrics } = this.params;
    if (!doValidation || names.some((name) => name.startsWith("val_"))) return names;
    return [...names, ...metrics.map((name) => `val_${name}`)];
  }
}

/**
 * Writes a line of CSV at each epoch's end: the number of the epoch from 0, and its figures. The columns are those of the
 * first epoch; a figure that is missing later leaves its cell empty.
 *
 * Counterpart of `keras.callbacks.CSVLogger`. RFC 4180.
 *
 * @example
 * const lines: string[] = [];
 * await net.fit(x, y, { epochs: 3, callbacks: sl.callbacks.csvLogger((line) => void lines.push(line)) });
 * console.log(lines[0]); // epoch,loss
 *
 * @param target A path in Node; a function that takes each line, or a stream of text, anywhere.
 * @throws {ArgumentError} for what is no such target, and for an option that there is not.
 */
export function csvLogger(target: LogTarget, config: CSVLoggerConfig = {}): CSVLogger {
  return new CSVLogger(target, config);
}
