import { ArgumentError, FormatError, SluiceError } from "../errors.ts";
import { openStore, type StoreTarget, toBlob } from "../formats/index.ts";
import type { Value } from "../graph/node.ts";
import type { OutputCount } from "../layers/layer-types.ts";
import { checkKeys } from "../names/check-keys.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { DataArguments, Port } from "./batches/data.ts";
import type { CallbackModel } from "./callbacks/callback-hooks.ts";
import { type CompileConfig, resolveCompileConfig } from "./compile-config.ts";
import { Container } from "./container.ts";
import type { History } from "./history/history.ts";
import { tallyEntries } from "./objective.ts";
import { matchModel, writeMatched } from "./saving/match-weights.ts";
import { encodeModel, type ModelFile } from "./saving/model-file.ts";
import { gatherModel } from "./saving/save-model.ts";
import { TrainingMemory } from "./saving/training-memory.ts";
import { revivedMetadata } from "./saving/user-metadata.ts";
import { Trainer } from "./trainer.ts";

/** What `save` takes besides the target. */
export interface SaveConfig {
  /** Whether optimizer and state of training are saved, too. Default true. */
  readonly includeOptimizer?: boolean;
}

/**
 * A container that was told how it is trained: what `compile` said, and with it all that a file of the model holds.
 */
export abstract class CompiledModel<
  Count extends OutputCount = OutputCount,
> extends Container<Count> {
  /** Set it to true, in a callback say, to end `fit` after the step under way. */
  stopTraining = false;
  /** The record of the latest `fit`, also while it runs. */
  history: History | null = null;
  #compiled: CompileConfig | null = null;
  #trainer: Trainer | null = null;
  readonly #training = new TrainingMemory();

  /** The model with all its verbs, as callbacks see it. */
  protected abstract get whole(): CallbackModel;

  /** The optimizer that `compile` was given, or made. */
  get optimizer(): Optimizer {
    return this.requireTrainer("optimizer").config.optimizer;
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
    return tallyEntries(this.requireTrainer("metricsNames").config).map(({ name }) => name);
  }

  /** Whether `fit` is running. */
  get isTraining(): boolean {
    return this.#trainer?.isFitting ?? false;
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
   * @throws {ArgumentError} for unknown names (the message gives the nearest), for lists that do not fit the outputs, and
   *   for a metric that takes its output for something else than the loss does, or cannot tell from the loss what it is.
   */
  compile(config: CompileConfig): void {
    this.requireAlive("compile");
    this.requireIdle("compile");
    const trainer = this.layers.length === 0 ? null : this.#newTrainer(config);
    this.#trainer?.dispose();
    this.#trainer = trainer;
    this.#compiled = config;
  }

  #newTrainer(config: CompileConfig): Trainer {
    const told = this.#training.completed(config);
    const resolved = resolveCompileConfig(this.name, told, this);
    this.#training.equip(resolved.optimizer);
    const trainee = {
      layer: this,
      model: this.whole,
      began: (history: History) => {
        this.stopTraining = false;
        this.history = history;
      },
      restorable: {
        gather: () => this.#gather("backup", true),
        takeUp: (file: ModelFile, source: string) => {
          const matched = matchModel(file, this, source);
          // Slots of another size are to be found before anything changes.
          resolved.optimizer.build(this.trainableWeights);
          this.#training.goOn(file, resolved.optimizer, source);
          writeMatched(this.name, matched);
        },
      },
      inputs: () => this.inputPorts(),
      isStopped: () => this.stopTraining,
    };
    return new Trainer(trainee, resolved, this.#training.state);
  }

  /**
   * Writes the model to one file of the safetensors format: layers, weights (`lstm_1/kernel`), what
   * `setUserDefinedMetadata` was given, and, once compiled, optimizer and state of training, so that training can go on
   * elsewhere bit for bit. What is saved is the model as it is at the call. A file is put in place as a whole: there
   * is the old one or the new one, whatever happens.
   *
   * Counterpart of `model.save` in TF.js and Keras; Python's `safetensors` opens the file.
   *
   * @example
   * await net.save("forecast.safetensors");
   * const again = await sl.loadLayersModel("forecast.safetensors");
   *
   * @param target A path or `file:` URL (Node), `indexeddb://name`, `opfs://path`, `downloads://name`, or an object
   *   `{ write(bytes) }`. Without one the file is returned as a Blob.
   * @throws {StoreError} when the file cannot be written.
   * @throws {ArgumentError} for an unknown kind of target, and for metadata that is no plain data.
   */
  save(target?: null, config?: SaveConfig): Promise<Blob>;
  save(target: StoreTarget, config?: SaveConfig): Promise<void>;
  async save(target?: StoreTarget | null, config: SaveConfig = {}): Promise<unknown> {
    this.requireBuilt("save");
    checkKeys(`${this.name}.save`, config, { includeOptimizer: "boolean" });
    const store = target === undefined || target === null ? null : openStore(target);
    const bytes = encodeModel(await this.#gather("save", config.includeOptimizer ?? true));
    if (store === null) return toBlob(bytes);
    await store.write(bytes);
  }

  /** @internal Takes up what a file holds, for a model that was just made of its layers. */
  restore(file: ModelFile, { source, compile }: { source: string; compile: boolean }): void {
    writeMatched(this.name, matchModel(file, this, source));
    this.setUserDefinedMetadata(revivedMetadata(file.metadata));
    if (!compile || file.training === null) return;
    try {
      this.#training.take(file, source);
      const { optimizer, judge } = file.training;
      if (optimizer !== null && judge !== null) this.compile({ ...judge, optimizer });
    } catch (cause) {
      if (!(cause instanceof SluiceError)) throw cause;
      const why = cause.message.startsWith(source) ? cause.message : `${source}: ${cause.message}`;
      throw new FormatError(`${why} To load layers and weights alone: { compile: false }.`, {
        cause,
      });
    }
  }

  #gather(method: string, hasTraining: boolean): Promise<ModelFile> {
    const label = `${this.name}.${method}`;
    return gatherModel(this, hasTraining ? this.#training.snapshot(label, this.#trainer) : null);
  }

  /**
   * @internal The loss of these samples as one batch, as `evaluate` computes it; recorded, not run.
   * @throws {ArgumentError | ShapeError} as `evaluate` does.
   */
  lossOf(label: string, data: DataArguments): Value {
    return this.requireTrainer(label).lossOf(`${this.name}: ${label}`, data);
  }

  /** @internal What data for `inputs` has to look like. */
  get ports(): readonly Port[] {
    return this.inputPorts();
  }

  /** Frees weights, optimizer state and compiled steps at once. */
  override dispose(): { numDisposedVariables: number } {
    this.#trainer?.dispose();
    this.#trainer = null;
    return super.dispose();
  }

  /** @throws {SluiceError} while `fit` runs on what would change. */
  protected requireIdle(method: string): void {
    if (!this.isTraining) return;
    throw new SluiceError(
      "busy",
      `${this.name}.${method}: fit() is running on this model. Await it, or stop it (model.stopTraining = true, or an ` +
        "AbortSignal), before changing the model.",
    );
  }

  /** To be called when layers come or go: the steps of the old ones are of no use; what `compile` was told still holds. */
  protected forgetSteps(): void {
    this.#trainer?.dispose();
    this.#trainer = null;
  }

  /** What data has to look like. */
  protected inputPorts(): readonly Port[] {
    if (this.inputs.length === 0) return [{ name: `${this.name}_input`, shape: null }];
    return this.inputs.map(({ name, shape }) => ({ name, shape }));
  }

  /** @throws {ArgumentError} when the model is not compiled. */
  protected requireTrainer(method: string): Trainer {
    this.requireAlive(method);
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
