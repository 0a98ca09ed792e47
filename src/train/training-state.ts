import type { RandomStream } from "../tensor/index.ts";

/** Where training stands: beside weights, states and optimizer all that is needed to go on as if nothing had been. */
export interface TrainingPosition {
  /** Decides the orders of the samples. */
  readonly seed: number;
  /** Number of the epoch that goes on or comes next. */
  readonly epoch: number;
  /** Number of the batch that comes next. */
  readonly batch: number;
  /** Where the fit began: its first epoch, and the pass over a data set that this was. */
  readonly origin: Origin;
}

/** Which pass over a data set the first epoch of a fit is. */
export interface Origin {
  readonly epoch: number;
  readonly pass: number;
}

/** What a model keeps of its training, besides what lies on the GPU. */
export interface TrainingState {
  /** Of the latest `fit`; null before the first. */
  position: TrainingPosition | null;
  /** From which everything random in training is drawn; null before the first step. */
  stream: RandomStream | null;
  /** Totals that the figures of the epoch under way had come to, where it goes on from a file; null: nothing to take up. */
  figures: Float32Array | null;
}
