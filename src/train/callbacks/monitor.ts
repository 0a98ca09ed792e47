import { ArgumentError } from "../../errors.ts";
import { describeValue } from "../../names/describe.ts";
import { nearestName } from "../../names/resolve.ts";
import type { Logs } from "./callback-hooks.ts";
import type { FitParams } from "./fit-params.ts";
import { numberSetting } from "./settings.ts";

/** Which figures are better: the smaller or the larger ones. `"auto"`: as the name says. */
export type MonitorMode = "auto" | "min" | "max";

/** Settings of callbacks that watch a figure. */
export interface MonitorConfig {
  /** Name of the figure in the logs. Default `"val_loss"`. */
  readonly monitor?: string;
  /**
   * `"auto"` takes larger figures as better where the name speaks of accuracy, AUC, F1, precision, recall or R², else smaller
   * ones. Default `"auto"`.
   */
  readonly mode?: MonitorMode;
}

/** Watches one figure for improvements. */
export class Monitor {
  readonly name: string;
  /** Whether larger figures are better. */
  readonly isMax: boolean;
  readonly #label: string;
  readonly #minDelta: number;
  #isKnown = false;

  /** @param minDelta By how much a figure has to be better to count as an improvement. */
  constructor(label: string, { monitor = "val_loss", mode = "auto" }: MonitorConfig, minDelta = 0) {
    if (typeof monitor !== "string" || monitor === "") {
      throw new ArgumentError(
        `${label}: received ${describeValue(monitor)} as monitor. Expected the name of a figure: "val_loss".`,
      );
    }
    if (mode !== "auto" && mode !== "min" && mode !== "max") {
      throw new ArgumentError(
        `${label}: received mode ${describeValue(mode)}. Expected "auto", "min" or "max".`,
      );
    }
    this.#label = label;
    this.name = monitor;
    this.isMax = mode === "max" || (mode === "auto" && isBetterWhenLarger(monitor));
    this.#minDelta = Math.abs(numberSetting(`${label} minDelta`, minDelta));
  }

  /** What everything is better than. */
  get worst(): number {
    return this.isMax ? -Infinity : Infinity;
  }

  /** Forgets which figures there were. */
  reset(): void {
    this.#isKnown = false;
  }

  /** The figure, or undefined where the logs lack it: then, once, a warning says what there is. */
  read(logs: Logs, params: FitParams | null): number | undefined {
    const value = logs[this.name];
    if (value === undefined) this.#warn(logs, params);
    else this.#isKnown = true;
    return value;
  }

  /** Whether a figure is an improvement. NaN never is. */
  isBetter(value: number, than: number): boolean {
    return this.isMax ? value - this.#minDelta > than : value + this.#minDelta < than;
  }

  #warn(logs: Logs, params: FitParams | null): void {
    if (this.#isKnown || isStillToCome(this.name, logs, params)) return;
    this.#isKnown = true;
    const names = Object.keys(logs);
    const nearest = nearestName(this.name, names);
    const hint = nearest === null ? "" : ` Did you mean "${nearest}"?`;
    const validation = this.name.startsWith("val_")
      ? " Figures of a validation need validationData or validationSplit."
      : "";
    console.warn(
      `${this.#label}: there is no figure "${this.name}" to monitor. Available: ${names.join(", ")}.${hint}${validation}`,
    );
  }
}

/** Where validation runs at some epochs only, its figures are missing at the others. */
function isStillToCome(name: string, logs: Logs, params: FitParams | null): boolean {
  if (params?.doValidation !== true || !name.startsWith("val_")) return false;
  return !Object.keys(logs).some((key) => key.startsWith("val_"));
}

/** `val_binaryAccuracy`, `acc_1`, `decoder_f1Score`: one of the words of the name is that of such a figure. */
function isBetterWhenLarger(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) =>
    /^(acc|accuracy|[a-z]*auc|f1|fbeta|precision|recall|r2)(score)?\d*$/.test(word),
  );
}
