import { ArgumentError } from "../errors.ts";
import { type ConfigKeys, checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";

/** Means so far, by name: `loss`, metrics, and at an epoch's end `val_loss` and so on. */
export type Logs = Readonly<Record<string, number>>;

/** What a hook may give: nothing, or a promise that `fit` waits for. */
export type HookResult = void | Promise<void>;

/**
 * Hooks into training, called in order. `onBatchEnd` gets the figures of each batch, so it makes `fit` wait for the GPU
 * each time; `onYield` gets the same figures a few times a second, without waiting.
 *
 * Counterpart of `tf.CustomCallbackArgs` and `keras.callbacks.Callback`.
 */
export interface Callback {
  /** Called with the model before training; for callbacks that stop it (`model.stopTraining = true`) or read it. */
  setModel?(model: unknown): void;
  onTrainBegin?(logs: Logs): HookResult;
  onTrainEnd?(logs: Logs): HookResult;
  /** `epoch` counts from 0. */
  onEpochBegin?(epoch: number, logs: Logs): HookResult;
  onEpochEnd?(epoch: number, logs: Logs): HookResult;
  /** `batch` counts from 0 in each epoch; `logs` has `batch` and `size`. */
  onBatchBegin?(batch: number, logs: Logs): HookResult;
  /** `logs` are the means over the epoch so far, beside `batch` and `size`. */
  onBatchEnd?(batch: number, logs: Logs): HookResult;
  /** Called when `fit` lets the rest of the program run, with the latest means that are known. */
  onYield?(epoch: number, batch: number, logs: Logs): HookResult;
}

const hooks: ConfigKeys<Callback> = {
  setModel: "function",
  onTrainBegin: "function",
  onTrainEnd: "function",
  onEpochBegin: "function",
  onEpochEnd: "function",
  onBatchBegin: "function",
  onBatchEnd: "function",
  onYield: "function",
};
const hookNames = Object.keys(hooks) as (keyof Callback)[];

/** Callbacks may hold whatever they need; what is named like a hook has to be one. */
function checkCallback(label: string, callback: Callback): void {
  if (typeof callback !== "object" || callback === null) {
    throw new ArgumentError(
      `${label}: received ${describeValue(callback)} among callbacks. Expected objects with hooks: ` +
        "{ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) }.",
    );
  }
  const own = Object.keys(callback).filter((key) => /^on[A-Z_]/.test(key));
  const hooksOf = [...new Set([...own, ...hookNames])] as (keyof Callback)[];
  const named = Object.fromEntries(hooksOf.map((key) => [key, callback[key]]));
  checkKeys(`${label} callbacks`, named, hooks);
}

/** Calls the hooks of several callbacks, one after the other. */
export class CallbackList {
  readonly #callbacks: readonly Callback[];

  /** @throws {ArgumentError} for what is no callback, and for a hook that is no function or that there is not. */
  constructor(
    label: string,
    callbacks: Callback | readonly Callback[] | null | undefined,
    model: unknown,
  ) {
    this.#callbacks = [callbacks ?? []].flat();
    for (const callback of this.#callbacks) checkCallback(label, callback);
    for (const callback of this.#callbacks) callback.setModel?.(model);
  }

  /** Whether any callback has this hook. */
  has(hook: keyof Callback): boolean {
    return this.#callbacks.some((callback) => (callback[hook] ?? null) !== null);
  }

  async trainBegin(): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainBegin?.({});
  }

  async trainEnd(logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainEnd?.(logs);
  }

  async epochBegin(epoch: number): Promise<void> {
    for (const callback of this.#callbacks) await callback.onEpochBegin?.(epoch, {});
  }

  async epochEnd(epoch: number, logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onEpochEnd?.(epoch, logs);
  }

  async batchBegin(batch: number, size: number): Promise<void> {
    for (const callback of this.#callbacks) await callback.onBatchBegin?.(batch, { batch, size });
  }

  async batchEnd(batch: number, logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onBatchEnd?.(batch, logs);
  }

  async yield(epoch: number, batch: number, logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onYield?.(epoch, batch, logs);
  }
}
