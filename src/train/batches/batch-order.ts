import { orderedIndices, shuffledIndices } from "../../data/shuffled-indices.ts";
import { uniformBits } from "../../ops/random-bits.ts";

/** Which samples come when. */
export interface OrderConfig {
  /** Number of the first sample, and of that after the last. */
  readonly start: number;
  readonly end: number;
  readonly batchSize: number;
  /** Whether the samples change their order at each pass, or ("batch") whole batches of neighbours do. */
  readonly shuffle: boolean | "batch";
  /** Decides the orders. */
  readonly seed: number;
  /** Batches of an epoch; null: those of one pass over the samples. */
  readonly steps: number | null;
}

/**
 * The order of samples in training: pass after pass over the data, cut into batches, cut into epochs. Where an epoch
 * is not one pass, the next epoch goes on where it ended.
 */
export class BatchOrder {
  readonly #config: OrderConfig;
  readonly #batchesOfPass: number;
  #latest: { readonly pass: number; readonly order: Int32Array } | null = null;

  constructor(config: OrderConfig) {
    this.#config = config;
    this.#batchesOfPass = Math.ceil((config.end - config.start) / config.batchSize);
  }

  /** Batches of an epoch. */
  get steps(): number {
    return this.#config.steps ?? this.#batchesOfPass;
  }

  /** The samples of a batch, by their numbers; both count from 0. */
  rowsOf(epoch: number, batch: number): Int32Array {
    const { batchSize } = this.#config;
    const place = epoch * this.steps + batch;
    const order = this.#orderOf(Math.floor(place / this.#batchesOfPass));
    const start = (place % this.#batchesOfPass) * batchSize;
    return order.subarray(start, start + batchSize);
  }

  #orderOf(pass: number): Int32Array {
    if (this.#latest?.pass === pass) return this.#latest.order;
    const { start, end, shuffle, seed } = this.#config;
    const count = end - start;
    const key = uniformBits(seed, pass);
    const order =
      shuffle === "batch"
        ? this.#shuffledBatches(count, key)
        : shuffle
          ? shuffledIndices(count, key)
          : orderedIndices(count);
    if (start > 0) for (let i = 0; i < order.length; i++) order[i] = (order[i] ?? 0) + start;
    this.#latest = { pass, order };
    return order;
  }

  /** Keras's `shuffle="batch"`: a last, smaller batch stays the last. */
  #shuffledBatches(count: number, key: number): Int32Array {
    const { batchSize } = this.#config;
    const whole = Math.floor(count / batchSize);
    const batches = shuffledIndices(whole, key);
    const order = orderedIndices(count);
    batches.forEach((batch, place) => {
      for (let i = 0; i < batchSize; i++) order[place * batchSize + i] = batch * batchSize + i;
    });
    return order;
  }
}
