import { ArgumentError, NumericsError, SluiceError } from "../errors.ts";
import type { Shape } from "../graph/shape.ts";
import type { AnyLayer } from "../layers/layer.ts";
import { type LayerShapes, shapeList } from "../layers/layer-shape.ts";
import { uniformBits } from "../ops/random-bits.ts";
import {
  type Tensor,
  type TensorLike,
  toTensor,
  type Variable,
  variable,
} from "../tensor/index.ts";
import { nextSeed } from "../tensor/seed.ts";
import type { CallbackModel, Logs } from "./callbacks/callback-hooks.ts";
import { CallbackList } from "./callbacks/callback-list.ts";
import { type ClassWeight, weighClasses } from "./class-weight.ts";
import type { CompiledConfig } from "./compile-config.ts";
import {
  checkBatchSize,
  countRows,
  type ModelData,
  type Port,
  rowsOf,
  tensorsFor,
} from "./data.ts";
import { type DataRange, type FitTask, runFit } from "./fit.ts";
import { type FitConfig, fitSettings } from "./fit-config.ts";
import type { History } from "./history.ts";
import { checkAllLabels, checkWeights } from "./label-checks.ts";
import { TestStep, TrainingStep } from "./model-steps.ts";
import type { Batch } from "./objective.ts";
import { Progress } from "./progress.ts";

/** What a trainer needs to know of the model. */
export interface Trainee {
  readonly layer: AnyLayer;
  readonly inputs: () => readonly Port[];
  /** Whether somebody asked training to stop. */
  readonly isStopped: () => boolean;
}

/** Data as the verbs of a model take them. */
export interface DataArguments {
  readonly x: ModelData;
  readonly y: ModelData;
  readonly sampleWeight?: TensorLike | null | undefined;
}

/** A compiled model's training, with the steps it has compiled. */
export class Trainer {
  readonly config: CompiledConfig;
  readonly #trainee: Trainee;
  #training: TrainingStep | null = null;
  #validation: TestStep | null = null;
  #evaluation: TestStep | null = null;
  #isFitting = false;

  constructor(trainee: Trainee, config: CompiledConfig) {
    this.#trainee = trainee;
    this.config = config;
  }

  get isFitting(): boolean {
    return this.#isFitting;
  }

  async fit(data: DataArguments, config: FitConfig): Promise<History> {
    const label = `${this.#name}.fit`;
    this.#requireIdle(label);
    const settings = fitSettings(label, config);
    const { layer, isStopped } = this.#trainee;
    const callbacks = new CallbackList(label, config.callbacks, layer as unknown as CallbackModel);
    const task = { ...this.#prepareFit(label, data, config), label, settings };
    const steps = Math.ceil((task.training.end - task.training.start) / settings.batchSize);
    const progress = new Progress({
      verbose: settings.verbose,
      epochs: settings.epochs,
      steps: () => steps,
    });
    const seed = config.seed ?? nextSeed();
    const shuffleKey = (epoch: number): number => uniformBits(seed, epoch);
    this.#isFitting = true;
    this.config.optimizer.clearFault();
    task.trainingStep.isSticky = true;
    try {
      return await runFit({ ...task, progress, callbacks, shuffleKey, isStopped });
    } finally {
      this.#isFitting = false;
      progress.close();
      for (const one of task.uploaded) one.dispose();
      await callbacks.trainExit();
    }
  }

  /** Enqueues the judgement of all batches at once; the figures are scalars. */
  evaluate(data: DataArguments, batchSize: number): Tensor[] {
    const label = `${this.#name}.evaluate`;
    checkBatchSize(label, batchSize);
    const { batch, rows } = this.#prepare(label, data);
    const step = this.#evaluationStep();
    step.tally.reset();
    for (let start = 0; start < rows; start += batchSize) {
      const part = batchRows(batch, start, Math.min(batchSize, rows - start));
      step.run(part);
      for (const tensor of [...part.inputs, ...part.labels]) tensor.dispose();
      part.weights?.dispose();
    }
    return step.figures();
  }

  /** One update on these samples as one batch. */
  async trainOnBatch(data: DataArguments): Promise<Logs> {
    const label = `${this.#name}.trainOnBatch`;
    this.#requireIdle(label);
    const { batch } = this.#prepare(label, data);
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
    const { batch } = this.#prepare(`${this.#name}.testOnBatch`, data);
    const step = this.#evaluationStep();
    step.tally.reset();
    step.run(batch);
    return (await step.tally.read()).logs;
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

  #prepareFit(
    label: string,
    data: DataArguments,
    config: FitConfig,
  ): Pick<FitTask, "training" | "validation" | "trainingStep" | "validationStep"> & {
    uploaded: Variable[];
  } {
    const whole = this.#prepare(label, data);
    const held = config.validationData ?? null;
    const heldOut =
      held === null
        ? null
        : this.#prepare(`${label}: validationData`, {
            x: held[0],
            y: held[1],
            sampleWeight: held[2],
          });
    const end = splitPoint(label, whole.rows, config.validationSplit ?? 0);
    const trainingStep = this.#trainingStep();
    this.#validation ??= new TestStep(this.#trainee.layer, this.config, "validation");
    const weights = this.#classWeights(label, whole.batch, config.classWeight ?? null);
    const { batch, uploaded } = upload(this.#name, { ...whole.batch, weights });
    const other = heldOut === null ? null : upload(`${this.#name}/validation`, heldOut.batch);
    const validation: DataRange | null =
      heldOut !== null && other !== null
        ? { data: other.batch, start: 0, end: heldOut.rows }
        : end < whole.rows
          ? { data: batch, start: end, end: whole.rows }
          : null;
    return {
      training: { data: batch, start: 0, end },
      validation,
      trainingStep,
      validationStep: this.#validation,
      uploaded: [...uploaded, ...(other?.uploaded ?? [])],
    };
  }

  /** Tensors of the right shapes, and a model that is built; throws every error that bad data deserves. */
  #prepare(label: string, { x, y, sampleWeight }: DataArguments): { batch: Batch; rows: number } {
    const { layer, inputs: ports } = this.#trainee;
    const outputs = this.config.outputs.map(({ name }) => ({ name, shape: null }));
    const inputs = tensorsFor(`${label}: x`, x, ports());
    const labels = tensorsFor(`${label}: y`, y, outputs);
    const weights =
      sampleWeight === undefined || sampleWeight === null
        ? null
        : toTensor(sampleWeight, `${label}: sampleWeight`);
    const batch = { inputs, labels, weights };
    const rows = countRows(label, batch);
    const shapes = layerShapes(inputs);
    layer.ensureBuilt(shapes);
    const outputShapes = shapeList(layer.computeOutputShape(shapes)).map(knownShape);
    checkAllLabels(label, this.config, { labels, outputShapes });
    if (weights !== null) checkWeights(label, weights, outputShapes);
    return { batch, rows };
  }

  /** The weights of the samples, times those of their classes. */
  #classWeights(label: string, batch: Batch, classWeight: ClassWeight | null): Tensor | null {
    if (classWeight === null) return batch.weights;
    const [output, ...others] = this.config.outputs;
    const [labels] = batch.labels;
    if (output === undefined || labels === undefined || others.length > 0) {
      throw new ArgumentError(
        `${label}: received classWeight for a model of ${this.config.outputs.length} outputs. Expected one output; ` +
          "weigh the samples with sampleWeight.",
      );
    }
    return weighClasses(label, classWeight, { labels, loss: output.loss, weights: batch.weights });
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
    this.#training = new TrainingStep(this.#trainee.layer, this.config);
    return this.#training;
  }

  #evaluationStep(): TestStep {
    this.#evaluation ??= new TestStep(this.#trainee.layer, this.config, "evaluation");
    return this.#evaluation;
  }
}

function layerShapes(inputs: readonly Tensor[]): LayerShapes {
  const [first] = inputs;
  return inputs.length === 1 && first !== undefined ? first.shape : inputs.map((one) => one.shape);
}

/** Shapes of real data have no unknown sizes; a layer that gives one anyway leaves that axis unchecked. */
function knownShape(shape: readonly (number | null)[]): Shape {
  return shape.map((dim) => dim ?? 1);
}

function splitPoint(label: string, rows: number, share: number): number {
  const end = Math.floor(rows * (1 - share));
  if (end > 0) return end;
  throw new ArgumentError(
    `${label}: validationSplit ${share} of ${rows} samples leaves none to train on.`,
  );
}

function batchRows(batch: Batch, start: number, count: number): Batch {
  return {
    inputs: batch.inputs.map((tensor) => rowsOf(tensor, start, count)),
    labels: batch.labels.map((tensor) => rowsOf(tensor, start, count)),
    weights: batch.weights === null ? null : rowsOf(batch.weights, start, count),
  };
}

/** Brings data to the GPU for as long as training lasts. */
function upload(name: string, batch: Batch): { batch: Batch; uploaded: Variable[] } {
  const uploaded: Variable[] = [];
  const bring = (tensor: Tensor, part: string): Variable => {
    const there = variable(tensor, false, `${name}/${part}`);
    uploaded.push(there);
    return there;
  };
  return {
    batch: {
      inputs: batch.inputs.map((tensor, i) => bring(tensor, `x${i}`)),
      labels: batch.labels.map((tensor, i) => bring(tensor, `y${i}`)),
      weights: batch.weights === null ? null : bring(batch.weights, "sampleWeight"),
    },
    uploaded,
  };
}
