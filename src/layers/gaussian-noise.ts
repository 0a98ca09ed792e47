import { ArgumentError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import { ops } from "../ops/index.ts";
import { add, mul, Tensor } from "../tensor/index.ts";
import { dropoutRate, floatInput } from "./arguments.ts";
import { checkConfig } from "./check-config.ts";
import { DropoutKeys } from "./dropout-mask.ts";
import { Layer } from "./layer.ts";
import type { CallOptions, ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.gaussianNoise` takes. */
export interface GaussianNoiseConfig extends LayerConfig {
  /** Standard deviation of the noise, from 0 up. */
  readonly stddev: number;
  /** Seed of the noise. Default: drawn from the seed of `setSeed`. */
  readonly seed?: number | undefined;
}

/** What `layers.gaussianDropout` takes. */
export interface GaussianDropoutConfig extends LayerConfig {
  /** The factors have the standard deviation √(rate / (1 - rate)); from 0 up to, without, 1. */
  readonly rate: number;
  /** Seed of the factors. Default: drawn from the seed of `setSeed`. */
  readonly seed?: number | undefined;
}

/** Adds normally distributed noise while training; otherwise it changes nothing. */
export class GaussianNoise extends Layer {
  static override readonly className = "GaussianNoise";
  readonly stddev: number;
  readonly seed: number | undefined;
  readonly #keys: DropoutKeys;

  constructor(config: GaussianNoiseConfig) {
    super(checkConfig("layers.gaussianNoise", config, { stddev: "number", seed: "number" }));
    if (!(config.stddev >= 0 && Number.isFinite(config.stddev))) {
      throw new ArgumentError(
        `${this.name}: stddev is ${describeValue(config.stddev)}. Expected a number from 0 up.`,
      );
    }
    this.stddev = config.stddev;
    this.seed = config.seed;
    this.#keys = new DropoutKeys(config.seed);
    this.supportsMasking = true;
  }

  override call(inputs: Tensor | readonly Tensor[], kwargs: CallOptions): Tensor {
    const x = floatInput(inputs, this.name);
    if (!kwargs.training || this.stddev === 0) return x;
    return add(x, mul(normal(x.shape, this.#keys), this.stddev));
  }

  override getConfig(): ConfigDict {
    const { stddev, seed } = this;
    return { ...super.getConfig(), stddev, ...(seed === undefined ? {} : { seed }) };
  }
}

/**
 * Multiplies by normally distributed factors of mean 1 while training; otherwise it changes nothing.
 * @see Srivastava et al. 2014, section 10, https://jmlr.org/papers/v15/srivastava14a.html
 */
export class GaussianDropout extends Layer {
  static override readonly className = "GaussianDropout";
  readonly rate: number;
  readonly seed: number | undefined;
  readonly #keys: DropoutKeys;

  constructor(config: GaussianDropoutConfig) {
    super(checkConfig("layers.gaussianDropout", config, { rate: "number", seed: "number" }));
    this.rate = dropoutRate(config.rate, `${this.name}: rate`);
    this.seed = config.seed;
    this.#keys = new DropoutKeys(config.seed);
    this.supportsMasking = true;
  }

  override call(inputs: Tensor | readonly Tensor[], kwargs: CallOptions): Tensor {
    const x = floatInput(inputs, this.name);
    if (!kwargs.training || this.rate === 0) return x;
    const stddev = Math.sqrt(this.rate / (1 - this.rate));
    return mul(x, add(mul(normal(x.shape, this.#keys), stddev), 1));
  }

  override getConfig(): ConfigDict {
    const { rate, seed } = this;
    return { ...super.getConfig(), rate, ...(seed === undefined ? {} : { seed }) };
  }
}

/** Standard normal values, new ones each call. */
function normal(shape: readonly number[], keys: DropoutKeys): Tensor {
  return Tensor.of(ops.randomNormal(shape, keys.next()));
}
