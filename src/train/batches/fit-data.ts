import { ArgumentError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";
import type { AnyLayer } from "../../layers/layer.ts";
import { type LayerShapes, shapeList } from "../../layers/layer-shape.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { CallbackModel } from "../callbacks/callback-hooks.ts";
import type { CompiledConfig } from "../compile-config.ts";
import type { FitConfig, FitDatasetConfig, FitSettings, ValidationData } from "../fit-config.ts";
import type { History } from "../history/history.ts";
import type { Batch } from "../objective.ts";
import type { Restorable } from "../saving/fit-backup.ts";
import type { Origin } from "../training-state.ts";
import type { OrderConfig } from "./batch-order.ts";
import type { BatchSource } from "./batch-source.ts";
import { type ClassWeight, weighClasses } from "./class-weight.ts";
import {
  countRows,
  type DataArguments,
  type Port,
  type PreparedBatch,
  tensorsFor,
} from "./data.ts";
import { type BatchDataset, DatasetSource } from "./dataset-source.ts";
import { HostSource, isOnHost } from "./host-source.ts";
import { checkAllLabels, checkWeights } from "./label-checks.ts";
import { isSmallEnough, ResidentData, ResidentSource } from "./resident-source.ts";
import { resolveSampleWeight } from "./sample-weight.ts";

/** What training needs to know of the model. */
export interface Trainee {
  readonly layer: AnyLayer;
  /** The same, as callbacks see it. */
  readonly model: CallbackModel;
  /** The same, as backups see it. */
  readonly restorable: Restorable;
  readonly inputs: () => readonly Port[];
  /** Told of the record of a fit that begins. */
  readonly began: (history: History) => void;
  /** Whether somebody asked training to stop. */
  readonly isStopped: () => boolean;
}

/** Where the batches of one `fit` come from. */
export interface FitSources {
  readonly training: BatchSource;
  readonly validation: BatchSource | null;
  /** Frees the data. */
  readonly dispose: () => Promise<void>;
}

/** Turns what the caller gave into batches that fit the model. */
export class FitData {
  readonly #trainee: Trainee;
  readonly #config: CompiledConfig;

  constructor(trainee: Trainee, config: CompiledConfig) {
    this.#trainee = trainee;
    this.#config = config;
  }

  /** Samples on the GPU, or on the host where they are too large for it; those that are held out likewise. */
  ofArrays(
    label: string,
    parts: { data: DataArguments; config: FitConfig; settings: FitSettings; seed: number },
  ): FitSources {
    const { data, config, settings, seed } = parts;
    const { batchSize, stepsPerEpoch, validationSplit } = settings;
    const { batch: given, rows } = this.prepare(label, data);
    const end = splitPoint(label, rows, validationSplit);
    const weighed = this.#withClassWeights(label, given, config.classWeight ?? null);
    const held = this.#validationSource(label, config.validationData ?? null, settings);
    const { source, dispose } = this.#arraySource(weighed, this.#trainee.layer.name);
    const order = { start: 0, end, batchSize, shuffle: settings.shuffle, seed };
    const training = source({ ...order, steps: stepsPerEpoch });
    const rest = { start: end, end: rows, batchSize: settings.validationBatchSize };
    const validation =
      end < rows
        ? source({ ...rest, shuffle: false, seed: 0, steps: limited(settings, rows - end) })
        : held;
    const disposeAll = async (): Promise<void> => {
      dispose();
      await held?.dispose();
    };
    return { training, validation, dispose: disposeAll };
  }

  /** Batches that somebody else makes. */
  ofDataset(
    label: string,
    parts: {
      dataset: BatchDataset;
      config: FitDatasetConfig;
      settings: FitSettings;
      origin: Origin;
    },
  ): FitSources {
    const { dataset, config, settings, origin } = parts;
    const classWeight = config.classWeight ?? null;
    const { stepsPerEpoch: steps, signal } = settings;
    const options = { steps, classWeight, origin, signal };
    const training = this.#datasetSource(label, dataset, options);
    const validation = this.#validationSource(label, config.validationData ?? null, settings);
    const dispose = async (): Promise<void> => {
      await training.dispose();
      await validation?.dispose();
    };
    return { training, validation, dispose };
  }

  /** Batches that are only judged; of `steps` as many, null: all. */
  ofBatches(label: string, dataset: BatchDataset, steps: number | null): BatchSource {
    return this.#datasetSource(label, dataset, { steps, classWeight: null, signal: null });
  }

  /** Makes sources of samples that are there as a whole. */
  #arraySource(
    batch: Batch,
    name: string,
  ): { source: (order: OrderConfig) => BatchSource; dispose: () => void } {
    if (!isSmallEnough(batch) && isOnHost(batch)) {
      return { source: (order) => new HostSource(batch, order), dispose: () => {} };
    }
    const resident = new ResidentData(name, batch);
    return {
      source: (order) => new ResidentSource(resident, order),
      dispose: () => resident.dispose(),
    };
  }

  #datasetSource(
    label: string,
    dataset: BatchDataset,
    options: {
      steps: number | null;
      classWeight: ClassWeight | null;
      signal: AbortSignal | null;
      origin?: Origin;
    },
  ): DatasetSource {
    const { steps, classWeight, signal, origin = { epoch: 0, pass: 0 } } = options;
    const prepare = (from: string, data: DataArguments): PreparedBatch => {
      const { batch, rows } = this.prepare(from, data);
      return { batch: this.#withClassWeights(from, batch, classWeight), rows };
    };
    return new DatasetSource(dataset, { label, steps, signal, origin, prepare });
  }

  /** What is only judged, from samples or from batches. */
  #validationSource(
    label: string,
    given: ValidationData | null,
    settings: FitSettings,
  ): BatchSource | null {
    if (given === null) return null;
    const title = `${label}: validationData`;
    if (!isPair(given)) {
      const { validationSteps: steps, signal } = settings;
      return this.#datasetSource(title, given, { steps, classWeight: null, signal });
    }
    const [x, y, sampleWeight] = given;
    const { batch, rows } = this.prepare(title, { x, y, sampleWeight });
    const { source, dispose } = this.#arraySource(batch, `${this.#trainee.layer.name}/validation`);
    const order = { start: 0, end: rows, batchSize: settings.validationBatchSize };
    const made = source({ ...order, shuffle: false, seed: 0, steps: limited(settings, rows) });
    return {
      steps: made.steps,
      samples: made.samples,
      batches: (epoch, first) => made.batches(epoch, first),
      dispose,
    };
  }

  /** Tensors of the right shapes, and a model that is built; throws every error that bad data deserves. */
  prepare(label: string, { x, y, sampleWeight }: DataArguments): PreparedBatch {
    const { layer, inputs: ports } = this.#trainee;
    const outputs = this.#config.outputs.map(({ name }) => ({ name, shape: null }));
    const inputs = tensorsFor(`${label}: x`, x, ports());
    const labels = tensorsFor(`${label}: y`, y, outputs);
    const names = outputs.map(({ name }) => name);
    const batch = { inputs, labels, ...resolveSampleWeight(label, sampleWeight, names) };
    const rows = countRows(label, batch);
    const shapes = layerShapes(inputs);
    layer.ensureBuilt(shapes);
    const outputShapes = shapeList(layer.computeOutputShape(shapes)).map(knownShape);
    checkAllLabels(label, this.#config, { labels, outputShapes });
    batch.weights.forEach((weights, which) => {
      const own = outputShapes.filter((_, i) => batch.weighedBy[i] === which);
      checkWeights(label, weights, own);
    });
    return { batch, rows };
  }

  /** The weights of the samples, times those of their classes. */
  #withClassWeights(label: string, batch: Batch, classWeight: ClassWeight | null): Batch {
    if (classWeight === null) return batch;
    const [output, ...others] = this.#config.outputs;
    const [labels] = batch.labels;
    if (output === undefined || labels === undefined || others.length > 0) {
      throw new ArgumentError(
        `${label}: received classWeight for a model of ${this.#config.outputs.length} outputs. Expected one output; ` +
          "weigh the samples with sampleWeight.",
      );
    }
    const [weights = null] = batch.weights;
    const weighed = weighClasses(label, classWeight, { labels, loss: output.loss, weights });
    return { ...batch, weights: [weighed], weighedBy: [0] };
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

/** The number of validation batches, where fewer than all are asked for. */
function limited({ validationSteps, validationBatchSize }: FitSettings, rows: number): number {
  const all = Math.ceil(rows / validationBatchSize);
  return Math.min(all, validationSteps ?? all);
}

/** Whether these are samples, and no batches. */
function isPair(given: ValidationData): given is Exclude<ValidationData, BatchDataset> {
  if (!Array.isArray(given) || given.length < 2 || given.length > 3) return false;
  const [first]: readonly unknown[] = given;
  return !(typeof first === "object" && first !== null && "xs" in first && "ys" in first);
}
