import { ArgumentError } from "../errors.ts";
import type { TensorLike } from "../tensor/index.ts";
import type { Callback } from "./callbacks.ts";
import { checkBatchSize, type ModelData } from "./data.ts";

/** What `fit` takes besides the data. */
export interface FitConfig {
  /** Samples an update. Default 32. */
  readonly batchSize?: number;
  /** Passes over the data; the last one has number `epochs - 1`. Default 1. */
  readonly epochs?: number;
  /** Number of the first epoch, for training that goes on. Default 0. */
  readonly initialEpoch?: number;
  /** Share of the samples, taken from the end before shuffling, that is only judged. Default 0. */
  readonly validationSplit?: number;
  /** Samples that are only judged, at each epoch's end: `[x, y]` or `[x, y, sampleWeight]`. */
  readonly validationData?:
    | readonly [ModelData, ModelData]
    | readonly [ModelData, ModelData, TensorLike];
  /** Whether the samples come in a new order at each epoch. Default true. */
  readonly shuffle?: boolean;
  /** Decides the orders. Default: drawn from the engine's seed. */
  readonly seed?: number;
  /** Factor of each sample's loss [B], or of each step's [B, T]. */
  readonly sampleWeight?: TensorLike;
  readonly callbacks?: Callback | readonly Callback[];
  /** Stops training within a step; `fit` then rejects with an AbortError. */
  readonly signal?: AbortSignal;
  /** 1 or "auto": a progress bar where there is a terminal; 0: silent. Default "auto". */
  readonly verbose?: 0 | 1 | "auto";
  /** When the rest of the program gets its turn: milliseconds, or at these points. Default "auto": 125 ms. */
  readonly yieldEvery?: YieldEvery;
}

/** As in TF.js. */
export type YieldEvery = number | "auto" | "batch" | "epoch" | "never";

/** `FitConfig` with its defaults. */
export interface FitSettings {
  readonly batchSize: number;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly validationSplit: number;
  readonly shuffle: boolean;
  /** Milliseconds; 0 yields after each batch. */
  readonly yieldEveryMs: number;
  readonly verbose: 0 | 1;
  readonly signal: AbortSignal | null;
}

const AUTO_YIELD_MS = 125;

/**
 * Fills in the defaults.
 * @throws {ArgumentError} for a setting out of bounds.
 */
export function fitSettings(label: string, config: FitConfig): FitSettings {
  const { batchSize = 32, epochs = 1, initialEpoch = 0, validationSplit = 0 } = config;
  checkBatchSize(label, batchSize);
  checkCount(label, "epochs", epochs, 1);
  checkCount(label, "initialEpoch", initialEpoch, 0);
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new ArgumentError(
      `${label}: received validationSplit ${String(validationSplit)}. Expected a share from 0 to below 1.`,
    );
  }
  if (validationSplit > 0 && config.validationData !== undefined) {
    throw new ArgumentError(
      `${label}: received both validationSplit and validationData. Expected one of them.`,
    );
  }
  return {
    batchSize,
    epochs,
    initialEpoch,
    validationSplit,
    shuffle: config.shuffle ?? true,
    yieldEveryMs: yieldEveryMs(label, config.yieldEvery ?? "auto"),
    verbose: config.verbose === 0 ? 0 : 1,
    signal: config.signal ?? null,
  };
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

function checkCount(label: string, name: string, value: number, from: number): void {
  if (Number.isInteger(value) && value >= from) return;
  throw new ArgumentError(
    `${label}: received ${name} ${String(value)}. Expected a whole number from ${from} on.`,
  );
}
