import { ArgumentError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import type { Shape } from "../graph/shape.ts";
import { nextSeed, type Tensor, tensor } from "../tensor/index.ts";

/**
 * Gives the first values of a weight. Derive from it to make your own: override `values`, or
 * `apply` where you would rather compute with tensors.
 */
export abstract class Initializer {
  /** Name of the class in saved models; each class has its own. */
  static readonly className: string = "Initializer";

  /** The values as host data, row-major. */
  values(shape: Shape): Float32Array {
    throw new ArgumentError(
      `${this.getClassName()}: neither values() nor apply() gives values of shape ` +
        `[${shape.join(",")}]. Expected an initializer that overrides one of them.`,
    );
  }

  /** The values as a tensor. */
  apply(shape: Shape, dtype: DType = "float32"): Tensor {
    return tensor(this.values(shape), shape, dtype);
  }

  /** What the constructor takes to make the same initializer, as plain data. */
  getConfig(): object {
    return {};
  }

  getClassName(): string {
    return (this.constructor as typeof Initializer).className;
  }
}

/** What every random initializer takes. */
export interface SeedConfig {
  /**
   * The same seed gives the same values, at every call. Default: a new one each call, drawn from
   * the seed of `setSeed`.
   */
  readonly seed?: number | undefined;
}

/** An initializer that draws its values. */
export abstract class RandomInitializer extends Initializer {
  protected readonly seed: number | undefined;

  constructor(config: SeedConfig) {
    super();
    this.seed = config.seed;
  }

  /** Draws `size` numbers: `draw` gives the one at `index` under `key`. */
  protected fill(size: number, draw: (key: number, index: number) => number): Float32Array {
    const key = this.seed ?? nextSeed();
    const values = new Float32Array(size);
    for (let index = 0; index < size; index++) values[index] = draw(key, index);
    return values;
  }

  protected withSeed(config: Record<string, unknown>): Record<string, unknown> {
    return this.seed === undefined ? config : { ...config, seed: this.seed };
  }
}
