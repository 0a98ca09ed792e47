import { ArgumentError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import {
  elu,
  greater,
  greaterEqual,
  leakyRelu,
  minimum,
  mul,
  relu,
  softmax,
  sub,
  type Tensor,
  where,
} from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.softmax` takes. */
export interface SoftmaxConfig extends LayerConfig {
  /** The axis whose elements sum to 1. Default -1. */
  readonly axis?: number;
}

/** What `layers.reLU` takes. */
export interface ReLUConfig extends LayerConfig {
  /** Results are at most this. Default null: no bound. */
  readonly maxValue?: number | null;
  /** Slope below the threshold. Default 0. */
  readonly negativeSlope?: number;
  /** Where the line begins. Default 0. */
  readonly threshold?: number;
}

/** What `layers.leakyReLU` takes. */
export interface LeakyReLUConfig extends LayerConfig {
  /** Slope below 0. Default 0.3. */
  readonly negativeSlope?: number;
  /** TF.js's name of `negativeSlope`. */
  readonly alpha?: number;
}

/** What `layers.elu` takes. */
export interface ELUConfig extends LayerConfig {
  /** The result far below 0 is minus this. Default 1. */
  readonly alpha?: number;
}

const reLUKeys: OwnKeys<ReLUConfig> = {
  maxValue: "number",
  negativeSlope: "number",
  threshold: "number",
};

/** Softmax along an axis. */
export class Softmax extends Layer {
  static override readonly className = "Softmax";
  readonly axis: number;

  constructor(config: SoftmaxConfig = {}) {
    super(checkConfig("layers.softmax", config, { axis: "number" }));
    this.axis = config.axis ?? -1;
    this.supportsMasking = true;
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    return softmax(floatInput(inputs, this.name), this.axis);
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), axis: this.axis };
  }
}

/** x from the threshold up to the bound, below the threshold a line of another slope. */
export class ReLU extends Layer {
  static override readonly className = "ReLU";
  readonly maxValue: number | null;
  readonly negativeSlope: number;
  readonly threshold: number;

  constructor(config: ReLUConfig = {}) {
    super(checkConfig("layers.reLU", config, reLUKeys));
    this.maxValue = config.maxValue ?? null;
    this.negativeSlope = config.negativeSlope ?? 0;
    this.threshold = config.threshold ?? 0;
    this.supportsMasking = true;
    for (const [key, value] of Object.entries({ maxValue: this.maxValue ?? 0, ...this.#slope })) {
      if (value >= 0) continue;
      throw new ArgumentError(
        `${this.name}: ${key} is ${describeValue(value)}. Expected a number from 0 up.`,
      );
    }
  }

  get #slope(): { negativeSlope: number; threshold: number } {
    return { negativeSlope: this.negativeSlope, threshold: this.threshold };
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name);
    const { threshold, negativeSlope, maxValue } = this;
    const below = mul(sub(x, threshold), negativeSlope);
    const line =
      threshold === 0 && negativeSlope === 0
        ? relu(x)
        : where(greaterEqual(x, threshold), x, below);
    return maxValue === null ? line : minimum(line, maxValue);
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), maxValue: this.maxValue, ...this.#slope };
  }
}

/** x above 0, a line of another slope below. */
export class LeakyReLU extends Layer {
  static override readonly className = "LeakyReLU";
  readonly negativeSlope: number;

  constructor(config: LeakyReLUConfig = {}) {
    super(checkConfig("layers.leakyReLU", config, { negativeSlope: "number", alpha: "number" }));
    this.negativeSlope = config.negativeSlope ?? config.alpha ?? 0.3;
    this.supportsMasking = true;
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    return leakyRelu(floatInput(inputs, this.name), this.negativeSlope);
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), negativeSlope: this.negativeSlope };
  }
}

/** x above 0, alpha·(eˣ - 1) below (Clevert et al. 2016, arXiv:1511.07289). */
export class ELU extends Layer {
  static override readonly className = "ELU";
  readonly alpha: number;

  constructor(config: ELUConfig = {}) {
    super(checkConfig("layers.elu", config, { alpha: "number" }));
    this.alpha = config.alpha ?? 1;
    this.supportsMasking = true;
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name);
    const curve = elu(x);
    return this.alpha === 1 ? curve : where(greater(x, 0), x, mul(curve, this.alpha));
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}
