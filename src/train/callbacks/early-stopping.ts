import { FormatError } from "../../errors.ts";
import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { wholeNumber } from "../../names/whole-number.ts";
import type { Tensor } from "../../tensor/index.ts";
import { Callback } from "./callback.ts";
import type { CallbackState, Logs } from "./callback-hooks.ts";
import { Monitor, type MonitorConfig } from "./monitor.ts";
import { finiteOrNull, numberSetting, stateNumber, verboseSetting } from "./settings.ts";

/** Settings of `earlyStopping`. */
export interface EarlyStoppingConfig extends MonitorConfig {
  /** By how much a figure has to be better to count as an improvement. Default 0. */
  readonly minDelta?: number;
  /** Epochs without an improvement after which training stops. Default 0. */
  readonly patience?: number;
  /** 1 tells when training stops, and which weights come back. Default 0. */
  readonly verbose?: 0 | 1 | boolean;
  /** A figure that has to be reached: an epoch that is worse counts as one without an improvement. Default none. */
  readonly baseline?: number | null;
  /** Whether the weights of the best epoch come back at the end, also when training came to its end. Default false. */
  readonly restoreBestWeights?: boolean;
  /** The epoch that is watched first, from 0. Default 0. */
  readonly startFromEpoch?: number;
}

const keys: ConfigKeys<EarlyStoppingConfig> = {
  monitor: "any",
  mode: "any",
  minDelta: "any",
  patience: "any",
  verbose: "any",
  baseline: "any",
  restoreBestWeights: "boolean",
  startFromEpoch: "any",
};

const LABEL = "callbacks.earlyStopping";

/** Made by `callbacks.earlyStopping`. */
export class EarlyStopping extends Callback {
  /** Epochs in a row without an improvement. */
  wait = 0;
  /** The best figure so far; ±Infinity before the first. */
  best: number;
  /** The epoch of the best figure, from 0. */
  bestEpoch = 0;
  /** The epoch at whose end training was stopped, from 0; 0 when it was not. */
  stoppedEpoch = 0;
  readonly #monitor: Monitor;
  readonly #patience: number;
  readonly #isVerbose: boolean;
  readonly #baseline: number | null;
  readonly #restoresBest: boolean;
  readonly #startFromEpoch: number;
  #bestWeights: readonly Tensor[] | null = null;

  /** @internal */
  constructor(config: EarlyStoppingConfig) {
    super();
    checkKeys(LABEL, config, keys);
    this.#monitor = new Monitor(LABEL, config, config.minDelta ?? 0);
    this.#patience = wholeNumber(config.patience ?? 0, `${LABEL}: patience`, 0);
    this.#isVerbose = verboseSetting(LABEL, config.verbose ?? 0);
    const baseline = config.baseline ?? null;
    this.#baseline = baseline === null ? null : numberSetting(`${LABEL} baseline`, baseline);
    this.#restoresBest = config.restoreBestWeights ?? false;
    this.#startFromEpoch = wholeNumber(config.startFromEpoch ?? 0, `${LABEL}: startFromEpoch`, 0);
    this.best = this.#monitor.worst;
  }

  override onTrainBegin(): void {
    this.#monitor.reset();
    this.wait = 0;
    this.best = this.#monitor.worst;
    this.bestEpoch = 0;
    this.stoppedEpoch = 0;
    this.#freeBest();
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const value = this.#monitor.read(logs, this.params);
    if (value === undefined || epoch < this.#startFromEpoch) return;
    const isBest = this.#monitor.isBetter(value, this.best);
    // Even when no epoch is ever better (NaN), the first one that was watched comes back.
    if (isBest || (this.#restoresBest && this.#bestWeights === null)) this.#keepBest(epoch);
    this.wait++;
    if (isBest) {
      this.best = value;
      if (this.#baseline === null || this.#monitor.isBetter(value, this.#baseline)) this.wait = 0;
      return;
    }
    // The very first epoch stops nothing: there was nothing that it could have been better than.
    if (this.wait < this.#patience || epoch === 0) return;
    this.stoppedEpoch = epoch;
    this.model.stopTraining = true;
  }

  override onTrainEnd(): void {
    if (this.#isVerbose && this.stoppedEpoch > 0) {
      console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    }
    if (this.#bestWeights === null) return;
    if (this.#isVerbose) console.log(`The weights of epoch ${this.bestEpoch + 1} come back`);
    this.model.setWeights(this.#bestWeights);
    this.#freeBest();
  }

  override onTrainExit(): void {
    this.#freeBest();
  }

  override getState(): CallbackState {
    const { wait, best, bestEpoch } = this;
    return { wait, best: finiteOrNull(best), bestEpoch };
  }

  override setState(state: CallbackState): void {
    const { worst } = this.#monitor;
    this.wait = stateNumber(LABEL, { state, key: "wait" });
    this.best = stateNumber(LABEL, { state, key: "best", absent: worst });
    this.bestEpoch = stateNumber(LABEL, { state, key: "bestEpoch" });
    if (!this.#restoresBest || this.#bestWeights !== null || this.best === worst) return;
    throw new FormatError(
      `${LABEL}: the stored state lacks the weights of the best epoch. Expected one of a training that had ` +
        "restoreBestWeights, too.",
    );
  }

  /** The weights of the best epoch so far, where they will come back. */
  override getTensors(): Record<string, Tensor> {
    return Object.fromEntries((this.#bestWeights ?? []).map((tensor, i) => [String(i), tensor]));
  }

  override setTensors(tensors: Readonly<Record<string, Tensor>>): void {
    const count = Object.keys(tensors).length;
    const list = Array.from({ length: count }, (_, i) => tensors[String(i)]);
    this.#freeBest();
    if (count > 0) this.#bestWeights = list.flatMap((tensor) => tensor ?? []);
  }

  #keepBest(epoch: number): void {
    this.bestEpoch = epoch;
    if (!this.#restoresBest) return;
    this.#freeBest();
    this.#bestWeights = this.model.getWeights();
  }

  #freeBest(): void {
    for (const tensor of this.#bestWeights ?? []) tensor.dispose();
    this.#bestWeights = null;
  }
}

/**
 * Stops training when a figure has not become better for some epochs. The copies of the best weights lie on the GPU and
 * are freed when training ends.
 *
 * Counterpart of `keras.callbacks.EarlyStopping`, whose decisions it makes; also in what that of TF.js cannot do.
 *
 * @example
 * const stopping = sl.callbacks.earlyStopping({ patience: 5, restoreBestWeights: true });
 * await net.fit(x, y, { epochs: 200, validationSplit: 0.2, callbacks: stopping });
 * console.log(stopping.bestEpoch, stopping.best);
 *
 * @throws {ArgumentError} for an option that there is not, or that is out of bounds.
 */
export function earlyStopping(config: EarlyStoppingConfig = {}): EarlyStopping {
  return new EarlyStopping(config);
}
