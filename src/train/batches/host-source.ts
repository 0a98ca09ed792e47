import { ArgumentError } from "../../errors.ts";
import { type Tensor, tensor } from "../../tensor/index.ts";
import type { Batch } from "../objective.ts";
import { BatchOrder, type OrderConfig } from "./batch-order.ts";
import type { BatchSource, Feed } from "./batch-source.ts";
import { batchTensors, mapBatch } from "./data.ts";

/** Batches whose rows are picked on the host, from data that is too large for the GPU. */
export class HostSource implements BatchSource {
  readonly samples: number;
  readonly #data: Batch;
  readonly #order: BatchOrder;

  constructor(data: Batch, config: OrderConfig) {
    this.#data = data;
    this.#order = new BatchOrder(config);
    this.samples = config.end - config.start;
  }

  get steps(): number {
    return this.#order.steps;
  }

  *batches(epoch: number, first: number): Iterable<Feed> {
    for (let batch = first; batch < this.steps; batch++) {
      const numbers = this.#order.rowsOf(epoch, batch);
      const data = mapBatch(this.#data, (one) => pickRows(one, numbers));
      try {
        yield { data, rows: null, size: numbers.length };
      } finally {
        for (const one of batchTensors(data)) one.dispose();
      }
    }
  }

  dispose(): void {}
}

/** Whether all of these are numbers on the host. */
export function isOnHost(batch: Batch): boolean {
  return batchTensors(batch).every((one) => one.value.node.source?.kind === "host");
}

function pickRows(whole: Tensor, rows: Int32Array): Tensor {
  const { source } = whole.value.node;
  if (source?.kind !== "host") {
    throw new ArgumentError("fit: the rows of data on the GPU cannot be picked on the host.");
  }
  const width = whole.size / (whole.shape[0] ?? 1);
  const { data } = source;
  const picked = data.slice(0, rows.length * width);
  rows.forEach((row, i) => {
    picked.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return tensor(picked, [rows.length, ...whole.shape.slice(1)], whole.dtype);
}
