import type { Tensor } from "../../tensor/index.ts";
import type { Batch } from "../objective.ts";

/** One batch on its way to a compiled step. Its tensors end when the next batch is asked for. */
export interface Feed {
  /** The batch itself; or, with `rows`, all samples. */
  readonly data: Batch;
  /** Which samples of `data` make the batch, int32 [B]; null: all. */
  readonly rows: Tensor | null;
  /** Samples of the batch. */
  readonly size: number;
}

/** Where the batches of an epoch come from. */
export interface BatchSource {
  /** Batches of an epoch; null while that is not known. */
  readonly steps: number | null;
  /** Samples of one pass over the data; null when that is not known. */
  readonly samples: number | null;
  /** The batches of epoch number `epoch`, from batch `first` on. */
  batches(epoch: number, first: number): Iterable<Feed> | AsyncIterable<Feed>;
  /** Frees what was brought to the GPU for it. */
  dispose(): void | Promise<void>;
}
