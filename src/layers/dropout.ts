import { ArgumentError } from "../errors.ts";
import { mul, type Tensor } from "../tensor/index.ts";
import { dropoutRate, floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { DropoutKeys, dropoutMask } from "./dropout-mask.ts";
import { Layer } from "./layer.ts";
import { formatLayerShape, type LayerShape } from "./layer-shape.ts";
import type { CallOptions, ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.dropout` takes. */
export interface DropoutConfig extends LayerConfig {
  /** Share of the elements that training sets to zero, from 0 up to, without, 1. */
  readonly rate: number;
  /**
   * Shape of the choice, batch included: where it has 1 the choice is the same along that axis.
   * null: as the input. `[null, 1, null]` takes whole features out of [B, T, I]. Default: as the
   * input.
   */
  readonly noiseShape?: LayerShape | null;
  /** Seed of the choice. Default: drawn from the seed of `setSeed`. */
  readonly seed?: number | undefined;
}

const keys: OwnKeys<DropoutConfig> = { rate: "number", noiseShape: "any", seed: "number" };

/**
 * Sets a random share of the elements to zero while training and multiplies the others by
 * 1 / (1 - rate); otherwise it changes nothing.
 * @see Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 */
export class Dropout extends Layer {
  static override readonly className = "Dropout";
  readonly rate: number;
  readonly noiseShape: LayerShape | null;
  readonly seed: number | undefined;
  readonly #keys: DropoutKeys;

  constructor(config: DropoutConfig) {
    super(checkConfig("layers.dropout", config, keys));
    this.rate = dropoutRate(config.rate, `${this.name}: rate`);
    this.noiseShape = config.noiseShape ?? null;
    this.seed = config.seed;
    this.#keys = new DropoutKeys(config.seed);
    this.supportsMasking = true;
  }

  override call(inputs: Tensor | readonly Tensor[], kwargs: CallOptions): Tensor {
    const x = floatInput(inputs, this.name);
    if (!kwargs.training || this.rate === 0) return x;
    return mul(x, dropoutMask(this.#maskShape(x.shape), this.rate, this.#keys));
  }

  #maskShape(shape: readonly number[]): readonly number[] {
    const noise = this.noiseShape;
    if (noise === null) return shape;
    const sizes = shape.map((dim, axis) => noise[axis] ?? dim);
    if (
      noise.length !== shape.length ||
      sizes.some((dim, axis) => dim !== 1 && dim !== shape[axis])
    ) {
      throw new ArgumentError(
        `${this.name}: noiseShape is ${formatLayerShape(noise)} for an input of shape ` +
          `${formatLayerShape(shape)}. Expected as many axes, each null, 1 or the size of the ` +
          "input.",
        { details: { noiseShape: noise, shape } },
      );
    }
    return sizes;
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      rate: this.rate,
      ...(this.noiseShape === null ? {} : { noiseShape: [...this.noiseShape] }),
      ...(this.seed === undefined ? {} : { seed: this.seed }),
    };
  }
}

/**
 * Dropout: in training a random share of the elements becomes 0 and the others grow by
 * 1 / (1 - rate), so that sums stay the same on average; otherwise the input passes unchanged.
 *
 * @example
 * const layer = sl.layers.dropout({ rate: 0.5, seed: 1 });
 * const y = layer.apply(sl.ones([2, 4]), { training: true }); // zeros and twos
 * @param config `rate` and the options of {@link DropoutConfig}.
 * @throws {ArgumentError} for a rate outside [0, 1), and by `apply` for a noiseShape that does not
 *   fit.
 * @see Keras `keras.layers.Dropout`, PyTorch `torch.nn.Dropout`
 */
export function dropout(config: DropoutConfig): Dropout {
  return new Dropout(config);
}

/**
 * Dropout of whole features: in training, a random share of the features of [B, T, I] is 0 at all
 * times.
 *
 * @example
 * sl.layers.spatialDropout1d({ rate: 0.2 }).apply(sl.ones([2, 5, 3]), { training: true });
 * @param config `rate` and `seed`, as for `layers.dropout`.
 * @see Keras `keras.layers.SpatialDropout1D`
 */
export function spatialDropout1d(config: Omit<DropoutConfig, "noiseShape">): Dropout {
  return new Dropout({ ...config, noiseShape: [null, 1, null] });
}
