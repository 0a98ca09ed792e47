import { ArgumentError } from "../../errors.ts";
import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { describeValue } from "../../names/describe.ts";
import { wholeNumber } from "../../names/whole-number.ts";
import { Callback } from "./callback.ts";
import type { CallbackModel, CallbackState, Logs } from "./callback-hooks.ts";
import { Monitor, type MonitorConfig } from "./monitor.ts";
import { PathTemplate } from "./path-template.ts";
import { finiteOrNull, numberSetting, stateNumber, verboseSetting } from "./settings.ts";

/** Settings of `modelCheckpoint`. */
export interface ModelCheckpointConfig extends MonitorConfig {
  /**
   * Where to save, as `model.save` takes it. In text, `{epoch}` (from 1) and `{val_loss:.2f}` stand for the numbers of
   * the epoch: `"out/model-{epoch:02d}-{val_loss:.2f}.safetensors"`.
   */
  readonly filepath?: string | object;
  /** The same as `filepath`, for targets that are no paths. */
  readonly target?: string | object;
  /** 1 tells what is saved, and why. Default 0. */
  readonly verbose?: 0 | 1 | boolean;
  /** Whether only an epoch that is better than all before is saved. Default false. */
  readonly saveBestOnly?: boolean;
  /** Whether the weights alone are saved, by `model.saveWeights`. Default false. */
  readonly saveWeightsOnly?: boolean;
  /** `"epoch"`: at each epoch's end; a number: after so many batches, which makes `fit` wait for the GPU at each batch. Default `"epoch"`. */
  readonly saveFreq?: "epoch" | number;
  /** A figure that the first saved epoch has to beat, with `saveBestOnly`. Default none. */
  readonly initialValueThreshold?: number | null;
}

const keys: ConfigKeys<ModelCheckpointConfig> = {
  filepath: "any",
  target: "any",
  monitor: "any",
  verbose: "any",
  saveBestOnly: "boolean",
  saveWeightsOnly: "boolean",
  mode: "any",
  saveFreq: "any",
  initialValueThreshold: "any",
};

const LABEL = "callbacks.modelCheckpoint";

/** Made by `callbacks.modelCheckpoint`. */
export class ModelCheckpoint extends Callback {
  /** The best figure so far; ±Infinity before the first. It lasts over several fits of one model. */
  best: number;
  readonly #monitor: Monitor;
  readonly #target: PathTemplate | object;
  readonly #first: number;
  readonly #isVerbose: boolean;
  readonly #isBestOnly: boolean;
  readonly #isWeightsOnly: boolean;
  /** Batches from one saving to the next; null: an epoch. */
  readonly #everyBatches: number | null;
  #of: CallbackModel | null = null;
  #epoch = 0;
  /** Batches since the last saving. */
  #batches = 0;

  /** @internal */
  constructor(config: ModelCheckpointConfig) {
    super();
    checkKeys(LABEL, config, keys);
    this.#target = targetOf(config);
    this.#monitor = new Monitor(LABEL, config);
    this.#isVerbose = verboseSetting(LABEL, config.verbose ?? 0);
    this.#isBestOnly = config.saveBestOnly ?? false;
    this.#isWeightsOnly = config.saveWeightsOnly ?? false;
    const first = config.initialValueThreshold ?? null;
    this.#first =
      first === null ? this.#monitor.worst : numberSetting(`${LABEL} initialValueThreshold`, first);
    this.best = this.#first;
    const frequency = config.saveFreq ?? "epoch";
    this.#everyBatches =
      frequency === "epoch" ? null : wholeNumber(frequency, `${LABEL}: saveFreq`);
    // Only then: fit waits for the figures of each batch where somebody takes them.
    if (this.#everyBatches !== null) this.onBatchEnd = this.#afterBatch;
  }

  override setModel(model: CallbackModel): void {
    super.setModel(model);
    if (this.#of !== model) this.best = this.#first;
    this.#of = model;
  }

  override onTrainBegin(): void {
    this.#monitor.reset();
    this.#batches = 0;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.#everyBatches === null) await this.#saveWhenDue(logs, { epoch: epoch + 1 });
  }

  override getState(): CallbackState {
    return { best: finiteOrNull(this.best), batches: this.#batches };
  }

  override setState(state: CallbackState): void {
    this.best = stateNumber(LABEL, { state, key: "best", absent: this.#monitor.worst });
    this.#batches = stateNumber(LABEL, { state, key: "batches" });
  }

  async #afterBatch(batch: number, logs: Logs): Promise<void> {
    this.#batches++;
    if (this.#batches < (this.#everyBatches ?? 1)) return;
    this.#batches = 0;
    await this.#saveWhenDue(logs, { epoch: this.#epoch + 1, batch: batch + 1 });
  }

  /** `counts`: epoch and batch, from 1. */
  async #saveWhenDue(logs: Logs, counts: Logs): Promise<void> {
    const when = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
    const tell = (text: string): void => {
      if (this.#isVerbose) console.log(`${capital(when.join(", "))}: ${text}`);
    };
    if (this.#isBestOnly && !this.#isBest(logs, tell)) return;
    const target =
      this.#target instanceof PathTemplate
        ? this.#target.fill({ ...logs, ...counts })
        : this.#target;
    if (this.#isWeightsOnly) await this.model.saveWeights(target);
    else await this.model.save(target);
    tell(`saved ${typeof target === "string" ? target : describeValue(target)}`);
  }

  /** As Keras has it, a figure that is missing (there is a warning) counts as the best. */
  #isBest(logs: Logs, tell: (text: string) => void): boolean {
    const value = this.#monitor.read(logs, this.params);
    if (value === undefined) return true;
    const { name } = this.#monitor;
    if (!this.#monitor.isBetter(value, this.best)) {
      tell(`${name} is ${value}, not better than ${this.best}`);
      return false;
    }
    tell(`${name} is better: ${value} after ${this.best}`);
    this.best = value;
    return true;
  }
}

function targetOf({ filepath, target }: ModelCheckpointConfig): PathTemplate | object {
  const given = [filepath, target].filter((one) => one !== undefined && one !== null);
  const [only] = given;
  if (given.length !== 1 || (typeof only !== "string" && typeof only !== "object") || only === "") {
    const what = given.length > 1 ? "both filepath and target" : describeValue(only);
    throw new ArgumentError(
      `${LABEL}: received ${what}. Expected one place to save to: ` +
        '{ filepath: "out/model-{epoch:02d}.safetensors" }.',
    );
  }
  return typeof only === "string" ? new PathTemplate(LABEL, only) : only;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Saves the model at each epoch's end, or when it is better than ever before.
 *
 * Counterpart of `keras.callbacks.ModelCheckpoint`, whose decisions it makes.
 *
 * @example
 * const checkpoint = sl.callbacks.modelCheckpoint({
 *   filepath: "out/births-{epoch:02d}-{val_loss:.3f}.safetensors",
 *   saveBestOnly: true,
 * });
 * await net.fit(x, y, { epochs: 20, validationSplit: 0.2, callbacks: checkpoint });
 *
 * @throws {ArgumentError} for an option that there is not, or that is out of bounds; when saving, for a figure in the path
 *   that the epoch lacks. What `model.save` throws ends `fit`.
 */
export function modelCheckpoint(config: ModelCheckpointConfig): ModelCheckpoint {
  return new ModelCheckpoint(config);
}
