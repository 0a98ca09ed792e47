import { type Shape, sizeOf } from "../graph/shape.ts";
import { normal, truncatedNormal, uniform } from "../ops/random-bits.ts";
import { RandomInitializer, type SeedConfig } from "./initializer.ts";

export interface UniformConfig extends SeedConfig {
  /** Lower end. Default -0.05. */
  readonly minval?: number;
  /** Upper end. Default 0.05. */
  readonly maxval?: number;
}

/** Uniform between two ends. */
export class RandomUniform extends RandomInitializer {
  static override readonly className = "RandomUniform";
  readonly minval: number;
  readonly maxval: number;

  constructor(config: UniformConfig = {}) {
    super(config);
    this.minval = config.minval ?? -0.05;
    this.maxval = config.maxval ?? 0.05;
  }

  override values(shape: Shape): Float32Array {
    const width = this.maxval - this.minval;
    return this.fill(sizeOf(shape), (key, index) => this.minval + width * uniform(key, index));
  }

  override getConfig(): Record<string, unknown> {
    return this.withSeed({ minval: this.minval, maxval: this.maxval });
  }
}

export interface NormalConfig extends SeedConfig {
  /** Default 0. */
  readonly mean?: number;
  /** Standard deviation. Default 0.05. */
  readonly stddev?: number;
}

/** Normally distributed. */
export class RandomNormal extends RandomInitializer {
  static override readonly className: string = "RandomNormal";
  readonly mean: number;
  readonly stddev: number;

  constructor(config: NormalConfig = {}) {
    super(config);
    this.mean = config.mean ?? 0;
    this.stddev = config.stddev ?? 0.05;
  }

  override values(shape: Shape): Float32Array {
    const draw = (key: number, index: number): number =>
      this.mean + this.stddev * normal(key, index);
    return this.fill(sizeOf(shape), draw);
  }

  override getConfig(): Record<string, unknown> {
    return this.withSeed({ mean: this.mean, stddev: this.stddev });
  }
}

/** Normally distributed, within two standard deviations. */
export class TruncatedNormal extends RandomNormal {
  static override readonly className = "TruncatedNormal";

  override values(shape: Shape): Float32Array {
    const draw = (key: number, index: number): number =>
      this.mean + this.stddev * truncatedNormal(key, index);
    return this.fill(sizeOf(shape), draw);
  }
}
