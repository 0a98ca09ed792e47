import { ArgumentError, LimitError, ShapeError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { checkKeys } from "../names/check-keys.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { uniformBits } from "../ops/random-bits.ts";
import type { HostNumbers } from "../tensor/host-data.ts";
import { nextSeed, type Tensor } from "../tensor/index.ts";
import { Dataset, seedOf } from "./dataset.ts";
import { hostTensor } from "./host-tensor.ts";
import { cutRows, type HostSeries, type Series, seriesOf } from "./series.ts";
import { orderedIndices, shuffledIndices } from "./shuffled-indices.ts";

/** What `data.windows` takes beside the series. */
export interface WindowsConfig {
  /** Steps that a model sees at a time. */
  readonly size: number;
  /** Steps that it is to forecast. Default 1. */
  readonly horizon?: number;
  /** Steps from the start of one window to that of the next. Default 1. */
  readonly stride?: number;
  /**
   * Steps left out between a window and its first target. Default 0: the first target is the step directly after the
   * window. Down to `1 - size`, where the targets begin one step after the window does, as language models want it.
   */
  readonly gap?: number;
  /** What is to be forecast, as many steps as the series. Default: the series itself. */
  readonly targets?: HostNumbers | Tensor;
}

/** How `Windows.batches` goes through the windows. */
export interface WindowBatchesConfig {
  /** Windows in a batch. Default 32. */
  readonly batchSize?: number;
  /** Whether every pass has a random order of its own. Default false: in time. */
  readonly shuffle?: boolean;
  /** Seed of those orders, a whole number. Default: the next one of the library's stream. */
  readonly seed?: number | null;
  /** Whether windows that are left over make a smaller batch. Default true. */
  readonly smallLastBatch?: boolean;
}

/** Input and target of a model. */
export interface WindowPair {
  readonly xs: Tensor;
  readonly ys: Tensor;
}

const keys = {
  size: "number",
  horizon: "number",
  stride: "number",
  gap: "number",
  targets: "any",
  samplingRate: "notYet",
} as const;
const batchKeys = {
  batchSize: "number",
  shuffle: "boolean",
  seed: "number",
  smallLastBatch: "boolean",
} as const;

/** Elements of one tensor that host memory is asked for. */
const MAX_ELEMENTS = 2 ** 29;

/** The windows of a series. They are cut when they are asked for; only the series is in memory. Made by `data.windows`. */
export class Windows {
  /** Number of windows, W. */
  readonly count: number;
  /** Step of the series at which each window begins. */
  readonly starts: Int32Array;
  readonly size: number;
  readonly horizon: number;
  readonly stride: number;
  readonly gap: number;
  readonly #series: Series;
  readonly #targets: Series;
  #xs: Tensor | null = null;
  #ys: Tensor | null = null;

  /** @internal */
  constructor(
    parts: { series: Series; targets: Series },
    starts: Int32Array,
    config: { size: number; horizon: number; stride: number; gap: number },
  ) {
    this.#series = parts.series;
    this.#targets = parts.targets;
    this.starts = starts;
    this.count = starts.length;
    this.size = config.size;
    this.horizon = config.horizon;
    this.stride = config.stride;
    this.gap = config.gap;
  }

  /** All inputs at once, [W, size, D]; made when first asked for. @throws {LimitError} when they are too many. */
  get xs(): Tensor {
    if (this.#xs === null || this.#xs.isDisposed)
      this.#xs = this.#cutAll(this.#series, 0, this.size);
    return this.#xs;
  }

  /** All targets at once, [W, horizon] or [W, horizon, D]. @throws as `xs`. */
  get ys(): Tensor {
    if (this.#ys === null || this.#ys.isDisposed) {
      this.#ys = this.#cutAll(this.#targets, this.#targetOffset, this.horizon);
    }
    return this.#ys;
  }

  /** Steps from the start of a window to its first target. */
  get #targetOffset(): number {
    return this.size + this.gap;
  }

  #cutAll(series: Series, offset: number, length: number): Tensor {
    const elements = this.count * length * sizeOf(series.rowShape);
    if (elements > MAX_ELEMENTS) {
      throw new LimitError(
        `Windows: ${this.count} windows of ${length} steps are ${elements} numbers. Expected at most ${MAX_ELEMENTS} in ` +
          "one tensor; train with model.fitDataset(windows.batches()), which cuts them as they are used.",
      );
    }
    return series.gather(this.starts, offset, length);
  }

  /**
   * The windows one by one, `{ xs [size, D], ys [horizon(, D)] }`, in order. They share the memory of the series.
   */
  dataset(): Dataset<WindowPair> {
    const windows = this;
    return new Dataset(async function* () {
      const { series, targets } = await windows.#onHost();
      for (const start of windows.starts) {
        yield {
          xs: rowView(series, start, windows.size),
          ys: rowView(targets, start + windows.#targetOffset, windows.horizon),
        };
      }
    }, this.count);
  }

  /**
   * The windows in batches, `{ xs [B, size, D], ys [B, horizon(, D)] }`, each cut when it is asked for. Shuffled, all
   * orders of all windows are equally likely: no buffer is needed. Pass n of a seed always has the same order.
   *
   * @throws {ArgumentError} for options that nobody reads, and batch sizes below 1.
   * @example
   * const windows = sl.data.windows(Float32Array.from({ length: 100 }, (_, i) => i), { size: 8 });
   * for await (const { xs, ys } of windows.batches({ batchSize: 16, shuffle: true, seed: 1 })) xs.print();
   */
  batches(config: WindowBatchesConfig = {}): Dataset<WindowPair> {
    checkKeys("Windows.batches", config, batchKeys);
    const size = wholeNumber(config.batchSize ?? 32, "Windows.batches: batchSize", 1);
    const { smallLastBatch = true, shuffle = false } = config;
    const key = shuffle ? seedOf(config.seed ?? nextSeed()) : 0;
    const count = this.count / size;
    const windows = this;
    return new Dataset(
      async function* (pass) {
        const passKey = uniformBits(key, pass);
        const { series, targets } = await windows.#onHost();
        const order = shuffle
          ? shuffledIndices(windows.count, passKey)
          : orderedIndices(windows.count);
        for (let first = 0; first < order.length; first += size) {
          const some = order.subarray(first, first + size);
          if (some.length < size && !smallLastBatch) return;
          const starts = some.map((index) => windows.starts[index] ?? 0);
          yield {
            xs: cutRows(series, starts, { offset: 0, length: windows.size }),
            ys: cutRows(targets, starts, {
              offset: windows.#targetOffset,
              length: windows.horizon,
            }),
          };
        }
      },
      smallLastBatch ? Math.ceil(count) : Math.floor(count),
    );
  }

  /** The windows at these places, which share the series. */
  subset(places: Int32Array): Windows {
    const starts = places.map((place) => this.starts[place] ?? 0);
    return new Windows({ series: this.#series, targets: this.#targets }, starts, this);
  }

  /** Windows to leave out between two groups so that no step of the series, input or target, is in both. */
  get separation(): number {
    const last = Math.max(this.size, this.#targetOffset + this.horizon);
    return Math.ceil(last / this.stride) - 1;
  }

  async #onHost(): Promise<{ series: HostSeries; targets: HostSeries }> {
    return { series: await this.#series.onHost(), targets: await this.#targets.onHost() };
  }
}

/**
 * Supervised windows of a series: what a model sees, and what it is to forecast from it. Window w begins at step
 * s = w·stride; its input is the steps s to s + size - 1, its first target is step s + size + gap, and there are
 * `horizon` of them. W = ⌊(N - size - gap - horizon) / stride⌋ + 1 windows fit.
 *
 * Small series give whole tensors, `const { xs, ys } = data.windows(…)`, for `model.fit(xs, ys)`; `windows.batches()`
 * and `windows.dataset()` cut windows as they are used, so that any number of them costs the memory of the series.
 * `data.split(windows, { validation: 0.2 })` splits them in time without overlap.
 *
 * @param series [N] or [N, D]. Inputs are [W, size, D], and [W, size, 1] for [N]; for [N] of int32 (ids of tokens),
 *   which embeddings take, [W, size]. Targets are [W, horizon, D], or [W, horizon] for [N].
 * @throws {ArgumentError} for options that nobody reads or that are out of range.
 * @throws {ShapeError} when the series is too short for one window, or the targets have another length.
 * @example
 * const load = [10, 11, 12, 13, 14, 15];
 * const { xs, ys } = sl.data.windows(load, { size: 3, horizon: 2 }); // [2, 3, 1] and [2, 2]
 * await ys.array(); // [[13, 14], [14, 15]]
 * @see Keras `keras.utils.timeseries_dataset_from_array` (there, `targets[i]` belongs to the window that begins at i)
 */
export function windows(series: HostNumbers | Tensor, config: WindowsConfig): Windows {
  checkKeys("data.windows", config, keys);
  const label = (name: string): string => `data.windows: ${name}`;
  const size = wholeNumber(config.size, label("size"), 1);
  const horizon = wholeNumber(config.horizon ?? 1, label("horizon"), 1);
  const stride = wholeNumber(config.stride ?? 1, label("stride"), 1);
  const gap = config.gap ?? 0;
  if (!Number.isSafeInteger(gap) || gap <= -size) {
    throw new ArgumentError(
      `data.windows: gap is ${gap}. Expected a whole number from ${1 - size} (1 - size) on.`,
    );
  }
  const steps = seriesOf(series, "data.windows: series");
  const targets = config.targets === undefined ? steps : seriesOf(config.targets, label("targets"));
  if (targets.steps !== steps.steps) {
    throw new ShapeError(
      `data.windows: targets has ${targets.steps} steps, but the series has ${steps.steps}. Expected as many: targets[i] ` +
        "is what is to be forecast for step i.",
    );
  }
  const span = Math.max(size, size + gap + horizon);
  if (steps.steps < span) {
    throw new ShapeError(
      `data.windows: the series has ${steps.steps} steps, but one window and its targets span ${span} (size ${size}, ` +
        `gap ${gap}, horizon ${horizon}). Expected at least as many.`,
      { details: { steps: steps.steps, span } },
    );
  }
  const count = Math.floor((steps.steps - span) / stride) + 1;
  const starts = Int32Array.from({ length: count }, (_, w) => w * stride);
  return new Windows({ series: steps.asInputs(), targets }, starts, { size, horizon, stride, gap });
}

/** Steps of a series, where they lie. */
function rowView(series: HostSeries, start: number, length: number): Tensor {
  const width = sizeOf(series.rowShape);
  const data = series.data.subarray(start * width, (start + length) * width);
  return hostTensor(data, [length, ...series.rowShape], series.dtype);
}
