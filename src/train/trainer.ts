import { DisposedError, NumericsError, SluiceError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { currentEngine } from "../tensor/current.ts";
import {
  nextSeed,
  type RandomStream,
  splitStream,
  type Tensor,
  withStream,
} from "../tensor/index.ts";
import { batchTensors, type DataArguments, mapBatch, rowsOf } from "./batches/data.ts";
import type { BatchDataset } from "./batches/dataset-source.ts";
import { FitData, type FitSources, type Trainee } from "./batches/fit-data.ts";
import { BackupAndRestore } from "./callbacks/backup-and-restore.ts";
import type { Logs } from "./callbacks/callback-hooks.ts";
import { CallbackList } from "./callbacks/callback-list.ts";
import type { CompiledConfig } from "./compile-config.ts";
import { runFit } from "./fit.ts";
import {
  type FitConfig,
  type FitDatasetConfig,
  type FitSettings,
  fitDatasetSettings,
  fitSettings,
} from "./fit-config.ts";
import { History } from "./history/history.ts";
import { TestStep, TrainingStep } from "./model-steps.ts";
import { WHAT_TO_LOOK_FOR } from "./not-finite.ts";
import { type Batch, evaluateBatch, tallyEntries } from "./objective.ts";
import { Progress } from "./progress.ts";
import { FitBackup, type RestoredFit } from "./saving/fit-backup.ts";
import type { TrainingPosition, TrainingState } from "./training-state.ts";

/** What one `fit` works on, before it is known where it begins. */
interface FitPlan {
  readonly settings: FitSettings;
  readonly callbacks: FitConfig["callbacks"];
  readonly seed: number | undefined;
  /** The batches of a fit that begins there. */
  readonly sources: (start: TrainingPosition) => FitSources;
}

interface FitParts {
  readonly plan: FitPlan;
  readonly callbacks: CallbackList;
  readonly start: TrainingPosition;
  readonly backup: FitBackup | null;
  readonly restored: RestoredFit | null;
}

/** How `evaluate` goes through the samples. */
interface JudgedRows {
  readonly batchSize: number;
  /** Most batches. */
  readonly steps: number;
}

/** A compiled model's training, with the steps it has compiled. */
export class Trainer {
  readonly config: CompiledConfig;
  readonly state: TrainingState;
  readonly #trainee: Trainee;
  readonly #data: FitData;
  #training: TrainingStep | null = null;
  #validation: TestStep | null = null;
  #evaluation: TestStep | null = null;
  #isFitting = false;
  #isDisposed = false;
  #hasWarnedOfStates = false;

  constructor(trainee: Trainee, config: CompiledConfig, state: TrainingState) {
    this.#trainee = trainee;
    this.#data = new FitData(trainee, config);
    this.config = config;
    this.state = state;
  }

  get isFitting(): boolean {
    return this.#isFitting;
  }

  fit(data: DataArguments, config: FitConfig): Promise<History> {
    const label = `${this.#name}.fit`;
    return this.#train(label, () => {
      const settings = fitSettings(label, config);
      if (settings.shuffle !== false) this.#warnOfStates(label);
      return {
        settings,
        callbacks: config.callbacks,
        seed: config.seed,
        sources: ({ seed }) => this.#data.ofArrays(label, { data, config, settings, seed }),
      };
    });
  }

  fitDataset(dataset: BatchDataset, config: FitDatasetConfig): Promise<History> {
    const label = `${this.#name}.fitDataset`;
    return this.#train(label, () => {
      const settings = fitDatasetSettings(label, config);
      return {
        settings,
        callbacks: config.callbacks,
        seed: undefined,
        sources: ({ origin }) => this.#data.ofDataset(label, { dataset, config, settings, origin }),
      };
    });
  }

  /** States go from each batch to the next, whatever the order. */
  #warnOfStates(label: string): void {
    if (this.#hasWarnedOfStates || this.#trainee.layer.statesByPath().size === 0) return;
    this.#hasWarnedOfStates = true;
    console.warn(
      `${label}: the model has stateful layers, and its samples are shuffled, so that a batch does not go on where the ` +
        "one before ended. Give shuffle: false.",
    );
  }

  /** One `fit`: goes on from a backup, if there is one. */
  async #train(label: string, prepare: () => FitPlan): Promise<History> {
    this.#requireIdle(label);
    const plan = prepare();
    const callbacks = new CallbackList(label, plan.callbacks, this.#trainee.model);
    const backup = this.#backupAmong(plan.callbacks);
    this.#isFitting = true;
    let failure: { readonly error: unknown } | null = null;
    try {
      this.config.optimizer.clearFault();
      const restored = backup === null ? null : await backup.restore();
      const { position } = this.state;
      const start =
        restored !== null && position !== null ? position : this.#startOf(plan.settings, plan.seed);
      const history = await this.#run(label, { plan, callbacks, start, backup, restored });
      await backup?.finish();
      return history;
    } catch (error) {
      failure = { error };
      if (error instanceof DisposedError) this.#requireLive(label);
      // What was refused is no place to go on from.
      if (error instanceof NumericsError) this.state.position = null;
      throw error;
    } finally {
      await this.#exit(callbacks, failure);
    }
  }

  /** The model is busy until all callbacks are done; the first failure counts. */
  async #exit(callbacks: CallbackList, failure: { readonly error: unknown } | null): Promise<void> {
    try {
      await callbacks.trainExit();
    } catch (error) {
      if (failure === null) throw error;
    } finally {
      this.#isFitting = false;
    }
  }

  async #run(label: string, parts: FitParts): Promise<History> {
    const { plan, callbacks, start, backup, restored } = parts;
    const { settings } = plan;
    const { training, validation, dispose } = plan.sources(start);
    const progress = new Progress({
      verbose: settings.verbose,
      epochs: settings.epochs,
      steps: () => training.steps,
    });
    const history = new History({
      epochs: settings.epochs,
      initialEpoch: start.epoch,
      steps: training.steps,
      samples: training.samples,
      validationSamples: validation === null ? 0 : validation.samples,
      batchSize: training.samples === null ? null : settings.batchSize,
    });
    restored?.recall(history);
    this.#trainee.began(history);
    try {
      return await runFit({
        ...{ label, settings, callbacks, start, progress, history, training, validation },
        trainingStep: () => this.#trainingStep(),
        validationStep: () => this.#validationStep(),
        metrics: tallyEntries(this.config).map(({ name }) => name),
        begun: () => restored?.remind(callbacks),
        ended: () => {
          const { optimizer } = this.config;
          optimizer.finalizeVariableValues(this.#trainee.layer.trainableWeights);
        },
        resumed: () => {
          const { figures } = this.state;
          this.state.figures = null;
          return figures;
        },
        moved: (position) => {
          this.state.position = position;
        },
        rested: async (at) => backup?.rest(at, callbacks, history),
        isStopped: this.#trainee.isStopped,
      });
    } finally {
      progress.close();
      await dispose();
    }
  }

  #backupAmong(given: FitConfig["callbacks"]): FitBackup | null {
    const callback = [given ?? []].flat().find((one) => one instanceof BackupAndRestore);
    return callback === undefined ? null : new FitBackup(callback, this.#trainee.restorable);
  }

  /** Training that ended before this epoch goes on, with its order of samples; else it begins with a new one. */
  #startOf({ initialEpoch }: FitSettings, seed: number | undefined): TrainingPosition {
    const { position } = this.state;
    const goesOn = initialEpoch > 0 && position?.epoch === initialEpoch;
    if (goesOn && (seed === undefined || seed === position.seed)) return position;
    const drawn = seed ?? withStream(this.#stream(), nextSeed);
    // Where fit is called again and again, data sets go on with their passes.
    const pass = position === null ? initialEpoch : nextPass(position);
    return {
      seed: drawn,
      epoch: initialEpoch,
      batch: 0,
      origin: { epoch: initialEpoch, pass },
    };
  }

  /** Enqueues the judgement of all batches at once; the figures are scalars. */
  evaluate(data: DataArguments, { batchSize, steps }: JudgedRows): Tensor[] {
    const label = `${this.#name}.evaluate`;
    wholeNumber(batchSize, `${label}: batchSize`);
    const { batch, rows } = this.#data.prepare(label, data);
    const end = Math.min(rows, batchSize * steps);
    const step = this.#evaluationStep();
    step.tally.reset();
    for (let start = 0; start < end; start += batchSize) {
      const part = batchRows(batch, start, Math.min(batchSize, end - start));
      step.run(part);
      for (const tensor of batchTensors(part)) tensor.dispose();
    }
    return step.figures();
  }

  /** Judges batches one after the other; evaluations that are asked for meanwhile have figures of their own. */
  async evaluateDataset(dataset: BatchDataset, steps: number): Promise<Tensor[]> {
    const label = `${this.#name}.evaluateDataset`;
    const source = this.#data.ofBatches(label, dataset, Number.isFinite(steps) ? steps : null);
    const step = new TestStep(this.#trainee.layer, this.config, "dataset evaluation");
    try {
      for await (const feed of source.batches(0, 0)) {
        step.run(feed.data, feed.rows);
        await currentEngine().drained();
      }
      return step.figures();
    } finally {
      step.dispose();
      await source.dispose();
    }
  }

  /** One update on these samples as one batch. */
  async trainOnBatch(data: DataArguments): Promise<Logs> {
    const label = `${this.#name}.trainOnBatch`;
    this.#requireIdle(label);
    const { batch } = this.#data.prepare(label, data);
    const step = this.#trainingStep();
    step.tally.reset();
    step.isSticky = false;
    step.run(batch);
    const { logs, refused } = await step.tally.read();
    if (refused === 0) return logs;
    throw new NumericsError(
      `${label}: the loss or a gradient is not finite; the weights are unchanged. ` +
        WHAT_TO_LOOK_FOR,
    );
  }

  /** Judges these samples as one batch. */
  async testOnBatch(data: DataArguments): Promise<Logs> {
    const { batch } = this.#data.prepare(`${this.#name}.testOnBatch`, data);
    const step = this.#evaluationStep();
    step.tally.reset();
    step.run(batch);
    return (await step.tally.read()).logs;
  }

  /** The loss of these samples as one batch, without dropout; recorded, not run. */
  lossOf(label: string, data: DataArguments): Value {
    const { batch } = this.#data.prepare(label, data);
    return evaluateBatch(this.#trainee.layer, this.config, { batch, training: false }).loss;
  }

  /** Totals of the epoch under way, read; null before the first step. */
  figures(): Promise<Float32Array> | null {
    return this.#training?.tally.totals() ?? null;
  }

  /** Frees what training needs besides the weights. */
  dispose(): void {
    this.#isDisposed = true;
    const { optimizer, ownsOptimizer } = this.config;
    optimizer.forget(this.#trainee.layer.weights);
    if (ownsOptimizer) optimizer.dispose();
    for (const step of [this.#training, this.#validation, this.#evaluation]) step?.dispose();
  }

  get #name(): string {
    return this.#trainee.layer.name;
  }

  #requireIdle(label: string): void {
    if (!this.#isFitting) return;
    throw new SluiceError(
      "busy",
      `${label}: fit() is running on this model. Await it, or stop it (model.stopTraining = true, or an ` +
        "AbortSignal), before training again.",
    );
  }

  /** Whoever goes on training with what is gone would leave new steps behind. */
  #requireLive(label: string): void {
    if (!this.#isDisposed) return;
    throw new DisposedError(
      `${label}: the model was disposed, compiled anew or given other layers while this ran. Await it before, or end it ` +
        "with an AbortSignal.",
    );
  }

  #trainingStep(): TrainingStep {
    this.#requireLive(this.#name);
    const trained = this.#trainee.layer.trainableWeights;
    const known = this.#training;
    const isCurrent =
      known !== null &&
      known.trained.length === trained.length &&
      known.trained.every((weight, i) => weight === trained[i]);
    if (isCurrent) return known;
    known?.dispose();
    this.#training = new TrainingStep(this.#trainee.layer, this.config, this.#stream());
    return this.#training;
  }

  #stream(): RandomStream {
    this.state.stream ??= splitStream();
    return this.state.stream;
  }

  #validationStep(): TestStep {
    this.#requireLive(this.#name);
    this.#validation ??= new TestStep(this.#trainee.layer, this.config, "validation");
    return this.#validation;
  }

  #evaluationStep(): TestStep {
    this.#evaluation ??= new TestStep(this.#trainee.layer, this.config, "evaluation");
    return this.#evaluation;
  }
}

/** The pass over a data set after those of the latest fit. */
function nextPass({ origin, epoch, batch }: TrainingPosition): number {
  return origin.pass + epoch - origin.epoch + (batch > 0 ? 1 : 0);
}

function batchRows(batch: Batch, start: number, count: number): Batch {
  return mapBatch(batch, (tensor) => rowsOf(tensor, start, count));
}
