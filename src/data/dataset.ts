import { ArgumentError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { nextSeed } from "../tensor/index.ts";
import { elementCount } from "./arguments.ts";
import { type Batched, batches } from "./batches.ts";
import { shuffled } from "./shuffle-buffer.ts";
import { mappedAsync, prefetched, repeated, skipped, taken } from "./stages.ts";

/**
 * A sequence of elements that is read one by one, as often as wanted, and need not fit into memory. An element is
 * anything: a number, an array, a tensor, `{ xs, ys }`. Methods give new datasets; nothing is read before somebody
 * iterates, and nothing is read ahead of what was asked for, except by `prefetch`. Whoever stops early (`break`,
 * `return()`) closes files and ends generators, whose `finally` blocks run.
 *
 * Reading a dataset from the start is a pass, and passes have numbers: the first iteration over a dataset is its pass
 * 0, the next one pass 1. A random order depends on its seed and on that number alone, so `pass(n)` gives what the
 * iteration of that number would. A dataset hands the number on to those it is made of: in pass n of
 * `rows.shuffle(100, 7).batch(8)` the rows have the order of pass n of the shuffle.
 *
 * Made by `data.array`, `data.generator`, `data.csv`, `data.zip`, `data.func` and `data.windows`.
 *
 * @example
 * const pairs = sl.data.zip({ xs: sl.data.array([[1], [2], [3]]), ys: sl.data.array([2, 4, 6]) });
 * for await (const { xs, ys } of pairs.shuffle(3, 7).batch(2)) xs.print(); // [2, 1], then [1, 1]
 * @see TF.js `tf.data.Dataset`, TensorFlow `tf.data.Dataset`
 */
export class Dataset<T> implements AsyncIterable<T> {
  /** Number of elements: null when it is not known before they are read, Infinity when there is no end. */
  readonly size: number | null;
  readonly #iterate: (pass: number) => AsyncIterableIterator<T>;
  /** Iterations begun so far. */
  #passes = 0;

  /** @internal Datasets are made by the functions of `data`. */
  constructor(iterate: (pass: number) => AsyncIterableIterator<T>, size: number | null) {
    this.#iterate = iterate;
    this.size = size;
  }

  /** Begins the next pass. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return this.#iterate(this.#passes++);
  }

  /**
   * The elements of pass number `pass`, whatever was read before; iterating over them does not count as a pass.
   * `fitDataset` reads the pass of each epoch by this.
   *
   * @param pass A whole number from 0 on.
   * @throws {ArgumentError} for other numbers.
   * @example
   * const shuffled = sl.data.array([1, 2, 3, 4]).shuffle(4, 7);
   * for await (const value of shuffled.pass(12)) console.log(value); // the same order each time
   */
  pass(pass: number): AsyncIterable<T> {
    const number = wholeNumber(pass, "Dataset.pass: pass", 0);
    return { [Symbol.asyncIterator]: () => this.#iterate(number) };
  }

  /**
   * Begins the next pass: `await iterator.next()` gives `{ value, done }`. Call `return()` when you stop before the end;
   * `for await` over the dataset does so by itself.
   */
  async iterator(): Promise<AsyncIterableIterator<T>> {
    return this[Symbol.asyncIterator]();
  }

  /**
   * Groups of `batchSize` elements, stacked: numbers become a tensor [B], typed arrays, tensors and nested arrays of
   * numbers of one shape a tensor [B, …shape]. Objects, and lists that hold objects, tensors or typed arrays, are
   * batched key by key: `{ xs, ys }` of elements becomes `{ xs, ys }` of tensors.
   *
   * Int32Array gives int32, booleans bool, tensors their dtype, everything else float32. Batches of host data lie on
   * the host until something computes with them. They belong to whoever reads them: `dispose()` is allowed and never
   * needed, since what the host holds goes with the last reference.
   *
   * @param smallLastBatch Whether elements that are left over make a smaller batch (default) or are dropped.
   * @throws {ShapeError} while reading, when elements of one batch differ in shape or in their keys.
   * @throws {DTypeError} while reading, for strings, undefined and other things that are no numbers.
   */
  batch(batchSize: number, smallLastBatch = true): Dataset<Batched<T>> {
    const size = wholeNumber(batchSize, "Dataset.batch: batchSize", 1);
    const count = this.size === null ? null : this.size / size;
    const rounded = count === null ? null : smallLastBatch ? Math.ceil(count) : Math.floor(count);
    return new Dataset((pass) => batches(this.pass(pass), size, smallLastBatch), rounded);
  }

  /**
   * The same elements in random order: a buffer is kept full, and each element comes from a random place in it.
   *
   * @param bufferSize Elements held at a time; from the size of the dataset on, every order is equally likely.
   * @param seed A whole number; default: the next one of the library's stream, see `setSeed`.
   * @param reshuffleEachIteration Whether every pass has an order of its own (default) or all have the same. Pass n
   *   of a seed always has the same order, whatever was read before.
   */
  shuffle(bufferSize: number, seed?: number | null, reshuffleEachIteration = true): Dataset<T> {
    const size = wholeNumber(bufferSize, "Dataset.shuffle: bufferSize", 1);
    const key = seedOf(seed ?? nextSeed());
    return new Dataset(
      (pass) => shuffled(this.pass(pass), size, [key, reshuffleEachIteration ? pass : 0]),
      this.size,
    );
  }

  /** Each element put through a function. See `mapAsync` for functions that wait for something. */
  map<O>(transform: (value: T) => O): Dataset<O> {
    const apply = functionOf(transform, "Dataset.map");
    const source = this;
    return new Dataset(async function* (pass) {
      for await (const value of source.pass(pass)) yield apply(value);
    }, this.size);
  }

  /**
   * Each element put through a function that gives a promise. With `prefetch(n)` directly behind it n calls are under
   * way at a time; results keep the order of the elements.
   */
  mapAsync<O>(transform: (value: T) => Promise<O>): Dataset<O> {
    const apply = functionOf(transform, "Dataset.mapAsync");
    return new Dataset((pass) => mappedAsync(this.pass(pass), apply), this.size);
  }

  /** The elements for which `predicate` holds; `size` is null from here on. */
  filter(predicate: (value: T) => boolean): Dataset<T> {
    const holds = functionOf(predicate, "Dataset.filter");
    const source = this;
    return new Dataset(
      async function* (pass) {
        for await (const value of source.pass(pass)) if (holds(value)) yield value;
      },
      this.size === Infinity ? Infinity : null,
    );
  }

  /** The first `count` elements; without one, or with -1, all. The rest is not read. */
  take(count?: number): Dataset<T> {
    const most = elementCount(count, "Dataset.take: count");
    const size = this.size === null ? null : Math.min(this.size, most);
    return new Dataset((pass) => taken(this.pass(pass), most), size);
  }

  /** All but the first `count` elements; without one, or with -1, none. */
  skip(count?: number): Dataset<T> {
    const most = elementCount(count, "Dataset.skip: count");
    if (most === Infinity) return new Dataset((pass) => taken(this.pass(pass), 0), 0);
    const size = this.size === null ? null : Math.max(0, this.size - most);
    return new Dataset((pass) => skipped(this.pass(pass), most), size);
  }

  /**
   * The elements `count` times over; without one, or with -1, without end. Each round is a pass of its own over the
   * source: pass p of `repeat(c)` is its passes p·c to p·c + c - 1, and pass p without end is those from p on.
   */
  repeat(count?: number): Dataset<T> {
    const rounds = elementCount(count, "Dataset.repeat: count");
    const isNone = this.size === 0 || rounds === 0; // 0 · Infinity is NaN
    const size = this.size === null ? (rounds === 0 ? 0 : null) : isNone ? 0 : this.size * rounds;
    const firstOf = (pass: number): number => (rounds === Infinity ? pass : pass * rounds);
    return new Dataset(
      (pass) => repeated((round) => this.pass(firstOf(pass) + round), rounds),
      size,
    );
  }

  /** These elements, then those of `other`. */
  concatenate(other: Dataset<T>): Dataset<T> {
    if (!(other instanceof Dataset)) {
      throw new ArgumentError(
        `Dataset.concatenate: received ${describeValue(other)}. Expected a dataset.`,
      );
    }
    const size = this.size === null || other.size === null ? null : this.size + other.size;
    const source = this;
    return new Dataset(async function* (pass) {
      yield* source.pass(pass);
      yield* other.pass(pass);
    }, size);
  }

  /**
   * Keeps `count` elements asked for ahead of the consumer: they are read and prepared while it computes. A source
   * that fails does so where the element would have come.
   */
  prefetch(count: number): Dataset<T> {
    const ahead = wholeNumber(count, "Dataset.prefetch: count", 1);
    return new Dataset((pass) => prefetched(this.pass(pass), ahead), this.size);
  }

  /** Calls `action` with each element, in order, and waits for what it gives. */
  async forEachAsync(action: (value: T) => unknown): Promise<void> {
    const act = functionOf(action, "Dataset.forEachAsync");
    for await (const value of this) await act(value);
  }

  /** All elements, which have to fit into memory. @throws {ArgumentError} when there is no end of them. */
  async toArray(): Promise<T[]> {
    if (this.size === Infinity) {
      throw new ArgumentError(
        "Dataset.toArray: the dataset has no end. Expected one with an end: take(n).toArray().",
      );
    }
    const values: T[] = [];
    for await (const value of this) values.push(value);
    return values;
  }

  toString(): string {
    return `Dataset of ${this.size === null ? "unknown size" : this.size}`;
  }
}

/** 32 bits of a seed. @throws {ArgumentError} when it is no whole number. */
export function seedOf(seed: number): number {
  if (Number.isSafeInteger(seed)) return seed | 0;
  throw new ArgumentError(`seed is ${describeValue(seed)}. Expected a whole number.`);
}

function functionOf<F>(given: F, label: string): F {
  if (typeof given === "function") return given;
  throw new ArgumentError(`${label}: received ${describeValue(given)}. Expected a function.`);
}
