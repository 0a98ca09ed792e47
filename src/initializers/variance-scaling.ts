import { ArgumentError } from "../errors.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { resolveName, type Spelled } from "../names/resolve.ts";
import { normal, truncatedNormal, uniform } from "../ops/random-bits.ts";
import { computeFans } from "./fans.ts";
import { RandomInitializer, type SeedConfig } from "./initializer.ts";

const modes = ["fanIn", "fanOut", "fanAvg"] as const;
const distributions = ["truncatedNormal", "untruncatedNormal", "uniform"] as const;

export interface VarianceScalingConfig extends SeedConfig {
  /** Positive factor of the variance. Default 1. */
  readonly scale?: number;
  /** What the variance is divided by. Default `"fanIn"`. */
  readonly mode?: Spelled<(typeof modes)[number]>;
  /** Default `"truncatedNormal"`; `"normal"` is another name of it. */
  readonly distribution?: Spelled<(typeof distributions)[number]> | "normal";
}

/** Standard deviation of a standard normal cut off at ±2; dividing by it restores the variance. */
const TRUNCATED_STDDEV = 0.87962566103423978;

/**
 * Values whose variance is `scale` divided by the number of inputs (`fanIn`), of outputs
 * (`fanOut`), or by the mean of both (`fanAvg`).
 * @see Keras `keras.initializers.VarianceScaling`
 */
export class VarianceScaling extends RandomInitializer {
  static override readonly className: string = "VarianceScaling";
  readonly scale: number;
  readonly mode: (typeof modes)[number];
  readonly distribution: (typeof distributions)[number];

  constructor(config: VarianceScalingConfig = {}) {
    super(config);
    this.scale = config.scale ?? 1;
    if (!(this.scale > 0)) {
      throw new ArgumentError(
        `varianceScaling: scale is ${this.scale}. Expected a number above 0.`,
        { details: { scale: this.scale } },
      );
    }
    this.mode = resolveName(config.mode ?? "fanIn", modes, { what: "varianceScaling mode" });
    this.distribution = resolveName(config.distribution ?? "truncatedNormal", distributions, {
      what: "varianceScaling distribution",
      aliases: { normal: "truncatedNormal" },
    });
  }

  override values(shape: Shape): Float32Array {
    const { fanIn, fanOut } = computeFans(shape);
    const fan = { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 }[this.mode];
    const variance = this.scale / Math.max(1, fan);
    const size = sizeOf(shape);
    if (this.distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      return this.fill(size, (key, index) => limit * (2 * uniform(key, index) - 1));
    }
    const stddev = Math.sqrt(variance);
    if (this.distribution === "untruncatedNormal") {
      return this.fill(size, (key, index) => stddev * normal(key, index));
    }
    const wider = stddev / TRUNCATED_STDDEV;
    return this.fill(size, (key, index) => wider * truncatedNormal(key, index));
  }

  override getConfig(): Record<string, unknown> {
    const { scale, mode, distribution } = this;
    return this.withSeed({ scale, mode, distribution });
  }
}

/** Uniform in ±√(6 / (fanIn + fanOut)) (Glorot and Bengio 2010). */
export class GlorotUniform extends VarianceScaling {
  static override readonly className = "GlorotUniform";

  constructor(config: SeedConfig = {}) {
    super({ scale: 1, mode: "fanAvg", distribution: "uniform", seed: config.seed });
  }

  override getConfig(): Record<string, unknown> {
    return this.withSeed({});
  }
}

/** Truncated normal of variance 2 / (fanIn + fanOut) (Glorot and Bengio 2010). */
export class GlorotNormal extends VarianceScaling {
  static override readonly className = "GlorotNormal";

  constructor(config: SeedConfig = {}) {
    super({ scale: 1, mode: "fanAvg", distribution: "truncatedNormal", seed: config.seed });
  }

  override getConfig(): Record<string, unknown> {
    return this.withSeed({});
  }
}

/** Uniform in ±√(6 / fanIn) (He et al. 2015, arXiv:1502.01852). */
export class HeUniform extends VarianceScaling {
  static override readonly className = "HeUniform";

  constructor(config: SeedConfig = {}) {
    super({ scale: 2, mode: "fanIn", distribution: "uniform", seed: config.seed });
  }

  override getConfig(): Record<string, unknown> {
    return this.withSeed({});
  }
}

/** Truncated normal of variance 2 / fanIn (He et al. 2015, arXiv:1502.01852). */
export class HeNormal extends VarianceScaling {
  static override readonly className = "HeNormal";

  constructor(config: SeedConfig = {}) {
    super({ scale: 2, mode: "fanIn", distribution: "truncatedNormal", seed: config.seed });
  }

  override getConfig(): Record<string, unknown> {
    return this.withSeed({});
  }
}

/** Uniform in ±√(3 / fanIn) (LeCun et al. 1998, Efficient BackProp). */
export class LecunUniform extends VarianceScaling {
  static override readonly className = "LecunUniform";

  constructor(config: SeedConfig = {}) {
    super({ scale: 1, mode: "fanIn", distribution: "uniform", seed: config.seed });
  }

  override getConfig(): Record<string, unknown> {
    return this.withSeed({});
  }
}

/** Truncated normal of variance 1 / fanIn (LeCun et al. 1998, Efficient BackProp). */
export class LecunNormal extends VarianceScaling {
  static override readonly className = "LecunNormal";

  constructor(config: SeedConfig = {}) {
    super({ scale: 1, mode: "fanIn", distribution: "truncatedNormal", seed: config.seed });
  }

  override getConfig(): Record<string, unknown> {
    return this.withSeed({});
  }
}
