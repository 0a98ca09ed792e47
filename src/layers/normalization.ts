import { ArgumentError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { ops } from "../ops/index.ts";
import { type HostNumbers, hostArray } from "../tensor/host-data.ts";
import {
  addAll,
  broadcastShape,
  columnMap,
  type KeptAxis,
  Moments,
  type MomentsSource,
} from "../tensor/host-moments.ts";
import { fromHost, Tensor } from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { knownDim, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.normalization` takes. */
export interface NormalizationConfig extends LayerConfig {
  /** The axis, or axes, with a mean and a variance of their own; null: one for all numbers. Default -1, the features. */
  readonly axis?: number | readonly number[] | null;
  /** Mean of each feature, in the order of the axis, when it is known; give `variance` with it. Default: by `adapt`. */
  readonly mean?: number | readonly number[];
  /** Variance of each feature, when it is known. */
  readonly variance?: number | readonly number[];
  /** Whether normalized numbers are taken back to their units instead. Default false. */
  readonly invert?: boolean;
}

const keys: OwnKeys<NormalizationConfig> = {
  axis: "any",
  mean: "any",
  variance: "any",
  invert: "boolean",
};

/** Least deviation that is divided by, as in Keras. */
const EPSILON = 1e-7;

/**
 * `(x - mean) / max(√variance, 1e-7)`, feature by feature.
 *
 * Weights, which no training changes: `mean` and `variance` (one number a feature), `count` (how many numbers they
 * come from). None of them when the config gave mean and variance.
 */
export class Normalization extends Layer {
  static override readonly className = "Normalization";
  readonly axis: KeptAxis;
  readonly invert: boolean;
  readonly #given: {
    readonly mean: readonly number[];
    readonly variance: readonly number[];
  } | null;

  constructor(config: NormalizationConfig = {}) {
    super(checkConfig("layers.normalization", config, keys));
    this.axis = config.axis === undefined ? -1 : config.axis;
    this.invert = config.invert ?? false;
    this.supportsMasking = true;
    this.#given = givenMoments(config);
  }

  override build(inputShape: LayerShapes): void {
    const shape = singleShape(inputShape, this.name);
    // Only sizes of kept axes have to be known.
    const { sizes } = columnMap(this.#withSizes(shape), this.axis, this.name);
    if (this.#given === null) {
      this.addWeight("mean", sizes, "float32", "zeros", null, false);
      this.addWeight("variance", sizes, "float32", "ones", null, false);
      this.addWeight("count", [], "int32", "zeros", null, false);
    } else {
      this.#checkGiven(sizes);
    }
    super.build(inputShape);
  }

  #withSizes(shape: readonly (number | null)[]): number[] {
    const axes = this.axis === null ? [] : [this.axis].flat();
    const kept = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
    return shape.map((dim, i) => (kept.includes(i) ? knownDim(shape, i, this.name) : (dim ?? 1)));
  }

  #checkGiven(sizes: Shape): void {
    for (const [name, values] of Object.entries(this.#given ?? {})) {
      if (values.length === sizeOf(sizes) || values.length === 1) continue;
      throw new ShapeError(
        `${this.name}: ${name} has ${values.length} numbers for features of shape ${formatShape(sizes)}. Expected as ` +
          "many, or one for all.",
      );
    }
  }

  /**
   * Takes mean and variance of training data and keeps them as weights; what was adapted to before is forgotten.
   * Computed on the host in float64.
   *
   * @param data Numbers [B, …, D], samples first ([N] counts as [N, 1]); or batches of them: a dataset or another
   *   (async) iterable, also of `{ xs, ys }`, of which xs counts.
   * @returns The layer; for tensors and batches, which have to be waited for, a promise of it.
   * @throws {ArgumentError} when mean and variance were given in the config, or there are no numbers.
   * @throws {NumericsError} for NaN and the infinities; {ShapeError} when features differ in number.
   */
  adapt(data: HostNumbers): this;
  adapt(data: MomentsSource): this | Promise<this>;
  adapt(data: MomentsSource): this | Promise<this> {
    if (this.#given !== null) {
      throw new ArgumentError(
        `${this.name}: adapt() was called, but mean and variance were given. Leave them out of the config.`,
      );
    }
    const label = `${this.name}: adapt`;
    const moments = new Moments(this.axis, label);
    const added = addAll(moments, data, label);
    if (added === undefined) return this.#keep(moments);
    return added.then(() => this.#keep(moments));
  }

  #keep(moments: Moments): this {
    const { firstShape, sizes, count } = moments;
    this.ensureBuilt([null, ...(firstShape.length < 2 ? [1] : firstShape.slice(1))]);
    const mean = this.weight("mean");
    if (!shapesEqual(mean.shape, sizes)) {
      throw new ShapeError(
        `${this.name}: adapt received shape ${formatShape(firstShape)}, but the layer was built for features of shape ` +
          `${formatShape(mean.shape)}.`,
      );
    }
    this.setWeights([
      fromHost(moments.mean, sizes, "float32"),
      fromHost(moments.variance, sizes, "float32"),
      fromHost([count], [], "int32"),
    ]);
    return this;
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name); // [B, …, D]
    const shape = broadcastShape(x.shape, this.axis);
    const mean = this.#moment("mean", shape);
    const variance = this.#moment("variance", shape);
    const deviation = ops.maximum(ops.sqrt(variance), ops.literal(EPSILON, []));
    return Tensor.of(
      this.invert
        ? ops.add(ops.mul(x.value, deviation), mean)
        : ops.div(ops.sub(x.value, mean), deviation),
    );
  }

  /** Mean or variance, shaped so that it broadcasts against the input. */
  #moment(name: "mean" | "variance", shape: Shape): Value {
    if (this.#given === null) return ops.reshape(this.weight(name).value, shape);
    const values = this.#given[name];
    return fromHost(values, values.length === 1 ? [] : shape, "float32").value;
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      axis: typeof this.axis === "number" || this.axis === null ? this.axis : [...this.axis],
      ...(this.#given === null
        ? {}
        : { mean: [...this.#given.mean], variance: [...this.#given.variance] }),
      invert: this.invert,
    };
  }
}

/** Mean and variance of a config; null when it has none. @throws {ArgumentError} when it has one of them, or no numbers. */
function givenMoments({ mean, variance }: NormalizationConfig) {
  if ((mean ?? null) === null && (variance ?? null) === null) return null;
  const list = (name: string, given: unknown): readonly number[] => {
    const { values } = hostArray(given ?? null, `layers.normalization: ${name}`);
    const numbers = Array.from(values);
    const isValid = numbers.every((x) => Number.isFinite(x) && (name === "mean" || x >= 0));
    if (isValid && numbers.length > 0) return numbers;
    throw new ArgumentError(
      `layers.normalization: received ${describeValue(given)} as ${name}. Expected finite numbers, and variances ` +
        "of at least 0.",
    );
  };
  return { mean: list("mean", mean), variance: list("variance", variance) };
}

/**
 * Brings features to mean 0 and variance 1, by statistics of the training data: `(x - mean) / max(√variance, 1e-7)`.
 * `adapt(data)` takes them; until then mean is 0 and variance 1. As a layer of the model it is saved with its weights,
 * and what predicts gets raw numbers. To normalize before the model instead, see `data.normalizer`.
 *
 * Input and output [B, …, D]. Weights, not trained: `mean` [D], `variance` [D], `count` [].
 *
 * @example
 * const norm = sl.layers.normalization();
 * norm.adapt([[0, 10], [2, 30]]); // mean [1, 20], variance [1, 100]
 * await norm.apply(sl.tensor2d([[2, 10]])).array(); // [[1, -1]]
 * @param config The options of {@link NormalizationConfig}.
 * @throws {ArgumentError} for mean without variance or the other way round, and for axes the input does not have.
 * @see Keras `keras.layers.Normalization`
 */
export function normalization(config?: NormalizationConfig): Normalization {
  return new Normalization(config);
}
