import { ArgumentError, ShapeError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { isPlainObject } from "../names/plain-object.ts";
import { resolveName } from "../names/resolve.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { gather, nextSeed, slice, Tensor } from "../tensor/index.ts";
import { isTypedArray } from "../tensor/nested.ts";
import { seedOf } from "./dataset.ts";
import { emptyArray, hostDataOf, hostTensor } from "./host-tensor.ts";
import { orderedIndices, shuffledIndices } from "./shuffled-indices.ts";
import { Windows } from "./windows.ts";

/** What `data.split` takes beside the data. */
export interface SplitConfig {
  /** Share of all samples (below 1, rounded to whole samples), or their number (from 1 on). Default 0: none. */
  readonly validation?: number;
  /** Share or number of the samples to test with. Default 0. */
  readonly test?: number;
  /** `"time"` (default): training first, then validation, then test. `"random"`: any sample anywhere. */
  readonly by?: "time" | "random";
  /** Seed of the random split, a whole number. Default: the next one of the library's stream. */
  readonly seed?: number | null;
  /**
   * Samples left out at each border of a split by time; training data has that many fewer. Default 0; for windows as
   * many as overlap the border, so that no step is in two parts.
   */
  readonly gap?: number;
}

/** The parts, each of the structure that was given. */
export interface Split<T> {
  readonly train: T;
  readonly validation: T;
  readonly test: T;
}

const keys = {
  validation: "number",
  test: "number",
  by: "any",
  seed: "number",
  gap: "number",
} as const;

/**
 * Splits samples into training, validation and test data that have no sample in common. By time it keeps their order,
 * and what is validated on comes after what was trained on; at random it is the same for the same seed.
 *
 * @param samples A list of samples (array, typed array, or tensor with samples along the first axis), the windows of a
 *   series, or an object of several with the same samples, `{ xs, ys }`.
 * @throws {ArgumentError} for options that nobody reads or out of range, and when a part would be empty that was asked
 *   for, or training data.
 * @throws {ShapeError} when the lists differ in length.
 * @example
 * const samples = { xs: [[1], [2], [3], [4], [5]], ys: [2, 4, 6, 8, 10] };
 * const { train, validation } = sl.data.split(samples, { validation: 0.2 });
 * // train.ys [2, 4, 6, 8], validation.ys [10]
 * @see scikit-learn `train_test_split`, `TimeSeriesSplit`
 */
export function split<T>(samples: T, config: SplitConfig): Split<T> {
  checkKeys("data.split", config, keys);
  const lists = listsOf(samples, "");
  const [first] = lists;
  if (first === undefined) throw new ArgumentError("data.split: received {}. Expected samples.");
  const count = first.length;
  const other = lists.find(({ length }) => length !== count);
  if (other !== undefined) {
    throw new ShapeError(
      `data.split: "${first.path}" has ${count} samples, but "${other.path}" has ${other.length}. Expected as many.`,
    );
  }
  const [train, validation, test] = placesOf(count, config, first.gap);
  return {
    train: pick(samples, train) as T,
    validation: pick(samples, validation) as T,
    test: pick(samples, test) as T,
  };
}

/** Which samples go where. */
function placesOf(
  count: number,
  config: SplitConfig,
  defaultGap: number,
): [Int32Array, Int32Array, Int32Array] {
  const by = resolveName(config.by ?? "time", ["time", "random"] as const, {
    what: "data.split: by",
  });
  const validation = partSize(config.validation ?? 0, "validation", count);
  const test = partSize(config.test ?? 0, "test", count);
  if (validation + test === 0) {
    throw new ArgumentError(
      "data.split: received no validation and no test. Expected one of them.",
    );
  }
  if (by === "random" && (config.gap ?? 0) > 0) {
    throw new ArgumentError(
      "data.split: a gap lies between parts that follow each other in time, but by is random. Leave one of them out.",
    );
  }
  const gap = by === "random" ? 0 : wholeNumber(config.gap ?? defaultGap, "data.split: gap", 0);
  const borders = (validation > 0 ? 1 : 0) + (test > 0 ? 1 : 0);
  const train = count - validation - test - borders * gap;
  if (train < 1) {
    throw new ArgumentError(
      `data.split: of ${count} samples ${validation} go to validation, ${test} to test and ${borders * gap} to gaps: none ` +
        "is left to train on. Expected smaller parts.",
    );
  }
  const order =
    by === "time"
      ? orderedIndices(count)
      : shuffledIndices(count, seedOf(config.seed ?? nextSeed()));
  const from = train + (validation > 0 ? gap : 0);
  const parts = [
    [0, train],
    [from, from + validation],
    [count - test, count],
  ] as const;
  // Within a part samples stay in their order.
  const [a, b, c] = parts.map(([start, end]) => order.slice(start, end).sort());
  return [a ?? new Int32Array(0), b ?? new Int32Array(0), c ?? new Int32Array(0)];
}

function partSize(asked: number, name: string, count: number): number {
  if (asked === 0) return 0;
  const size = asked > 0 && asked < 1 ? Math.round(asked * count) : asked;
  if (Number.isInteger(size) && size >= 1) return size;
  throw new ArgumentError(
    `data.split: received ${asked} as ${name} of ${count} samples. Expected a share below 1 that is at least one ` +
      "sample, or a whole number of samples.",
  );
}

/** A list of samples somewhere in what was given. */
interface SampleList {
  readonly path: string;
  readonly length: number;
  /** Samples to leave out at a border unless the caller says how many. */
  readonly gap: number;
}

function listsOf(samples: unknown, path: string): SampleList[] {
  if (samples instanceof Windows) {
    return [{ path, length: samples.count, gap: samples.separation }];
  }
  if (samples instanceof Tensor) {
    if (samples.rank > 0) return [{ path, length: samples.shape[0] ?? 0, gap: 0 }];
    throw new ShapeError("data.split: received a scalar. Expected samples along the first axis.");
  }
  if (Array.isArray(samples) || isTypedArray(samples)) {
    return [{ path, length: samples.length, gap: 0 }];
  }
  if (isPlainObject(samples)) {
    const entries = Object.entries(samples);
    return entries.flatMap(([key, one]) => listsOf(one, path === "" ? key : `${path}.${key}`));
  }
  throw new ArgumentError(
    `data.split: received ${describeValue(samples)}. Expected arrays, tensors or windows, or an object of them.`,
  );
}

/** The samples at these places, in the structure that was given. */
function pick(samples: unknown, places: Int32Array): unknown {
  if (samples instanceof Windows) return samples.subset(places);
  if (samples instanceof Tensor) return pickRows(samples, places);
  if (Array.isArray(samples)) return Array.from(places, (place) => samples[place]);
  if (isTypedArray(samples)) {
    const typed = samples as Float32Array;
    const kind = typed.constructor as Float32ArrayConstructor;
    return kind.from(places, (place) => typed[place] ?? 0);
  }
  const entries = Object.entries(samples as object);
  return Object.fromEntries(entries.map(([key, one]) => [key, pick(one, places)]));
}

function pickRows(tensor: Tensor, places: Int32Array): Tensor {
  const shape = [places.length, ...tensor.shape.slice(1)];
  const data = hostDataOf(tensor);
  if (data !== null) {
    const width = sizeOf(shape.slice(1));
    const rows = emptyArray(tensor.dtype, places.length * width);
    places.forEach((place, i) => {
      rows.set(data.subarray(place * width, (place + 1) * width), i * width);
    });
    return hostTensor(rows, shape, tensor.dtype);
  }
  if (places.length === 0) return hostTensor(emptyArray(tensor.dtype, 0), shape, tensor.dtype);
  const first = places[0] ?? 0;
  const isRange = places[places.length - 1] === first + places.length - 1;
  const begin = shape.map((_, axis) => (axis === 0 ? first : 0));
  return isRange
    ? slice(tensor, begin, shape)
    : gather(tensor, hostTensor(places, [places.length], "int32"));
}
