import type { NumericsError } from "../../errors.ts";
import type { Optimizer } from "../../optimizers/optimizer.ts";
import type { Tensor, TensorLike, Variable } from "../../tensor/index.ts";
import type { FitParams } from "./fit-params.ts";

/** Means so far, by name: `loss`, metrics, and at an epoch's end `val_loss` and so on. */
export type Logs = Readonly<Record<string, number>>;

/** The figures of an epoch. What a callback adds to them reaches the callbacks after it, and the history. */
export type EpochLogs = Record<string, number>;

/** What a hook may give: nothing, or a promise that `fit` waits for. */
export type HookResult = void | Promise<void>;

/** Data as a model takes it: for several inputs or outputs a list, or an object by name. */
type CallbackData = TensorLike | readonly TensorLike[] | Readonly<Record<string, TensorLike>>;

/** The model as callbacks see it. */
export interface CallbackModel {
  readonly name: string;
  /** Set it to true to end `fit` after the step under way. */
  stopTraining: boolean;
  readonly optimizer: Optimizer;
  readonly weights: readonly Variable[];
  /** Copies of the weights, on the GPU; whoever asks for them disposes them. */
  getWeights(): Tensor[];
  setWeights(values: readonly TensorLike[]): void;
  /** Sets the states of stateful layers to what they began with. */
  resetStates(): void;
  /** The output for all samples, not waited for. */
  predict(x: CallbackData, config?: { readonly batchSize?: number }): Tensor | Tensor[];
  /** The loss, with metrics a list, not waited for. */
  evaluate(
    x: CallbackData,
    y: CallbackData,
    config?: { readonly batchSize?: number },
  ): Tensor | Tensor[];
  save(target: string | object): Promise<unknown>;
  saveWeights(target: string | object): Promise<unknown>;
}

/** What a callback has to remember so that training can go on in another process: JSON. */
export type CallbackState = Readonly<Record<string, unknown>>;

/**
 * Hooks into training, all optional: plain objects with some of them are callbacks, and so are objects of classes derived
 * from `callbacks.Callback`. They are called in the order of the list, and awaited one after the other. What a hook throws
 * ends `fit`, which throws the same.
 *
 * `onBatchEnd` gets the figures of each batch, so it makes `fit` wait for the GPU each time; `onYield` gets the same figures
 * a few times a second, without waiting.
 *
 * Counterpart of `tf.CustomCallbackArgs`.
 */
export interface CallbackHooks {
  /** Called first, with what `fit` was asked for. */
  setParams?(params: FitParams): void;
  /** Called with the model before training; for callbacks that stop it (`model.stopTraining = true`) or read it. */
  setModel?(model: CallbackModel): void;
  onTrainBegin?(logs: Logs): HookResult;
  /** Called after the last epoch, also one that somebody stopped, but not when `fit` throws. */
  onTrainEnd?(logs: Logs): HookResult;
  /** Called last of all, however training ended, by an error or an abort too: the place to free and to close. */
  onTrainExit?(): HookResult;
  /** `epoch` counts from 0. */
  onEpochBegin?(epoch: number, logs: Logs): HookResult;
  onEpochEnd?(epoch: number, logs: EpochLogs): HookResult;
  /** `batch` counts from 0 in each epoch; `logs` has `batch` and `size`. */
  onBatchBegin?(batch: number, logs: Logs): HookResult;
  /** `logs` are the means over the epoch so far, beside `batch` and `size`. */
  onBatchEnd?(batch: number, logs: Logs): HookResult;
  /** Called when `fit` lets the rest of the program run, with the latest means that are known. */
  onYield?(epoch: number, batch: number, logs: Logs): HookResult;
  /**
   * Called when an update was refused because the loss or a gradient is not finite. Where a callback returns true, training
   * ends as if it had been stopped; else `fit` throws `error`.
   */
  onNumericsError?(error: NumericsError): boolean | Promise<boolean>;
  /** What is stored with a model whose training will go on. */
  getState?(): CallbackState;
  /** Called after `onTrainBegin` with what `getState` gave, when training goes on. */
  setState?(state: CallbackState): void;
  /** Tensors that belong to the state; they stay the callback's. */
  getTensors?(): Readonly<Record<string, Tensor>>;
  /** Called before `setState` with copies of what `getTensors` gave, which are the callback's from then on. */
  setTensors?(tensors: Readonly<Record<string, Tensor>>): void;
}
