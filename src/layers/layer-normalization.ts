import { ArgumentError } from "../errors.ts";
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
import { Layer } from "./layer.ts";
import { knownDim, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.layerNormalization` takes. */
export interface LayerNormalizationConfig extends LayerConfig {
  /** The axis to normalize: the last one only, -1 (default) or its number. */
  readonly axis?: number;
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
  betaConstraint: "notYet",
  gammaConstraint: "notYet",
};

/**
 * `gamma · (x - mean) / √(variance + epsilon) + beta`, with mean and variance along the last axis.
 *
 * Weights: `gamma` [D], `beta` [D].
 */
export class LayerNormalization extends Layer {
  static override readonly className = "LayerNormalization";
  readonly axis: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly #betaInitializer;
  readonly #gammaInitializer;
  readonly #betaRegularizer;
  readonly #gammaRegularizer;

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
  }

  override build(inputShape: LayerShapes): void {
    const shape = singleShape(inputShape, this.name);
    const width = knownDim(shape, -1, this.name); // D
    if (this.axis !== -1 && this.axis !== shape.length - 1) {
      throw new ArgumentError(
        `${this.name}: axis is ${this.axis} for an input of rank ${shape.length}. Expected -1, ` +
          "the last axis; move another axis there with layers.permute.",
        { details: { axis: this.axis, shape } },
      );
    }
    if (this.scale) {
      this.addWeight("gamma", [width], "float32", this.#gammaInitializer, this.#gammaRegularizer);
    }
    if (this.center) {
      this.addWeight("beta", [width], "float32", this.#betaInitializer, this.#betaRegularizer);
    }
    this.inputSpec = [{ minNDim: 2, axes: { [-1]: width } }];
    super.build(inputShape);
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name); // [..., D]
    const width = [x.shape.at(-1) ?? 1];
    const gamma = this.scale ? this.weight("gamma").value : ops.literal(1, width); // [D]
    const beta = this.center ? this.weight("beta").value : ops.literal(0, width); // [D]
    return Tensor.of(ops.layerNorm(x.value, gamma, beta, this.epsilon));
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      axis: this.axis,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: serializeInitializer(this.#betaInitializer),
      gammaInitializer: serializeInitializer(this.#gammaInitializer),
      betaRegularizer: serializeRegularizer(this.#betaRegularizer),
      gammaRegularizer: serializeRegularizer(this.#gammaRegularizer),
    };
  }
}

/**
 * Layer normalization: mean 0 and variance 1 along the last axis, then a learned scale and shift.
 *
 * Input and output [B, …, D]. Weights: `gamma` [D], `beta` [D].
 *
 * @example
 * const y = sl.layers.layerNormalization().apply(sl.tensor2d([[1, 2, 3]]));
 * await y.array(); // [[-1.2238, 0, 1.2238]]
 * @param config The options of {@link LayerNormalizationConfig}; `epsilon` is 1e-3 as in Keras.
 * @throws {ArgumentError} for an axis other than the last.
 * @see Ba, Kiros and Hinton 2016, arXiv:1607.06450; Keras `keras.layers.LayerNormalization`
 */
export function layerNormalization(config?: LayerNormalizationConfig): LayerNormalization {
  return new LayerNormalization(config);
}
