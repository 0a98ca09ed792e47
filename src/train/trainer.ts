import { NumericsError, SluiceError } from "../errors.ts";
import {
  currentEngine,
  nextSeed,
  type RandomStream,
  type Tensor,
  withStream,
} from "../tensor/index.ts";
import type { Logs } from "./callbacks/callback-hooks.ts";
import { CallbackList } from "./callbacks/callback-list.ts";
import type { CompiledConfig } from "./compile-config.ts";
import { batchTensors, checkBatchSize, type DataArguments, mapBatch, rowsOf } from "./data.ts";
import type { BatchDataset } from "./dataset-source.ts";
import { runFit } from "./fit.ts";
import {
  type FitConfig,
  type FitDatasetConfig,
  type FitSettings,
  fitDatasetSettings,
  fitSettings,
} from "./fit-config.ts";
import { FitData, type FitSources, type Trainee } from "./fit-data.ts";
import { History } from "./history.ts";
import { TestStep, TrainingStep } from "./model-steps.ts";
import { type Batch, tallyEntries } from "./objective.ts";
import { Progress } from "./progress.ts";
import type { TrainingPosition, TrainingState } from "./training-state.ts";

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

  constructor(trainee: Trainee, config: CompiledConfig, state: TrainingState) {
    this.#trainee = trainee;
    this.#data = new FitData(trainee, config);
    this.config = config;
    this.state = state;
  }

  get isFitting(): boolean {
    return this.#isFitting;
  }

  async fit(data: DataArguments, config: FitConfig): Promise<History> {
    const label = `${this.#name}.fit`;
    this.#requireIdle(label);
    const settings = fitSettings(label, config);
    const callbacks = new CallbackList(label, config.callbacks, this.#trainee.model);
    const start = this.#startOf(settings, config.seed);
    const sources = this.#data.ofArrays(label, { data, config, settings, seed: start.seed });
    return this.#run(label, { settings, callbacks, start, sources });
  }

  async fitDataset(dataset: BatchDataset, config: FitDatasetConfig): Promise<History> {
    const label = `${this.#name}.fitDataset`;
    this.#requireIdle(label);
    const settings = fitDatasetSettings(label, config);
    const callbacks = new CallbackList(label, config.callbacks, this.#trainee.model);
    const start = this.#startOf(settings, undefined);
    const sources = this.#data.ofDataset(label, { dataset, config, settings });
    return this.#run(label, { settings, callbacks, start, sources });
  }

  async #run(
    label: string,
    parts: {
      settings: FitSettings;
      callbacks: CallbackList;
      start: TrainingPosition;
      sources: FitSources;
    },
  ): Promise<History> {
    const { settings, callbacks, start, sources } = parts;
    const { training, validation } = sources;
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
    this.#isFitting = true;
    try {
      this.config.optimizer.clearFault();
      return await runFit({
        ...{ label, settings, callbacks, start, progress, history, training, validation },
        trainingStep: () => this.#trainingStep(),
        validationStep: () => this.#validationStep(),
        metrics: tallyEntries(this.config).map(({ name }) => name),
        begun: () => {},
        resumed: () => {
          const { figures } = this.state;
          this.state.figures = null;
          return figures;
        },
        moved: (position) => {
          this.state.position = position;
        },
        rested: async () => {},
        isStopped: this.#trainee.isStopped,
      });
    } finally {
      this.#isFitting = false;
      progress.close();
      await sources.dispose();
      await callbacks.trainExit();
    }
  }

  /** Training that ended before this epoch goes on, with its order of samples; else it begins with a new one. */
  #startOf({ initialEpoch }: FitSettings, seed: number | undefined): TrainingPosition {
    const { position } = this.state;
    const goesOn = initialEpoch > 0 && position?.epoch === initialEpoch;
    if (goesOn && (seed === undefined || seed === position.seed)) return position;
    const drawn = seed ?? withStream(this.#stream(), nextSeed);
    return { seed: drawn, epoch: initialEpoch, batch: 0 };
  }

  /** Enqueues the judgement of all batches at once; the figures are scalars. */
  evaluate(data: DataArguments, { batchSize, steps }: JudgedRows): Tensor[] {
    const label = `${this.#name}.evaluate`;
    checkBatchSize(label, batchSize);
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
      `${label}: the loss or a gradient is not finite; the weights are unchanged. Look for NaN in x and y; ` +
        "else lower the learning rate, or set globalClipnorm on the optimizer.",
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

  /** Totals of the epoch under way, read; null before the first step. */
  figures(): Promise<Float32Array> | null {
    return this.#training?.tally.totals() ?? null;
  }

  /** Frees what training needs besides the weights. */
  dispose(): void {
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

  #trainingStep(): TrainingStep {
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
    this.state.stream ??= { seed: nextSeed(), draws: 0 };
    return this.state.stream;
  }

  #validationStep(): TestStep {
    this.#validation ??= new TestStep(this.#trainee.layer, this.config, "validation");
    return this.#validation;
  }

  #evaluationStep(): TestStep {
    this.#evaluation ??= new TestStep(this.#trainee.layer, this.config, "evaluation");
    return this.#evaluation;
  }
}

function batchRows(batch: Batch, start: number, count: number): Batch {
  return mapBatch(batch, (tensor) => rowsOf(tensor, start, count));
}
