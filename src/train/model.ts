import { ArgumentError, DisposedError } from "../errors.ts";
import { type AnyLayer, Layer } from "../layers/layer.ts";
import type { LayerShapes } from "../layers/layer-shape.ts";
import type { LayerConfig, LayerOutputs, Mask, OutputCount } from "../layers/layer-types.ts";
import type { SymbolicTensor } from "../layers/symbolic.ts";
import { checkKeys } from "../names/check-keys.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Tensor, TensorLike } from "../tensor/index.ts";
import type { Logs } from "./callbacks/callback-hooks.ts";
import { type CompileConfig, resolveCompileConfig } from "./compile-config.ts";
import { checkBatchSize, countRows, type ModelData, type Port, tensorsFor } from "./data.ts";
import { checkVerbose, type FitConfig } from "./fit-config.ts";
import type { History } from "./history.ts";
import {
  type EvaluateConfig,
  evaluateKeys,
  type PredictConfig,
  predictKeys,
} from "./judge-config.ts";
import { tallyEntries } from "./objective.ts";
import { Predictor } from "./predictor.ts";
import { type SummaryRow, summaryLines } from "./summary.ts";
import { Trainer } from "./trainer.ts";

/**
 * Layers with a beginning and an end, and the verbs of training: `compile`, `fit`, `evaluate`, `predict`. Made by
 * `sequential()` or `model()`. A model is a layer too, so it can be part of another.
 *
 * Counterpart of `tf.LayersModel` and `keras.Model`.
 */
export abstract class Model<Count extends OutputCount = OutputCount> extends Layer<Count> {
  /** Set it to true, in a callback say, to end `fit` after the step under way. */
  stopTraining = false;
  /** The record of the latest `fit` that came to its end. */
  history: History | null = null;
  #compiled: CompileConfig | null = null;
  #trainer: Trainer | null = null;
  #predictor: Predictor | null = null;

  constructor(config: Pick<LayerConfig, "name" | "trainable">) {
    super(config);
    this.supportsMasking = true;
  }

  /** All layers, each once, in the order of the computation. */
  abstract get layers(): readonly AnyLayer[];
  /** Symbolic inputs; empty while a model's input shape is not known. */
  abstract get inputs(): readonly SymbolicTensor[];
  /** Symbolic outputs; empty while a model's input shape is not known. */
  abstract get outputs(): readonly SymbolicTensor[];
  /** Whether the outputs are a list, even of one; else there is one output. */
  protected abstract get givesList(): boolean;
  /** Names of the outputs: of the layers that give them. */
  abstract get outputNames(): readonly string[];
  /** Lines of the summary. */
  protected abstract summaryRows(): readonly SummaryRow[];
  /** Masks of the latest outputs, noted by `call`. */
  protected outputMasks: Mask = null;

  protected override children(): readonly AnyLayer[] {
    return this.layers;
  }

  override computeMask(): Mask {
    return this.outputMasks;
  }

  /** Names of the inputs, under which data may be given. */
  get inputNames(): readonly string[] {
    return this.inputs.map((one) => one.name);
  }

  /** The optimizer that `compile` was given, or made. */
  get optimizer(): Optimizer {
    return this.#requireTrainer("optimizer").config.optimizer;
  }

  /** What `compile` was given as loss; undefined before. */
  get loss(): CompileConfig["loss"] | undefined {
    return this.#compiled?.loss;
  }

  /** What `compile` was given as metrics; empty without. */
  get metrics(): NonNullable<CompileConfig["metrics"]> {
    return this.#compiled?.metrics ?? [];
  }

  /** Names of the figures that `evaluate` gives, in their order: `["loss", "mae"]`. */
  get metricsNames(): readonly string[] {
    return tallyEntries(this.#requireTrainer("metricsNames").config).map(({ name }) => name);
  }

  /** Whether `fit` is running. */
  get isTraining(): boolean {
    return this.#trainer?.isFitting ?? false;
  }

  /** Shape of the input, batch first; a list for several. Of a model whose input shape is known. */
  override get inputShape(): LayerShapes {
    return oneOrAll(this.#known("inputShape", this.inputs).map(({ shape }) => shape));
  }

  /** Shape of the output, batch first; a list for several. Of a model whose input shape is known. */
  override get outputShape(): LayerShapes {
    return oneOrAll(this.#known("outputShape", this.outputs).map(({ shape }) => shape));
  }

  #known(property: string, symbols: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
    if (symbols.length > 0) return symbols;
    throw new ArgumentError(
      `${this.name}.${property}: the shape of the input is not known. Give the first layer an inputShape.`,
    );
  }

  /**
   * Says how the model is trained and judged. Nothing runs yet. Layers may come and go afterwards: what was said holds
   * for the model as it is when it is trained.
   *
   * Counterpart of `model.compile` in TF.js and Keras.
   *
   * @example
   * net.compile({ optimizer: sl.train.adam(0.01), loss: "meanSquaredError", metrics: ["mae"] });
   *
   * @throws {ArgumentError} for unknown names (the message gives the nearest), and for lists that do not fit the outputs.
   */
  compile(config: CompileConfig): void {
    this.#requireAlive("compile");
    const trainer = this.layers.length === 0 ? null : this.#newTrainer(config);
    this.#trainer?.dispose();
    this.#trainer = trainer;
    this.#compiled = config;
  }

  #newTrainer(config: CompileConfig): Trainer {
    const resolved = resolveCompileConfig(this.name, config, this.outputNames);
    const trainee = {
      layer: this,
      inputs: () => this.#inputPorts(),
      isStopped: () => this.stopTraining,
    };
    return new Trainer(trainee, resolved);
  }

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
    const trainer = this.#requireTrainer("fit");
    this.stopTraining = false;
    const history = await trainer.fit({ x, y, sampleWeight: config?.sampleWeight }, config);
    this.history = history;
    return history;
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
   * @returns The loss, a scalar; with metrics, or several outputs, a list: loss, losses of the outputs, metrics.
   * @throws {ArgumentError | ShapeError} as `fit` does.
   */
  evaluate(x: ModelData, y: ModelData, config: EvaluateConfig = {}): Tensor | Tensor[] {
    const label = `${this.name}.evaluate`;
    checkKeys(label, config, evaluateKeys);
    checkVerbose(label, config.verbose);
    const { sampleWeight } = config;
    const batchSize = config.batchSize ?? 32;
    const figures = this.#requireTrainer("evaluate").evaluate({ x, y, sampleWeight }, batchSize);
    return oneOrAll(figures);
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
    this.#requireAlive("predict");
    const label = `${this.name}.predict`;
    checkKeys(label, config, predictKeys);
    checkVerbose(label, config.verbose);
    const batchSize = checkBatchSize(label, config.batchSize ?? 32);
    this.#predictor ??= new Predictor(this);
    const inputs = tensorsFor(`${label}: x`, x, this.#inputPorts());
    const rows = countRows(label, { inputs, labels: [], weights: null });
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
    sampleWeight?: TensorLike,
  ): Promise<number | number[]> {
    const trainer = this.#requireTrainer("trainOnBatch");
    return oneOrAll(numbers(await trainer.trainOnBatch({ x, y, sampleWeight })));
  }

  /** Judges these samples as one batch; gives what `trainOnBatch` gives, and changes nothing. */
  async testOnBatch(
    x: ModelData,
    y: ModelData,
    sampleWeight?: TensorLike,
  ): Promise<number | number[]> {
    const trainer = this.#requireTrainer("testOnBatch");
    return oneOrAll(numbers(await trainer.testOnBatch({ x, y, sampleWeight })));
  }

  /** `predict` for data that is one batch. */
  predictOnBatch(x: ModelData): LayerOutputs<Tensor>[Count] {
    return this.predict(x, { batchSize: Number.MAX_SAFE_INTEGER });
  }

  /**
   * Prints the layers with the shapes of their outputs and the number of their parameters.
   *
   * @example
   * net.summary();
   *
   * @param lineLength Characters a line. Default 65.
   * @param positions Where the three columns end, as shares of the line. Default [0.45, 0.85, 1].
   * @param printFn Takes the lines. Default `console.log`.
   */
  summary(
    lineLength?: number,
    positions?: readonly number[],
    printFn: (line: string) => void = console.log,
  ): void {
    const lines = summaryLines(this.name, this.summaryRows(), { lineLength, positions });
    for (const line of lines) printFn(line);
  }

  /**
   * A layer by its name, or by its place.
   * @throws {ArgumentError} when there is none.
   */
  getLayer(nameOrIndex: string | number): AnyLayer {
    const { layers } = this;
    const found =
      typeof nameOrIndex === "number"
        ? layers[nameOrIndex]
        : layers.find((layer) => layer.name === nameOrIndex);
    if (found !== undefined) return found;
    throw new ArgumentError(
      `${this.name}: there is no layer ${JSON.stringify(nameOrIndex)}. Expected an index below ` +
        `${layers.length}, or one of ${layers.map((layer) => layer.name).join(", ")}.`,
    );
  }

  /** Frees weights, optimizer state and compiled steps at once. */
  override dispose(): { numDisposedVariables: number } {
    this.#trainer?.dispose();
    this.#predictor?.dispose();
    this.#trainer = null;
    this.#predictor = null;
    return super.dispose();
  }

  /** To be called when layers come or go: the steps of the old ones are of no use; what `compile` was told still holds. */
  protected forgetSteps(): void {
    this.#trainer?.dispose();
    this.#predictor?.dispose();
    this.#trainer = null;
    this.#predictor = null;
  }

  #inputPorts(): readonly Port[] {
    if (this.inputs.length === 0) return [{ name: `${this.name}_input`, shape: null }];
    return this.inputs.map(({ name, shape }) => ({ name, shape }));
  }

  #requireAlive(method: string): void {
    if (!this.isDisposed) return;
    throw new DisposedError(
      `${this.name}.${method}: the model was disposed. Expected a model with weights.`,
    );
  }

  #requireTrainer(method: string): Trainer {
    this.#requireAlive(method);
    if (this.#trainer !== null) return this.#trainer;
    if (this.#compiled !== null) {
      this.#trainer = this.#newTrainer(this.#compiled);
      return this.#trainer;
    }
    throw new ArgumentError(
      `${this.name}.${method}: the model is not compiled. Call ` +
        'compile({ optimizer: "adam", loss: "meanSquaredError" }) before.',
    );
  }
}

function numbers(logs: Logs): number[] {
  return Object.values(logs);
}

function oneOrAll<T>(items: T[]): T | T[] {
  const [first] = items;
  return items.length === 1 && first !== undefined ? first : items;
}
