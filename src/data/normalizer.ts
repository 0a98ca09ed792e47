import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, type Shape, shapesEqual } from "../graph/shape.ts";
import { checkKeys } from "../names/check-keys.ts";
import { registerClass } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
import { resolveName } from "../names/resolve.ts";
import { type HostNumbers, hostArray } from "../tensor/host-data.ts";
import {
  addAll,
  broadcastShape,
  columnMap,
  type KeptAxis,
  Moments,
  type MomentsSource,
} from "../tensor/host-moments.ts";
import { add, div, fromHost, mul, sub, Tensor } from "../tensor/index.ts";
import { isTypedArray, toNested } from "../tensor/nested.ts";
import {
  checkStatistics,
  columnOf,
  type Statistics,
  scalesOf,
  statisticsOf,
} from "./statistics.ts";

/** What `data.normalizer` takes. */
export interface NormalizerConfig {
  /** The axis, or axes, with statistics of their own; null: one for all numbers. Default -1, the features. */
  readonly axis?: number | readonly number[] | null;
  /** `"standard"` (default): mean 0 and variance 1. `"minMax"`: least 0 and greatest 1. */
  readonly method?: NormalizerMethod;
}

export type NormalizerMethod = "standard" | "minMax";

const methods = ["standard", "minMax"] as const;
const keys = { axis: "any", method: "string", statistics: "any" } as const;

/**
 * Brings features to one scale, and results back: fitted on training data, then applied to everything. Made by
 * `data.normalizer`.
 */
export class Normalizer {
  static readonly className = "Normalizer";
  readonly axis: KeptAxis;
  readonly method: NormalizerMethod;
  #statistics: Statistics | null = null;
  /** A fit of tensors or batches is under way. */
  #isWaiting = false;

  /** The normalizer that `getConfig()` describes, fitted if that one was. @throws {ArgumentError} for a config that none gave. */
  static fromConfig(config: Record<string, unknown>): Normalizer {
    checkKeys("data.normalizer", config, keys);
    const { statistics = null, ...own } = config;
    const made = new Normalizer(own as NormalizerConfig);
    if (statistics !== null) made.#statistics = checkStatistics(statistics);
    return made;
  }

  constructor(config: NormalizerConfig = {}) {
    checkKeys("data.normalizer", config, { axis: keys.axis, method: keys.method });
    const { axis = -1 } = config;
    const isAxis = axis === null || [axis].flat().every((one) => Number.isInteger(one));
    if (!isAxis) {
      throw new ArgumentError(
        `data.normalizer: received ${describeValue(axis)} as axis. Expected a whole number, a list of them, or null.`,
      );
    }
    this.axis = axis;
    this.method = resolveName(config.method ?? "standard", methods, {
      what: "data.normalizer: method",
    });
  }

  get isFitted(): boolean {
    return this.#statistics !== null;
  }

  /** Mean of each feature. @throws {ArgumentError} before `fit`. */
  get mean(): readonly number[] {
    return this.#fitted("mean").mean;
  }

  /** Mean squared distance from the mean. @throws {ArgumentError} before `fit`. */
  get variance(): readonly number[] {
    return this.#fitted("variance").variance;
  }

  /** Least number of each feature. @throws {ArgumentError} before `fit`. */
  get min(): readonly number[] {
    return this.#fitted("min").min;
  }

  /** Greatest number of each feature. @throws {ArgumentError} before `fit`. */
  get max(): readonly number[] {
    return this.#fitted("max").max;
  }

  /**
   * Takes the statistics of training data, on the host in float64; what was fitted before is forgotten.
   *
   * @param data Numbers [N, …, D] ([N] counts as [N, 1]); or batches of them, samples first: a dataset or another
   *   (async) iterable, also of `{ xs, ys }`, of which xs counts. They are read once, batch by batch.
   * @returns The normalizer; for tensors and batches, which have to be waited for, a promise of it.
   * @throws {NumericsError} for NaN and the infinities; {ShapeError} when batches differ in features; {ArgumentError}
   *   when there are no numbers.
   */
  fit(data: HostNumbers): this;
  fit(data: Tensor | AsyncIterable<unknown>): Promise<this>;
  fit(data: MomentsSource): this | Promise<this>;
  fit(data: MomentsSource): this | Promise<this> {
    const label = "Normalizer.fit";
    const moments = new Moments(this.axis, label);
    const added = addAll(moments, data, label);
    if (added === undefined) return this.#keep(moments);
    this.#isWaiting = true;
    return added
      .then(() => this.#keep(moments))
      .finally(() => {
        this.#isWaiting = false;
      });
  }

  #keep(moments: Moments): this {
    this.#statistics = statisticsOf(moments);
    return this;
  }

  /**
   * `(x - mean) / √variance`, or `(x - min) / (max - min)`. A feature that was constant is not divided.
   *
   * @param x Numbers of the same features. Comes back as it was given: a tensor as a tensor (computed on the GPU), a
   *   typed array as one (Float32Array unless it is a Float64Array), nested arrays as nested arrays.
   * @throws {ArgumentError} before `fit`; {ShapeError} for another number of features.
   */
  transform(x: Tensor): Tensor;
  transform<T extends HostNumbers>(x: T): Normalized<T>;
  transform(x: Tensor | HostNumbers): unknown {
    return this.#apply(x, "transform", false);
  }

  /**
   * What `transform` undoes: forecasts in the units of the data. For forecasts of one feature among several take
   * `column(i)`.
   *
   * @throws as `transform` does.
   */
  inverseTransform(x: Tensor): Tensor;
  inverseTransform<T extends HostNumbers>(x: T): Normalized<T>;
  inverseTransform(x: Tensor | HostNumbers): unknown {
    return this.#apply(x, "inverseTransform", true);
  }

  /**
   * The statistics of one feature, applied to all numbers.
   *
   * @example
   * const norm = sl.data.normalizer().fit([[1, 100], [3, 300]]);
   * norm.column(1).inverseTransform(Float32Array.of(0, 1)); // [200, 300]
   */
  column(index: number): Normalizer {
    const one = new Normalizer({ axis: null, method: this.method });
    one.#statistics = columnOf(this.#fitted("column()"), index);
    return one;
  }

  /** Settings and statistics as plain data, for `fromConfig`. */
  getConfig(): Record<string, unknown> {
    const axis = typeof this.axis === "number" || this.axis === null ? this.axis : [...this.axis];
    const config = { axis, method: this.method };
    if (this.#statistics === null) return config;
    return { ...config, statistics: structuredClone(this.#statistics) };
  }

  #fitted(what: string): Statistics {
    if (this.#statistics !== null) return this.#statistics;
    const advice = this.#isWaiting
      ? "fit() is still reading; of tensors and data sets it gives a promise: await normalizer.fit(x)."
      : "Call fit() with the training data first.";
    throw new ArgumentError(`Normalizer: ${what} needs statistics. ${advice}`);
  }

  #apply(x: Tensor | HostNumbers, what: string, isInverse: boolean): unknown {
    const statistics = this.#fitted(`${what}()`);
    const { offsets, scales } = scalesOf(statistics, this.method);
    const label = `Normalizer.${what}`;
    if (x instanceof Tensor) {
      this.#checkFeatures(x.shape, statistics, label);
      return applyToTensor(x, { offsets, scales, isInverse, axis: this.axis });
    }
    const { values, shape } = hostArray(x, label);
    const { columnOf } = this.#checkFeatures(shape.length === 0 ? [1] : shape, statistics, label);
    const result = x instanceof Float64Array ? x.slice() : new Float32Array(values.length);
    for (let place = 0; place < values.length; place++) {
      const column = columnOf(place);
      const [offset = 0, scale = 1] = [offsets[column], scales[column]];
      const value = values[place] ?? 0;
      result[place] = isInverse ? value * scale + offset : (value - offset) / scale;
    }
    return isTypedArray(x) ? result : toNested(result as Float32Array, shape, "float32");
  }

  #checkFeatures(shape: Shape, statistics: Statistics, label: string) {
    const map = columnMap(shape, this.axis, label);
    if (shapesEqual(map.sizes, statistics.shape)) return map;
    throw new ShapeError(
      `${label}: received shape ${formatShape(shape)}, whose features are ${formatShape(map.sizes)}. Expected ` +
        `${formatShape(statistics.shape)}, as fitted; use column(i) for one feature alone.`,
      { details: { received: shape, expected: statistics.shape } },
    );
  }
}

/** What comes back for host numbers. */
export type Normalized<T> = T extends Float64Array
  ? Float64Array
  : T extends ArrayBufferView
    ? Float32Array
    : T extends number | boolean
      ? number
      : T extends readonly (infer Row)[]
        ? (Row extends ArrayBufferView ? number[] : Normalized<Row>)[]
        : never;

function applyToTensor(
  x: Tensor,
  given: {
    offsets: readonly number[];
    scales: readonly number[];
    isInverse: boolean;
    axis: KeptAxis;
  },
): Tensor {
  const shape = broadcastShape(x.shape, given.axis);
  const constant = (values: readonly number[]): Tensor => fromHost(values, shape, "float32");
  // A large offset rounds to float32; what it loses is a second, small one, so that the data keeps its digits.
  const offset = constant(given.offsets);
  const rest = constant(given.offsets.map((one) => one - Math.fround(one)));
  const scale = constant(given.scales);
  if (given.isInverse) return add(add(mul(x, scale), rest), offset);
  return div(sub(sub(x, offset), rest), scale);
}

registerClass(Normalizer);

/**
 * Brings features to one scale, by statistics of the training data only: mean 0 and variance 1, or 0 to 1. Transforms
 * what comes later, and takes forecasts back to their units. Saved with a model it comes back as it was. To make it
 * part of the model instead, see `layers.normalization`.
 *
 * @example
 * const norm = sl.data.normalizer().fit([[1, 100], [3, 300]]); // mean [2, 200], variance [1, 10000]
 * norm.transform([[2, 300]]); // [[0, 1]]
 * norm.inverseTransform(sl.tensor([[0, 1]])); // tensor [[2, 300]]
 * @param config The options of {@link NormalizerConfig}.
 * @throws {ArgumentError} for options that nobody reads.
 * @see scikit-learn `StandardScaler`, `MinMaxScaler`; Keras `keras.layers.Normalization`
 */
export function normalizer(config?: NormalizerConfig): Normalizer {
  return new Normalizer(config);
}
