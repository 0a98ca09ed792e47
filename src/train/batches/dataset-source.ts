import { Dataset } from "../../data/index.ts";
import { AbortError, ArgumentError, SluiceError } from "../../errors.ts";
import { describeValue } from "../../names/describe.ts";
import { type Tensor, tensorsIn } from "../../tensor/index.ts";
import { unlessAborted } from "../abort.ts";
import type { Origin } from "../training-state.ts";
import type { BatchSource, Feed } from "./batch-source.ts";
import {
  batchTensors,
  type DataArguments,
  type ModelData,
  type PreparedBatch,
  type SampleWeight,
} from "./data.ts";

/** A batch as data sets give it: samples, what should come out, and (optional) weights of the samples. */
export type DatasetBatch =
  | { readonly xs: ModelData; readonly ys: ModelData; readonly sampleWeights?: SampleWeight | null }
  | readonly [ModelData, ModelData]
  | readonly [ModelData, ModelData, SampleWeight];

/** Batches one after the other. */
export type Batches = AsyncIterable<DatasetBatch> | Iterable<DatasetBatch>;

/**
 * Batches that are gone through once an epoch: a dataset of `sl.data`, which is asked for pass 0, 1, 2, …; a function
 * that begins a new pass (a generator function, say), which is given that number; or anything that can be iterated
 * again.
 */
export type BatchDataset = Batches | ((pass: number) => Batches);

/** How a data set is gone through. */
export interface DatasetOptions {
  /** For messages: `sequential_1.fitDataset`. */
  readonly label: string;
  /** Batches of an epoch; null: those of one pass. */
  readonly steps: number | null;
  /** Ends the wait for a batch, too; null: nothing does. */
  readonly signal: AbortSignal | null;
  /** Which pass the first epoch is. */
  readonly origin: Origin;
  /** Makes tensors of a batch and checks them; `label` says where it came from. */
  readonly prepare: (label: string, data: DataArguments) => PreparedBatch;
}

/** Batches that somebody else makes, of any number. No more than one is held at a time. */
export class DatasetSource implements BatchSource {
  readonly samples = null;
  readonly #dataset: BatchDataset;
  readonly #options: DatasetOptions;
  #iterator: AsyncIterator<DatasetBatch> | Iterator<DatasetBatch> | null = null;
  /** The batch that was asked for and has not come. */
  #pending: Promise<IteratorResult<DatasetBatch>> | null = null;
  /** Number of the pass that begins next. */
  #passes: number;
  /** Batches taken from this pass, and from all passes. */
  #ofPass = 0;
  #taken = 0;
  /** Batches of a whole pass, once one has ended. */
  #known: number | null = null;

  constructor(dataset: BatchDataset, options: DatasetOptions) {
    checkDataset(options.label, dataset);
    this.#dataset = dataset;
    this.#options = options;
    this.#passes = options.origin.pass;
  }

  get steps(): number | null {
    return this.#options.steps ?? this.#known;
  }

  async *batches(epoch: number, first: number): AsyncIterable<Feed> {
    const { steps } = this.#options;
    await this.#goTo(epoch, first);
    for (let batch = first; steps === null || batch < steps; batch++) {
      const item = await this.#next(epoch, batch);
      if (item === null) {
        this.#known = batch;
        return;
      }
      const { batch: data, rows } = this.#prepare(item, epoch, batch);
      try {
        yield { data, rows: null, size: rows };
      } finally {
        this.#end(batchTensors(data));
      }
    }
  }

  async dispose(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = null;
    const ended = Promise.resolve(iterator?.return?.());
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null) {
      await ended;
      return;
    }
    // A generator ends only once the batch has come that nobody waits for any more: in its own time.
    const drop = pending.then((late) => {
      if (late.done !== true) this.#end(tensorsIn(late.value));
    });
    void Promise.allSettled([ended, drop]);
  }

  /** Tensors of a list are its owner's. */
  #end(tensors: readonly Tensor[]): void {
    if (!Array.isArray(this.#dataset)) endTensors(tensors);
  }

  /**
   * Without a number of steps every epoch is a new pass; with one, the passes follow each other. What went by already
   * is read from the start again: a validation judges the same batches each time.
   */
  async #goTo(epoch: number, first: number): Promise<void> {
    const { steps, origin } = this.#options;
    const epochs = epoch - origin.epoch;
    const target = steps === null ? first : epochs * steps + first;
    if (steps === null || target < this.#taken) {
      await this.dispose();
      this.#passes = origin.pass + (steps === null ? epochs : 0);
      this.#taken = 0;
    }
    while (this.#taken < target) {
      const item = await this.#next(epoch, first);
      if (item === null) break;
      this.#end(tensorsIn(item));
    }
  }

  #begin(epoch: number, batch: number): void {
    const dataset = this.#dataset;
    let batches: Batches;
    try {
      batches = passOf(dataset, this.#passes);
    } catch (cause) {
      throw this.#failed(cause, epoch, batch);
    }
    if (typeof dataset === "function") checkDataset(this.#options.label, batches);
    this.#passes++;
    this.#ofPass = 0;
    this.#iterator =
      Symbol.asyncIterator in batches
        ? batches[Symbol.asyncIterator]()
        : batches[Symbol.iterator]();
  }

  /** The next batch; null at the end of a pass that is an epoch. */
  async #next(epoch: number, batch: number): Promise<DatasetBatch | null> {
    const { label, steps } = this.#options;
    if (this.#iterator === null) this.#begin(epoch, batch);
    let result = await this.#pull(epoch, batch);
    if (result.done === true && steps !== null && this.#ofPass > 0) {
      const length = this.#ofPass;
      this.#begin(epoch, batch);
      result = await this.#pull(epoch, batch);
      if (result.done === true) throw cannotBeginAnew({ label, steps, epoch, batch, length });
    }
    if (result.done === true) {
      this.#iterator = null;
      if (this.#ofPass > 0) return null;
      throw new ArgumentError(
        `${label}: the data set gave no batch in epoch ${epoch}. Expected at least one; an iterator that is used up ` +
          "gives none: pass a dataset, or a function that begins a new pass.",
        { details: { epoch, batch } },
      );
    }
    this.#ofPass++;
    this.#taken++;
    return result.value;
  }

  async #pull(epoch: number, batch: number): Promise<IteratorResult<DatasetBatch>> {
    try {
      const next = Promise.resolve((this.#iterator as AsyncIterator<DatasetBatch>).next());
      this.#pending = next;
      const result = await unlessAborted(next, this.#options);
      this.#pending = null;
      return result;
    } catch (cause) {
      if (cause instanceof AbortError) throw cause;
      this.#pending = null;
      this.#iterator = null;
      throw this.#failed(cause, epoch, batch);
    }
  }

  #failed(cause: unknown, epoch: number, batch: number): SluiceError {
    const text = cause instanceof Error ? cause.message : String(cause);
    return new SluiceError(
      "dataset",
      `${this.#options.label}: the data set failed at batch ${batch} of epoch ${epoch}: ${text}. The model is as ` +
        "it was after the batch before.",
      { cause, details: { epoch, batch } },
    );
  }

  #prepare(item: DatasetBatch, epoch: number, batch: number): PreparedBatch {
    const label = `${this.#options.label}: batch ${batch} of epoch ${epoch}`;
    try {
      return this.#options.prepare(label, argumentsOf(label, item));
    } catch (error) {
      this.#end(tensorsIn(item));
      throw error;
    }
  }
}

/** What can count its passes is asked for this one, so that training which goes on elsewhere gets the same batches. */
function passOf(dataset: BatchDataset, pass: number): Batches {
  if (typeof dataset === "function") return dataset(pass);
  return dataset instanceof Dataset ? dataset.pass(pass) : dataset;
}

/** @throws {ArgumentError} for what is no batch. */
function argumentsOf(label: string, item: DatasetBatch): DataArguments {
  if (Array.isArray(item) && (item.length === 2 || item.length === 3)) {
    const [x, y, sampleWeight] = item as readonly [ModelData, ModelData, SampleWeight?];
    return { x, y, sampleWeight };
  }
  if (typeof item === "object" && item !== null && "xs" in item && "ys" in item) {
    return { x: item.xs, y: item.ys, sampleWeight: item.sampleWeights };
  }
  throw new ArgumentError(
    `${label}: received ${describeValue(item)}. Expected { xs, ys } or [xs, ys], each with the batch in front, and ` +
      "weights of the samples as sampleWeights, or as third in the list.",
  );
}

/**
 * As in TF.js, tensors of a batch end once it is used: what was computed for it on the GPU would pile up. Host data
 * holds nothing there, and stays usable.
 */
function endTensors(tensors: readonly Tensor[]): void {
  for (const one of tensors) {
    if (!one.isMutable && !one.isDisposed && one.value.node.source?.kind !== "host") one.dispose();
  }
}

function cannotBeginAnew(at: {
  label: string;
  steps: number;
  epoch: number;
  batch: number;
  length: number;
}): ArgumentError {
  const { label, steps, epoch, batch, length } = at;
  return new ArgumentError(
    `${label}: the data set ended after ${length} batches, at batch ${batch} of epoch ${epoch}, and cannot begin anew. ` +
      `Expected ${steps} batches an epoch: pass a dataset or a function that begins a new pass, or fewer steps.`,
    { details: { epoch, batch, steps, received: length } },
  );
}

/** @throws {ArgumentError} for what cannot be gone through. */
function checkDataset(label: string, dataset: unknown): void {
  if (typeof dataset === "function") return;
  const isObject = typeof dataset === "object" && dataset !== null;
  if (isObject && (Symbol.asyncIterator in dataset || Symbol.iterator in dataset)) return;
  throw new ArgumentError(
    `${label}: received ${describeValue(dataset)} as data set. Expected a dataset of sl.data, a list of batches ` +
      "{ xs, ys }, or a generator function that gives them.",
  );
}
