import { type ConstraintLike, getConstraint, serializeConstraint } from "../constraints/resolve.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import {
  getInitializer,
  type InitializerLike,
  serializeInitializer,
} from "../initializers/index.ts";
import { ops } from "../ops/index.ts";
import {
  getRegularizer,
  type RegularizerLike,
  serializeRegularizer,
} from "../regularizers/resolve.ts";
import { Tensor } from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { lastAxes } from "./last-axes.ts";
import { Layer } from "./layer.ts";
import { knownDim, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.layerNormalization` takes. */
export interface LayerNormalizationConfig extends LayerConfig {
  /** The axis to normalize, or a list: the last one (-1, default) or the last ones, `[-2, -1]`. */
  readonly axis?: number | readonly number[];
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number;
  /** Whether `beta` is added. Default true. */
  readonly center?: boolean;
  /** Whether the result is multiplied by `gamma`. Default true. */
  readonly scale?: boolean;
  /** First values of beta [D]. Default `"zeros"`. */
  readonly betaInitializer?: InitializerLike;
  /** First values of gamma [D]. Default `"ones"`. */
  readonly gammaInitializer?: InitializerLike;
  /** Penalty on beta. Default none. */
  readonly betaRegularizer?: RegularizerLike | null;
  /** Penalty on gamma. Default none. */
  readonly gammaRegularizer?: RegularizerLike | null;
  /** What training brings beta back to after each update. Default none. */
  readonly betaConstraint?: ConstraintLike | null;
  /** The same for gamma. Default none. */
  readonly gammaConstraint?: ConstraintLike | null;
}

const keys: OwnKeys<LayerNormalizationConfig> = {
  axis: "any",
  epsilon: "number",
  center: "boolean",
  scale: "boolean",
  betaInitializer: "any",
  gammaInitializer: "any",
  betaRegularizer: "any",
  gammaRegularizer: "any",
  betaConstraint: "any",
  gammaConstraint: "any",
};

/**
 * `gamma · (x - mean) / √(variance + epsilon) + beta`, with mean and variance along the last axis.
 *
 * Weights: `gamma` [D], `beta` [D].
 */
export class LayerNormalization extends Layer {
  static override readonly className = "LayerNormalization";
  readonly axis: number | readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly #betaInitializer;
  readonly #gammaInitializer;
  readonly #betaRegularizer;
  readonly #gammaRegularizer;
  readonly #betaConstraint;
  readonly #gammaConstraint;

  constructor(config: LayerNormalizationConfig = {}) {
    super(checkConfig("layers.layerNormalization", config, keys));
    this.axis = config.axis ?? -1;
    this.epsilon = config.epsilon ?? 1e-3;
    this.center = config.center ?? true;
    this.scale = config.scale ?? true;
    this.supportsMasking = true;
    this.inputSpec = [{ minNDim: 2 }];
    this.#betaInitializer = getInitializer(config.betaInitializer ?? "zeros");
    this.#gammaInitializer = getInitializer(config.gammaInitializer ?? "ones");
    this.#betaRegularizer = getRegularizer(config.betaRegularizer);
    this.#gammaRegularizer = getRegularizer(config.gammaRegularizer);
    this.#betaConstraint = getConstraint(config.betaConstraint);
    this.#gammaConstraint = getConstraint(config.gammaConstraint);
  }

  override build(inputShape: LayerShapes): void {
    const shape = singleShape(inputShape, this.name);
    const axes = lastAxes(this.axis, shape.length, this.name);
    const sizes = axes.map((axis) => knownDim(shape, axis, this.name)); // [D], or several
    if (this.scale) {
      const [first, penalty] = [this.#gammaInitializer, this.#gammaRegularizer];
      this.addWeight("gamma", sizes, "float32", first, penalty, true, this.#gammaConstraint);
    }
    if (this.center) {
      const [first, penalty] = [this.#betaInitializer, this.#betaRegularizer];
      this.addWeight("beta", sizes, "float32", first, penalty, true, this.#betaConstraint);
    }
    const known = axes.map((axis, i) => [axis - shape.length, sizes[i] ?? 1] as const);
    this.inputSpec = [{ minNDim: 2, axes: Object.fromEntries(known) }];
    super.build(inputShape);
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name); // [..., D]
    const count = [this.axis].flat().length;
    const width = [sizeOf(x.shape.slice(-count))]; // [D], the axes joined
    const flat = (name: string): Value => ops.reshape(this.weight(name).value, width);
    const gamma = this.scale ? flat("gamma") : ops.literal(1, width); // [D]
    const beta = this.center ? flat("beta") : ops.literal(0, width); // [D]
    const rows = ops.reshape(x.value, [...x.shape.slice(0, -count), ...width]);
    return Tensor.of(ops.reshape(ops.layerNorm(rows, gamma, beta, this.epsilon), x.shape));
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      axis: typeof this.axis === "number" ? this.axis : [...this.axis],
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: serializeInitializer(this.#betaInitializer),
      gammaInitializer: serializeInitializer(this.#gammaInitializer),
      betaRegularizer: serializeRegularizer(this.#betaRegularizer),
      gammaRegularizer: serializeRegularizer(this.#gammaRegularizer),
      betaConstraint: serializeConstraint(this.#betaConstraint),
      gammaConstraint: serializeConstraint(this.#gammaConstraint),
    };
  }
}

/**
 * Layer normalization: mean 0 and variance 1 along the last axis (or axes), then a learned scale and shift.
 *
 * Input and output [B, …, D]. Weights: `gamma` [D], `beta` [D].
 *
 * @example
 * const y = sl.layers.layerNormalization().apply(sl.tensor2d([[1, 2, 3]]));
 * await y.array(); // [[-1.2238, 0, 1.2238]]
 * @param config The options of {@link LayerNormalizationConfig}; `epsilon` is 1e-3 as in Keras.
 * @throws {ArgumentError} for axes other than the last.
 * @see Ba, Kiros and Hinton 2016, arXiv:1607.06450; Keras `keras.layers.LayerNormalization`
 */
export function layerNormalization(config?: LayerNormalizationConfig): LayerNormalization {
  return new LayerNormalization(config);
}
