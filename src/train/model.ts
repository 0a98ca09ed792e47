import type { LayerOutputs, OutputCount } from "../layers/layer-types.ts";
import { checkKeys } from "../names/check-keys.ts";
import { wholeNumber } from "../names/whole-number.ts";
import type { Tensor } from "../tensor/index.ts";
import { countRows, type ModelData, type SampleWeight, tensorsFor } from "./batches/data.ts";
import type { BatchDataset } from "./batches/dataset-source.ts";
import type { CallbackModel, Logs } from "./callbacks/callback-hooks.ts";
import { CompiledModel } from "./compiled-model.ts";
import { oneOrAll } from "./container.ts";
import { checkVerbose, type FitConfig, type FitDatasetConfig } from "./fit-config.ts";
import { Forecaster } from "./forecast/forecaster.ts";
import type { History } from "./history/history.ts";
import {
  checkSteps,
  type EvaluateConfig,
  type EvaluateDatasetConfig,
  evaluateDatasetKeys,
  evaluateKeys,
  type PredictConfig,
  predictKeys,
} from "./judge-config.ts";
import { Predictor } from "./predictor.ts";

/**
 * Layers with a beginning and an end, and the verbs of training: `compile`, `fit`, `evaluate`, `predict`. Made by
 * `sequential()` or `model()`. A model is a layer too, so it can be part of another.
 *
 * Counterpart of `tf.LayersModel` and `keras.Model`.
 */
export abstract class Model<Count extends OutputCount = OutputCount> extends CompiledModel<Count> {
  #predictor: Predictor | null = null;
  #forecaster: Forecaster | null = null;

  /**
   * Trains the model for a number of passes (epochs) over the data. The data is brought to the GPU once; each update is
   * one submission; the epoch's end is the only wait. The last, smaller batch of an epoch is trained on like any other.
   *
   * Counterpart of `model.fit` in TF.js and Keras, with Keras's defaults.
   *
   * @example
   * const history = await net.fit(x, y, { epochs: 10, batchSize: 32, validationSplit: 0.2 });
   * console.log(history.history.loss, history.history.val_loss);
   *
   * @param x Samples along the first axis; for several inputs a list, or an object by input name.
   * @param y What should come out, likewise.
   * @returns The figures of each epoch: `loss`, metrics, and the same of the validation data as `val_loss`, …
   * @throws {ArgumentError} when the model is not compiled, or a setting is out of bounds.
   * @throws {ShapeError} when x, y or sampleWeight do not fit the model or each other.
   * @throws {NumericsError} when a loss or gradient is not finite; the weights are those before that batch.
   * @throws {AbortError} when `signal` aborts; the weights are those after the last finished step.
   */
  async fit(x: ModelData, y: ModelData, config: FitConfig = {}): Promise<History> {
    const trainer = this.requireTrainer("fit");
    return trainer.fit({ x, y, sampleWeight: config?.sampleWeight }, config);
  }

  /**
   * Trains the model on batches that come one after the other, from data that need not fit into memory: no more than
   * one batch is held at a time, and the next is asked for while the GPU works.
   *
   * The first epoch of a model reads pass 0 of the data set, and each epoch after it, also in later calls, the next
   * pass; with `stepsPerEpoch`, the passes of one call follow each other through epochs. Training that goes on (see
   * `initialEpoch`, `callbacks.backupAndRestore`) gets the passes that it would have got, also from a dataset that
   * shuffles.
   *
   * Counterpart of `model.fitDataset` in TF.js. As there, tensors that were computed for a batch on the GPU end once it
   * is used; those of a list stay, for the next pass.
   *
   * @example
   * async function* batches() {
   *   for (let i = 0; i < 10; i++) yield { xs: sl.randomNormal([32, 2]), ys: sl.zeros([32, 1]) };
   * }
   * const history = await net.fitDataset(batches, { epochs: 3 });
   *
   * @param dataset A dataset of `sl.data`, a list of batches, or a function that begins a new pass over them and is
   *   given its number, from 0. A batch is `{ xs, ys, sampleWeights? }` or `[xs, ys]`, each with the samples along
   *   the first axis.
   * @returns As `fit` does.
   * @throws {ArgumentError} as `fit` does; also for a data set that ends too early, saying where.
   * @throws {ShapeError} when a batch does not fit the model, saying which.
   * @throws {SluiceError} when the data set fails (`cause` is its error), saying where.
   */
  async fitDataset(dataset: BatchDataset, config: FitDatasetConfig = {}): Promise<History> {
    const trainer = this.requireTrainer("fitDataset");
    return trainer.fitDataset(dataset, config);
  }

  /**
   * Judges the model on data that it is not trained on. All batches are enqueued at once.
   *
   * Counterpart of `model.evaluate` in TF.js.
   *
   * @example
   * const loss = net.evaluate(x, y);
   * console.log(await loss.data());
   *
   * @returns The loss, a scalar; with metrics, or several outputs, a list in the order of `metricsNames`; by name with
   *   `returnDict`.
   * @throws {ArgumentError | ShapeError} as `fit` does.
   */
  evaluate(
    x: ModelData,
    y: ModelData,
    config: EvaluateConfig & { readonly returnDict: true },
  ): Record<string, Tensor>;
  evaluate(x: ModelData, y: ModelData, config?: EvaluateConfig): Tensor | Tensor[];
  evaluate(
    x: ModelData,
    y: ModelData,
    config: EvaluateConfig = {},
  ): Tensor | Tensor[] | Record<string, Tensor> {
    const label = `${this.name}.evaluate`;
    checkKeys(label, config, evaluateKeys);
    checkVerbose(label, config.verbose);
    const { sampleWeight } = config;
    const rows = { batchSize: config.batchSize ?? 32, steps: checkSteps(label, config.steps) };
    const figures = this.requireTrainer("evaluate").evaluate({ x, y, sampleWeight }, rows);
    return config.returnDict === true ? this.#byName(figures) : oneOrAll(figures);
  }

  /**
   * Judges the model on batches that come one after the other, as `fitDataset` takes them.
   *
   * Counterpart of `model.evaluateDataset` in TF.js.
   *
   * @example
   * const loss = await net.evaluateDataset([{ xs: sl.zeros([8, 2]), ys: sl.zeros([8, 1]) }]);
   *
   * @returns As `evaluate` does.
   * @throws {ArgumentError | ShapeError | SluiceError} as `fitDataset` does.
   */
  async evaluateDataset(
    dataset: BatchDataset,
    config: EvaluateDatasetConfig & { readonly returnDict: true },
  ): Promise<Record<string, Tensor>>;
  async evaluateDataset(
    dataset: BatchDataset,
    config?: EvaluateDatasetConfig,
  ): Promise<Tensor | Tensor[]>;
  async evaluateDataset(
    dataset: BatchDataset,
    config: EvaluateDatasetConfig = {},
  ): Promise<Tensor | Tensor[] | Record<string, Tensor>> {
    const label = `${this.name}.evaluateDataset`;
    checkKeys(label, config, evaluateDatasetKeys);
    checkVerbose(label, config.verbose);
    const steps = checkSteps(label, config.steps ?? config.batches);
    const figures = await this.requireTrainer("evaluateDataset").evaluateDataset(dataset, steps);
    return config.returnDict === true ? this.#byName(figures) : oneOrAll(figures);
  }

  #byName(figures: readonly Tensor[]): Record<string, Tensor> {
    const names = this.metricsNames;
    return Object.fromEntries(figures.map((figure, i) => [names[i] ?? "", figure]));
  }

  /**
   * Applies the model to data. It returns at once; reading the result is the only wait, and no later training changes it.
   *
   * Counterpart of `model.predict` in TF.js and Keras.
   *
   * @example
   * const forecast = await net.predict(x).data();
   *
   * @param x Samples along the first axis; for several inputs a list, or an object by input name.
   * @returns The output for all samples; a list for a model whose outputs were given as a list.
   * @throws {ShapeError} when x does not fit the model.
   */
  predict(x: ModelData, config: PredictConfig = {}): LayerOutputs<Tensor>[Count] {
    this.requireAlive("predict");
    const label = `${this.name}.predict`;
    checkKeys(label, config, predictKeys);
    checkVerbose(label, config.verbose);
    const batchSize = wholeNumber(config.batchSize ?? 32, `${label}: batchSize`);
    this.#predictor ??= new Predictor(this);
    const inputs = tensorsFor(`${label}: x`, x, this.inputPorts());
    const all = countRows(label, { inputs, labels: [], weights: [], weighedBy: [] });
    const rows = Math.min(all, batchSize * checkSteps(label, config.steps));
    const results = this.#predictor.predict(inputs, rows, batchSize);
    return (this.givesList ? results : results[0]) as LayerOutputs<Tensor>[Count];
  }

  /**
   * One update on these samples as one batch.
   *
   * @example
   * const loss = await net.trainOnBatch(x, y);
   *
   * @returns The loss before the update; with metrics a list, as `evaluate` gives it.
   * @throws {NumericsError} when the loss or a gradient is not finite; the weights are unchanged.
   */
  async trainOnBatch(
    x: ModelData,
    y: ModelData,
    sampleWeight?: SampleWeight | null,
  ): Promise<number | number[]> {
    const trainer = this.requireTrainer("trainOnBatch");
    return oneOrAll(numbers(await trainer.trainOnBatch({ x, y, sampleWeight })));
  }

  /** Judges these samples as one batch; gives what `trainOnBatch` gives, and changes nothing. */
  async testOnBatch(
    x: ModelData,
    y: ModelData,
    sampleWeight?: SampleWeight | null,
  ): Promise<number | number[]> {
    const trainer = this.requireTrainer("testOnBatch");
    return oneOrAll(numbers(await trainer.testOnBatch({ x, y, sampleWeight })));
  }

  /** `predict` for data that is one batch. */
  predictOnBatch(x: ModelData): LayerOutputs<Tensor>[Count] {
    return this.predict(x, { batchSize: Number.MAX_SAFE_INTEGER });
  }

  protected override get whole(): CallbackModel {
    return this;
  }

  override dispose(): { numDisposedVariables: number } {
    this.#endPredictor();
    return super.dispose();
  }

  protected override forgetSteps(): void {
    this.#endPredictor();
    super.forgetSteps();
  }

  /** @internal The compiled steps of `forecast`; they end with the model, or when its layers change. */
  forecaster(): Forecaster {
    this.requireAlive("forecast");
    this.#forecaster ??= new Forecaster(this);
    return this.#forecaster;
  }

  /** @internal @throws {DisposedError} after `dispose`; `verb` is who asks. */
  requireLive(verb: string): void {
    this.requireAlive(verb);
  }

  #endPredictor(): void {
    this.#predictor?.dispose();
    this.#predictor = null;
    this.#forecaster?.dispose();
    this.#forecaster = null;
  }
}

function numbers(logs: Logs): number[] {
  return Object.values(logs);
}
