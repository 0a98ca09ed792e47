import { ArgumentError, type NumericsError } from "../../errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import type {
  CallbackHooks,
  CallbackModel,
  CallbackState,
  EpochLogs,
  HookResult,
  Logs,
} from "./callback-hooks.ts";
import type { FitParams } from "./fit-params.ts";

/**
 * Base class of callbacks that need the model: derive from it and write the hooks you want.
 *
 * Counterpart of `tf.Callback` and `keras.callbacks.Callback`.
 *
 * @example
 * class StopBelow extends sl.callbacks.Callback {
 *   override onEpochEnd(_epoch: number, logs: sl.EpochLogs) {
 *     if (Number(logs.loss) < 0.01) this.model.stopTraining = true;
 *   }
 * }
 * await net.fit(x, y, { epochs: 100, callbacks: new StopBelow() });
 */
export class Callback implements CallbackHooks {
  #model: CallbackModel | null = null;
  #params: FitParams | null = null;

  /**
   * The model that is (or was last) trained.
   * @throws {ArgumentError} before the first `fit`.
   */
  get model(): CallbackModel {
    if (this.#model !== null) return this.#model;
    throw new ArgumentError(`${this.constructor.name}: there is no model yet. ${ADVICE}`);
  }

  /**
   * What that `fit` was asked for.
   * @throws {ArgumentError} before the first `fit`.
   */
  get params(): FitParams {
    if (this.#params !== null) return this.#params;
    throw new ArgumentError(`${this.constructor.name}: there are no params yet. ${ADVICE}`);
  }

  setModel(model: CallbackModel): void {
    this.#model = model;
  }

  setParams(params: FitParams): void {
    this.#params = params;
  }

  // Declared and not there: what a callback has, `fit` calls, and waits for.
  onTrainBegin?(logs: Logs): HookResult;
  onTrainEnd?(logs: Logs): HookResult;
  onTrainExit?(): HookResult;
  onEpochBegin?(epoch: number, logs: Logs): HookResult;
  onEpochEnd?(epoch: number, logs: EpochLogs): HookResult;
  onBatchBegin?(batch: number, logs: Logs): HookResult;
  onBatchEnd?(batch: number, logs: Logs): HookResult;
  onYield?(epoch: number, batch: number, logs: Logs): HookResult;
  onNumericsError?(error: NumericsError): boolean | Promise<boolean>;
  getState?(): CallbackState;
  setState?(state: CallbackState): void;
  getTensors?(): Readonly<Record<string, Tensor>>;
  setTensors?(tensors: Readonly<Record<string, Tensor>>): void;
}

const ADVICE = "Expected to be called by fit(x, y, { callbacks }).";
