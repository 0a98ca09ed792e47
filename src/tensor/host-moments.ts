import { ArgumentError, NumericsError, ShapeError } from "../errors.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../graph/shape.ts";
import { type HostNumbers, hostArray } from "./host-data.ts";
import { Tensor } from "./tensor.ts";

/** The axes that keep statistics of their own, from the front or (negative) from the end; null: none. */
export type KeptAxis = number | readonly number[] | null;

/** Numbers to take statistics of: all at once, or batches of them, `{ xs }` and `[xs, …]` among them. */
export type MomentsSource = HostNumbers | Tensor | AsyncIterable<unknown> | Iterable<unknown>;

/** Which column of the statistics an element belongs to. */
export interface ColumnMap {
  /** Sizes of the kept axes. */
  readonly sizes: Shape;
  /** Column of the element at a place in row-major order. */
  readonly columnOf: (place: number) => number;
}

/**
 * Count, mean, variance, least and greatest of numbers by column, in float64. Updated one by one, so that a large
 * offset does not cancel: B. P. Welford, "Note on a method for calculating corrected sums of squares and products",
 * Technometrics 4 (1962).
 */
export class Moments {
  readonly axis: KeptAxis;
  readonly #label: string;
  #sizes: Shape | null = null;
  #firstShape: Shape | null = null;
  #seen = 0;
  #count = new Float64Array(0);
  #mean = new Float64Array(0);
  #squares = new Float64Array(0);
  #min = new Float64Array(0);
  #max = new Float64Array(0);

  constructor(axis: KeptAxis, label: string) {
    this.axis = axis;
    this.#label = label;
  }

  /**
   * @throws {ShapeError} when the kept axes differ from those before.
   * @throws {NumericsError} for NaN and the infinities: statistics of them say nothing about the rest.
   */
  add(values: ArrayLike<number>, shape: Shape): void {
    const { sizes, columnOf } = columnMap(shape, this.axis, this.#label);
    this.#prepare(sizes, shape);
    for (let place = 0; place < values.length; place++) {
      const x = values[place] ?? 0;
      if (!Number.isFinite(x)) throw this.#notFinite(x, place);
      this.#addOne(x, columnOf(place));
    }
    this.#seen += values.length;
  }

  #addOne(x: number, column: number): void {
    const count = (this.#count[column] ?? 0) + 1;
    const mean = this.#mean[column] ?? 0;
    const step = (x - mean) / count;
    this.#count[column] = count;
    this.#mean[column] = mean + step;
    this.#squares[column] = (this.#squares[column] ?? 0) + (x - mean) * (x - mean - step);
    if (x < (this.#min[column] ?? x)) this.#min[column] = x;
    if (x > (this.#max[column] ?? x)) this.#max[column] = x;
  }

  #prepare(sizes: Shape, shape: Shape): void {
    if (this.#sizes === null) {
      const width = sizeOf(sizes);
      this.#sizes = sizes;
      this.#firstShape = shape;
      this.#count = new Float64Array(width);
      this.#mean = new Float64Array(width);
      this.#squares = new Float64Array(width);
      this.#min = new Float64Array(width).fill(Infinity);
      this.#max = new Float64Array(width).fill(-Infinity);
    } else if (!shapesEqual(this.#sizes, sizes)) {
      throw new ShapeError(
        `${this.#label}: received shape ${formatShape(shape)} after ${formatShape(this.#firstShape ?? [])}. Expected ` +
          `the same sizes along axis ${JSON.stringify(this.axis)}.`,
      );
    }
  }

  #notFinite(x: number, place: number): NumericsError {
    return new NumericsError(
      `${this.#label}: element ${this.#seen + place} is ${x}. Expected finite numbers; fill or leave out what is ` +
        "missing first.",
      { details: { index: this.#seen + place } },
    );
  }

  /** Sizes of the kept axes; `[]` for one statistic of all. */
  get sizes(): Shape {
    return this.#sizes ?? [];
  }

  /** Shape of the numbers that came first. @throws {ArgumentError} when none came. */
  get firstShape(): Shape {
    if (this.#firstShape !== null && this.#seen > 0) return this.#firstShape;
    throw new ArgumentError(`${this.#label}: received no numbers. Expected at least one.`);
  }

  /** Numbers in each column. */
  get count(): number {
    return this.#count[0] ?? 0;
  }

  get mean(): Float64Array {
    return this.#mean.slice();
  }

  /** Mean squared distance from the mean (divided by the count, as Keras does). */
  get variance(): Float64Array {
    return this.#squares.map((sum, column) => sum / Math.max(1, this.#count[column] ?? 1));
  }

  get min(): Float64Array {
    return this.#min.slice();
  }

  get max(): Float64Array {
    return this.#max.slice();
  }
}

/**
 * Adds all numbers of `source`; at once for host numbers, else the promise says when.
 *
 * @throws as `Moments.add` does, and as `hostArray` for what is no number.
 */
export function addAll(
  moments: Moments,
  source: MomentsSource,
  label: string,
): Promise<void> | undefined {
  if (source instanceof Tensor) {
    return source.data().then((values) => moments.add(values, source.shape));
  }
  if (isIterable(source)) return addBatches(moments, source, label);
  const { values, shape } = hostArray(source, label);
  moments.add(values, shape.length === 0 ? [1] : shape);
  return undefined;
}

async function addBatches(
  moments: Moments,
  batches: AsyncIterable<unknown> | Iterable<unknown>,
  label: string,
): Promise<void> {
  for await (const batch of batches) {
    await addAll(moments, inputsOf(batch) as MomentsSource, label);
  }
}

/** What a model would get as input of a batch. */
function inputsOf(batch: unknown): unknown {
  if (Array.isArray(batch) && typeof batch[0] === "object" && !Array.isArray(batch[0])) {
    return batch[0];
  }
  const isPair = typeof batch === "object" && batch !== null && "xs" in batch;
  return isPair ? batch.xs : batch;
}

function isIterable(source: unknown): source is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof source !== "object" || source === null) return false;
  if (Array.isArray(source) || ArrayBuffer.isView(source)) return false;
  return Symbol.asyncIterator in source || Symbol.iterator in source;
}

/**
 * The columns of an array. One axis counts as rows of one column: [N] is [N, 1].
 * @throws {ArgumentError} for axes that the array does not have.
 */
export function columnMap(shape: Shape, axis: KeptAxis, label: string): ColumnMap {
  if (axis === null) return { sizes: [], columnOf: () => 0 };
  const full = shape.length === 1 ? [...shape, 1] : shape;
  const axes = [axis].flat().map((one) => (one < 0 ? one + full.length : one));
  axes.sort((a, b) => a - b);
  const isValid = axes.every(
    (one, i) => Number.isInteger(one) && one >= 0 && one < full.length && one !== axes[i - 1],
  );
  if (!isValid) {
    throw new ArgumentError(
      `${label}: axis is ${JSON.stringify(axis)} for data of shape ${formatShape(shape)}. Expected axes of the data, ` +
        "such as -1, or null for one statistic of all.",
      { details: { axis, shape } },
    );
  }
  const sizes = axes.map((one) => full[one] ?? 1);
  const strides = axes.map((one) => sizeOf(full.slice(one + 1)));
  const [size = 1] = sizes;
  const [stride = 1] = strides;
  // The usual case, for the sake of speed.
  if (sizes.length === 1) return { sizes, columnOf: (place) => Math.floor(place / stride) % size };
  const columnOf = (place: number): number =>
    sizes.reduce(
      (column, size, i) => column * size + (Math.floor(place / (strides[i] ?? 1)) % size),
      0,
    );
  return { sizes, columnOf };
}

/** Shape in which statistics of `sizes` broadcast against an array. */
export function broadcastShape(shape: Shape, axis: KeptAxis): Shape {
  if (axis === null || shape.length < 2) return [];
  const axes = [axis].flat().map((one) => (one < 0 ? one + shape.length : one));
  return shape.map((size, i) => (axes.includes(i) ? size : 1));
}
