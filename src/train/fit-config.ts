import { ArgumentError } from "../errors.ts";
import { type ConfigKeys, checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { wholeNumber } from "../names/whole-number.ts";
import type { ClassWeight } from "./batches/class-weight.ts";
import type { ModelData, SampleWeight } from "./batches/data.ts";
import type { BatchDataset } from "./batches/dataset-source.ts";
import type { CallbackHooks } from "./callbacks/callback-hooks.ts";

/** What `fit` and `fitDataset` take alike. */
interface TrainingConfig {
  /** Passes over the data; the last one has number `epochs - 1`. Default 1. */
  readonly epochs?: number;
  /**
   * Number of the first epoch. Default 0. Where the latest training (of this model, or of the file that it was loaded
   * from) ended before that epoch, it goes on as if it had not been interrupted.
   */
  readonly initialEpoch?: number;
  /** Updates that count as an epoch; the next one goes on in the data where it ended. Default: a pass over the data. */
  readonly stepsPerEpoch?: number | null;
  /** Batches of the validation. Default: all. */
  readonly validationSteps?: number | null;
  /** Samples a run of the validation, where they are not batches already. Default: `batchSize`, or 32. */
  readonly validationBatchSize?: number;
  /** The validation runs at every so many epochs' ends, or (a list) at those of these epochs, counted from 1. Default 1. */
  readonly validationFreq?: number | readonly number[];
  /** Factor of each sample's loss by the class that its label names: `{ 0: 1, 1: 5 }`; others have 1. One output only. */
  readonly classWeight?: ClassWeight | null;
  readonly callbacks?: CallbackHooks | readonly CallbackHooks[] | null;
  /** Stops training within a step; `fit` then rejects with an AbortError. */
  readonly signal?: AbortSignal | null;
  /** 1, true or "auto": a progress bar where there is a terminal; 2: a line an epoch; 0, false: silent. Default "auto". */
  readonly verbose?: Verbose;
  /** When the rest of the program gets its turn: milliseconds, or at these points. Default "auto": 125 ms. */
  readonly yieldEvery?: YieldEvery;
}

/** Samples that are only judged: `[x, y]` or `[x, y, sampleWeight]`, or batches. */
export type ValidationData =
  | readonly [ModelData, ModelData]
  | readonly [ModelData, ModelData, SampleWeight]
  | BatchDataset;

/** What `fit` takes besides the data. */
export interface FitConfig extends TrainingConfig {
  /** Samples an update. Default 32. */
  readonly batchSize?: number;
  /** Share of the samples, taken from the end before shuffling, that is only judged. Default 0. */
  readonly validationSplit?: number;
  /** Samples that are only judged, at each epoch's end. */
  readonly validationData?: ValidationData | null;
  /**
   * Whether the samples come in a new order at each pass; `"batch"`: batches of neighbours do, in a new order of
   * batches. Default true.
   */
  readonly shuffle?: boolean | "batch";
  /** Decides the orders. Default: drawn from the engine's seed. */
  readonly seed?: number;
  /** Factor of each sample's loss [B], or of each step's [B, T]. */
  readonly sampleWeight?: SampleWeight | null;
}

/** What `fitDataset` takes besides the data set. */
export interface FitDatasetConfig extends TrainingConfig {
  /** `stepsPerEpoch`, as TF.js calls it. */
  readonly batchesPerEpoch?: number | null;
  /** Samples that are only judged, at each epoch's end. */
  readonly validationData?: ValidationData | null;
  /** `validationSteps`, as TF.js calls it. */
  readonly validationBatches?: number | null;
}

/** How much is shown, as in Keras and TF.js. */
export type Verbose = 0 | 1 | 2 | boolean | "auto";

/** As in TF.js. */
export type YieldEvery = number | "auto" | "batch" | "epoch" | "never";

/** `FitConfig` or `FitDatasetConfig` with its defaults. */
export interface FitSettings {
  readonly batchSize: number;
  readonly epochs: number;
  readonly initialEpoch: number;
  /** Batches an epoch; null: those of a pass. */
  readonly stepsPerEpoch: number | null;
  readonly validationSplit: number;
  readonly validationBatchSize: number;
  /** null: all. */
  readonly validationSteps: number | null;
  readonly validationFreq: number | readonly number[];
  readonly shuffle: boolean | "batch";
  /** Milliseconds; 0 yields after each batch. */
  readonly yieldEveryMs: number;
  readonly verbose: 0 | 1 | 2;
  readonly signal: AbortSignal | null;
}

const AUTO_YIELD_MS = 125;

const trainingKeys: ConfigKeys<TrainingConfig> = {
  epochs: "number",
  initialEpoch: "number",
  stepsPerEpoch: "number",
  validationSteps: "number",
  validationBatchSize: "number",
  validationFreq: "any",
  classWeight: "any",
  callbacks: "any",
  signal: "any",
  verbose: "any",
  yieldEvery: "any",
};

const fitKeys: ConfigKeys<FitConfig> = {
  ...trainingKeys,
  batchSize: "number",
  validationSplit: "number",
  validationData: "any",
  shuffle: "any",
  seed: "number",
  sampleWeight: "any",
};

const fitDatasetKeys: ConfigKeys<FitDatasetConfig> = {
  ...trainingKeys,
  batchesPerEpoch: "number",
  validationData: "any",
  validationBatches: "number",
};

/**
 * Fills in the defaults of `fit`.
 * @throws {ArgumentError} for a setting out of bounds.
 */
export function fitSettings(label: string, config: FitConfig): FitSettings {
  checkKeys(label, config, fitKeys);
  const shuffle = config.shuffle ?? true;
  if (typeof shuffle !== "boolean" && shuffle !== "batch") {
    throw new ArgumentError(
      `${label}: received shuffle ${describeValue(shuffle)}. Expected true, false or "batch".`,
    );
  }
  const validationSplit = config.validationSplit ?? 0;
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new ArgumentError(
      `${label}: received validationSplit ${String(validationSplit)}. Expected a share from 0 to below 1.`,
    );
  }
  if (validationSplit > 0 && (config.validationData ?? null) !== null) {
    throw new ArgumentError(
      `${label}: received both validationSplit and validationData. Expected one of them.`,
    );
  }
  const batchSize = wholeNumber(config.batchSize ?? 32, `${label}: batchSize`);
  return { ...trainingSettings(label, config, batchSize), batchSize, shuffle, validationSplit };
}

/**
 * Fills in the defaults of `fitDataset`.
 * @throws {ArgumentError} for a setting out of bounds.
 */
export function fitDatasetSettings(label: string, config: FitDatasetConfig): FitSettings {
  checkKeys(label, config, fitDatasetKeys);
  const stepsPerEpoch = config.stepsPerEpoch ?? config.batchesPerEpoch ?? null;
  const validationSteps = config.validationSteps ?? config.validationBatches ?? null;
  const shared = trainingSettings(label, { ...config, stepsPerEpoch, validationSteps }, 32);
  return { ...shared, batchSize: 32, shuffle: false, validationSplit: 0 };
}

function trainingSettings(
  label: string,
  config: TrainingConfig,
  batchSize: number,
): Omit<FitSettings, "batchSize" | "shuffle" | "validationSplit"> {
  const epochs = config.epochs ?? 1;
  const initialEpoch = config.initialEpoch ?? 0;
  const stepsPerEpoch = config.stepsPerEpoch ?? null;
  const validationSteps = config.validationSteps ?? null;
  const validationFreq = config.validationFreq ?? 1;
  for (const epoch of [validationFreq].flat()) wholeNumber(epoch, `${label}: validationFreq`);
  wholeNumber(epochs, `${label}: epochs`);
  wholeNumber(initialEpoch, `${label}: initialEpoch`, 0);
  if (stepsPerEpoch !== null) wholeNumber(stepsPerEpoch, `${label}: stepsPerEpoch`);
  if (validationSteps !== null) wholeNumber(validationSteps, `${label}: validationSteps`);
  return {
    epochs,
    initialEpoch,
    stepsPerEpoch,
    validationSteps,
    validationBatchSize: wholeNumber(
      config.validationBatchSize ?? batchSize,
      `${label}: validationBatchSize`,
    ),
    validationFreq,
    yieldEveryMs: yieldEveryMs(label, config.yieldEvery ?? "auto"),
    verbose: checkVerbose(label, config.verbose),
    signal: checkSignal(label, config.signal ?? null),
  };
}

/**
 * How much to show; absent: 1.
 * @throws {ArgumentError} for what is no such setting.
 */
export function checkVerbose(label: string, verbose: Verbose | null | undefined): 0 | 1 | 2 {
  switch (verbose ?? "auto") {
    case 0:
    case false:
      return 0;
    case 1:
    case true:
    case "auto":
      return 1;
    case 2:
      return 2;
    default:
      throw new ArgumentError(
        `${label}: received verbose ${describeValue(verbose)}. Expected 0, 1, 2, true, false or "auto".`,
      );
  }
}

function checkSignal(label: string, signal: AbortSignal | null): AbortSignal | null {
  if (signal === null || typeof signal.aborted === "boolean") return signal;
  throw new ArgumentError(
    `${label}: received ${describeValue(signal)} as signal. Expected an AbortSignal: ` +
      "new AbortController().signal.",
  );
}

function yieldEveryMs(label: string, yieldEvery: YieldEvery): number {
  switch (yieldEvery) {
    case "auto":
      return AUTO_YIELD_MS;
    case "batch":
      return 0;
    case "epoch":
    case "never":
      return Number.POSITIVE_INFINITY;
    default:
      if (typeof yieldEvery === "number" && yieldEvery >= 0) return yieldEvery;
      throw new ArgumentError(
        `${label}: received yieldEvery ${String(yieldEvery)}. Expected milliseconds from 0 on, "auto", ` +
          '"batch", "epoch" or "never".',
      );
  }
}
