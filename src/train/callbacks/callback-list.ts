import type { NumericsError } from "../../errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import type {
  CallbackHooks,
  CallbackModel,
  CallbackState,
  EpochLogs,
  Logs,
} from "./callback-hooks.ts";
import { checkCallback } from "./check-callback.ts";
import type { FitParams } from "./fit-params.ts";

/** What one callback of a list has to remember. */
export interface SavedCallback {
  readonly state: CallbackState | null;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Calls the hooks of several callbacks, one after the other. */
export class CallbackList {
  readonly #callbacks: readonly CallbackHooks[];

  /** @throws {ArgumentError} for what is no callback, and for a hook that is no function or that there is not. */
  constructor(
    label: string,
    callbacks: CallbackHooks | readonly CallbackHooks[] | null | undefined,
    model: CallbackModel,
  ) {
    this.#callbacks = [callbacks ?? []].flat();
    for (const callback of this.#callbacks) checkCallback(label, callback);
    for (const callback of this.#callbacks) callback.setModel?.(model);
  }

  /** Whether any callback has this hook. */
  has(hook: keyof CallbackHooks): boolean {
    return this.#callbacks.some((callback) => (callback[hook] ?? null) !== null);
  }

  /** To be called before `trainBegin`, once it is known what training will be like. */
  setParams(params: FitParams): void {
    for (const callback of this.#callbacks) callback.setParams?.(params);
  }

  async trainBegin(): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainBegin?.({});
  }

  async trainEnd(logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainEnd?.(logs);
  }

  /** To be called last, in any case; where several callbacks fail, the first error is thrown when all were called. */
  async trainExit(): Promise<void> {
    const failures: unknown[] = [];
    for (const callback of this.#callbacks) {
      try {
        await callback.onTrainExit?.();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async epochBegin(epoch: number): Promise<void> {
    for (const callback of this.#callbacks) await callback.onEpochBegin?.(epoch, {});
  }

  /** Gives the figures of the epoch with those that callbacks have added: what belongs into the history. */
  async epochEnd(epoch: number, logs: Logs): Promise<Logs> {
    const shared: EpochLogs = { ...logs };
    for (const callback of this.#callbacks) await callback.onEpochEnd?.(epoch, shared);
    return shared;
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

  /** Whether some callback wants training to end without this error. All are told of it. */
  async numericsError(error: NumericsError): Promise<boolean> {
    let isHandled = false;
    for (const callback of this.#callbacks) {
      if ((await callback.onNumericsError?.(error)) === true) isHandled = true;
    }
    return isHandled;
  }

  /** What each callback has to remember, in the order of the list. */
  save(): SavedCallback[] {
    return this.#callbacks.map((callback) => ({
      state: callback.getState?.() ?? null,
      tensors: callback.getTensors?.() ?? {},
    }));
  }

  /**
   * Gives callbacks what they had to remember; to be called after `trainBegin`. The tensors are theirs from then on. A
   * callback that was not there when `save` was called begins anew.
   */
  restore(saved: readonly SavedCallback[]): void {
    this.#callbacks.forEach((callback, i) => {
      const { state = null, tensors = {} } = saved[i] ?? {};
      callback.setTensors?.(tensors);
      if (state !== null) callback.setState?.(state);
    });
  }
}
