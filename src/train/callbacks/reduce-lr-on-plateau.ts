import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { wholeNumber } from "../../names/whole-number.ts";
import { Callback } from "./callback.ts";
import type { CallbackState, EpochLogs } from "./callback-hooks.ts";
import { adjustableOptimizer, LEARNING_RATE } from "./learning-rate.ts";
import { Monitor, type MonitorConfig } from "./monitor.ts";
import { finiteOrNull, numberSetting, stateNumber, verboseSetting } from "./settings.ts";

/** Settings of `reduceLROnPlateau`. */
export interface ReduceLROnPlateauConfig extends MonitorConfig {
  /** What the learning rate is multiplied by, below 1. Default 0.1. */
  readonly factor?: number;
  /** Epochs without an improvement after which the rate is reduced. Default 10. */
  readonly patience?: number;
  /** 1 tells of each reduction. Default 0. */
  readonly verbose?: 0 | 1 | boolean;
  /** By how much a figure has to be better to count as an improvement. Default 1e-4. */
  readonly minDelta?: number;
  /** Epochs after a reduction that do not count. Default 0. */
  readonly cooldown?: number;
  /** The rate is not reduced further. Default 0. */
  readonly minLr?: number;
}

const keys: ConfigKeys<ReduceLROnPlateauConfig> = {
  monitor: "any",
  factor: "any",
  patience: "any",
  verbose: "any",
  mode: "any",
  minDelta: "any",
  cooldown: "any",
  minLr: "any",
};

const LABEL = "callbacks.reduceLROnPlateau";

/** Made by `callbacks.reduceLROnPlateau`. */
export class ReduceLROnPlateau extends Callback {
  /** Epochs in a row without an improvement. */
  wait = 0;
  /** The best figure so far; ±Infinity before the first. */
  best: number;
  readonly #monitor: Monitor;
  readonly #factor: number;
  readonly #patience: number;
  readonly #isVerbose: boolean;
  readonly #cooldown: number;
  readonly #minLr: number;
  /** Epochs that will not count. */
  #cooling = 0;

  /** @internal */
  constructor(config: ReduceLROnPlateauConfig) {
    super();
    checkKeys(LABEL, config, keys);
    this.#monitor = new Monitor(LABEL, config, config.minDelta ?? 1e-4);
    this.#factor = numberSetting(`${LABEL} factor`, config.factor ?? 0.1, { from: 0, below: 1 });
    this.#patience = wholeNumber(config.patience ?? 10, `${LABEL}: patience`, 0);
    this.#isVerbose = verboseSetting(LABEL, config.verbose ?? 0);
    this.#cooldown = wholeNumber(config.cooldown ?? 0, `${LABEL}: cooldown`, 0);
    this.#minLr = numberSetting(`${LABEL} minLr`, config.minLr ?? 0, { from: 0 });
    this.best = this.#monitor.worst;
  }

  override onTrainBegin(): void {
    adjustableOptimizer(LABEL, this.model);
    this.#monitor.reset();
    this.wait = 0;
    this.best = this.#monitor.worst;
    this.#cooling = 0;
  }

  override onEpochEnd(epoch: number, logs: EpochLogs): void {
    logs[LEARNING_RATE] = this.model.optimizer.learningRate;
    const value = this.#monitor.read(logs, this.params);
    if (value === undefined) return;
    if (this.#cooling > 0) {
      this.#cooling--;
      this.wait = 0;
    }
    if (this.#monitor.isBetter(value, this.best)) {
      this.best = value;
      this.wait = 0;
    } else if (this.#cooling === 0) {
      this.wait++;
      if (this.wait >= this.#patience) this.#reduce(epoch);
    }
  }

  override getState(): CallbackState {
    return { wait: this.wait, best: finiteOrNull(this.best), cooling: this.#cooling };
  }

  override setState(state: CallbackState): void {
    this.wait = stateNumber(LABEL, { state, key: "wait" });
    this.best = stateNumber(LABEL, { state, key: "best", absent: this.#monitor.worst });
    this.#cooling = stateNumber(LABEL, { state, key: "cooling" });
  }

  #reduce(epoch: number): void {
    const optimizer = adjustableOptimizer(LABEL, this.model);
    const rate = optimizer.learningRate;
    if (rate <= this.#minLr) return;
    optimizer.learningRate = Math.max(rate * this.#factor, this.#minLr);
    this.#cooling = this.#cooldown;
    this.wait = 0;
    if (this.#isVerbose) {
      console.log(`Epoch ${epoch + 1}: the learning rate is reduced to ${optimizer.learningRate}`);
    }
  }
}

/**
 * Reduces the learning rate when a figure has not become better for some epochs. The rate of each epoch is among its
 * figures, as `learning_rate`.
 *
 * Counterpart of `keras.callbacks.ReduceLROnPlateau`, whose decisions it makes.
 *
 * @example
 * const reduce = sl.callbacks.reduceLROnPlateau({ factor: 0.5, patience: 3, minLr: 1e-5 });
 * await net.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: reduce });
 *
 * @throws {ArgumentError} for an option that there is not, or that is out of bounds; when training begins, for an optimizer
 *   whose learning rate follows a schedule.
 */
export function reduceLROnPlateau(config: ReduceLROnPlateauConfig = {}): ReduceLROnPlateau {
  return new ReduceLROnPlateau(config);
}
