import { Tensor, tensor, type Variable, variable } from "../../tensor/index.ts";
import type { Batch } from "../objective.ts";
import { BatchOrder, type OrderConfig } from "./batch-order.ts";
import type { BatchSource, Feed } from "./batch-source.ts";
import { batchTensors, mapBatch } from "./data.ts";

/** Samples that lie on the GPU as a whole, for as long as training lasts. */
export class ResidentData {
  readonly batch: Batch;
  readonly #uploaded: Variable[] = [];

  constructor(name: string, batch: Batch) {
    this.batch = mapBatch(batch, (one, part) => this.#bring(one, `${name}/${part}`));
  }

  dispose(): void {
    for (const one of this.#uploaded.splice(0)) one.dispose();
  }

  /** A step takes the content and not the variable, which would be a part of what is recorded: new data, new plan. */
  #bring(one: Tensor, name: string): Tensor {
    const there = variable(one, false, name);
    this.#uploaded.push(there);
    return Tensor.of(there.value);
  }
}

/** Batches that the compiled step gathers by index from data on the GPU: a batch costs an upload of its indices. */
export class ResidentSource implements BatchSource {
  readonly samples: number;
  readonly #data: Batch;
  readonly #order: BatchOrder;

  constructor(data: ResidentData, config: OrderConfig) {
    this.#data = data.batch;
    this.#order = new BatchOrder(config);
    this.samples = config.end - config.start;
  }

  get steps(): number {
    return this.#order.steps;
  }

  *batches(epoch: number, first: number): Iterable<Feed> {
    for (let batch = first; batch < this.steps; batch++) {
      const numbers = this.#order.rowsOf(epoch, batch);
      const rows = tensor(numbers, [numbers.length], "int32");
      try {
        yield { data: this.#data, rows, size: numbers.length };
      } finally {
        rows.dispose();
      }
    }
  }

  dispose(): void {}
}

/** Whether these samples may lie on the GPU as a whole. */
export function isSmallEnough(batch: Batch): boolean {
  const sizes = batchTensors(batch).map((one) => 4 * one.size);
  return sizes.every((bytes) => bytes <= MOST_BYTES_OF_ONE) && sum(sizes) <= MOST_BYTES;
}

/** What every device binds at once: the gather kernel reads a tensor as a whole. */
const MOST_BYTES_OF_ONE = 128 * 1024 * 1024;
/** What is left alone on a small GPU: the rest is for weights, gradients and states. */
const MOST_BYTES = 512 * 1024 * 1024;

function sum(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a + b, 0);
}
