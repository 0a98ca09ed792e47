import { Tensor } from "../tensor/index.ts";
import { maxOfWindows, meanOfWindows } from "../tensor/ops/pooling.ts";
import { paddingOf, windowSizes } from "../tensor/ops/window-placement.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";
import { channelsLast, windowedShape } from "./windowed-shape.ts";

/** What pooling layers take; sizes are a number, or a list with one for each axis. */
export interface PoolingConfig extends LayerConfig {
  /** Size of the windows. Default 2. */
  readonly poolSize?: number | readonly number[];
  /** From one window to the next. Default, and null: `poolSize`, so that windows lie side by side. */
  readonly strides?: number | readonly number[] | null;
  /** `"valid"` (default): windows inside only. `"same"`: ⌈length / stride⌉ windows; what lies around never counts. */
  readonly padding?: "valid" | "same";
  /** `"channelsLast"`, the only one. */
  readonly dataFormat?: "channelsLast";
}

const keys: OwnKeys<PoolingConfig> = {
  poolSize: "any",
  strides: "any",
  padding: "string",
  dataFormat: "string",
};

interface Kind {
  readonly maker: string;
  /** Axes that windows move over. */
  readonly rank: number;
  readonly reduce: typeof maxOfWindows;
}

/** One number for each window over the axes between batch and channels. A mask ends here, as in Keras. */
class Pooling extends Layer {
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "valid" | "same";
  readonly #reduce: typeof maxOfWindows;

  protected constructor(config: PoolingConfig, { maker, rank, reduce }: Kind) {
    super(checkConfig(maker, config, keys));
    this.poolSize = windowSizes(config.poolSize ?? 2, rank, `${this.name}: poolSize`);
    this.strides = windowSizes(config.strides ?? this.poolSize, rank, `${this.name}: strides`);
    this.padding = paddingOf(config.padding ?? "valid", ["valid", "same"], `${this.name}: padding`);
    channelsLast(config.dataFormat, this.name);
    this.inputSpec = [{ ndim: rank + 2 }];
    this.#reduce = reduce;
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name); // [B, ..., C]
    return Tensor.of(this.#reduce(x.value, { ...this.#rule(), label: this.name }));
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    return windowedShape(singleShape(inputShape, this.name), this.#rule(), this.name);
  }

  #rule() {
    return { sizes: this.poolSize, strides: this.strides, padding: this.padding };
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      poolSize: [...this.poolSize],
      strides: [...this.strides],
      padding: this.padding,
      dataFormat: "channelsLast",
    };
  }
}

/** [B, T, C] → [B, T', C]: the greatest of each window. */
export class MaxPooling1D extends Pooling {
  static override readonly className = "MaxPooling1D";
  constructor(config: PoolingConfig = {}) {
    super(config, { maker: "layers.maxPooling1d", rank: 1, reduce: maxOfWindows });
  }
}

/** [B, H, W, C] → [B, H', W', C]: the greatest of each window. */
export class MaxPooling2D extends Pooling {
  static override readonly className = "MaxPooling2D";
  constructor(config: PoolingConfig = {}) {
    super(config, { maker: "layers.maxPooling2d", rank: 2, reduce: maxOfWindows });
  }
}

/** [B, T, C] → [B, T', C]: the mean of each window. */
export class AveragePooling1D extends Pooling {
  static override readonly className = "AveragePooling1D";
  constructor(config: PoolingConfig = {}) {
    super(config, { maker: "layers.averagePooling1d", rank: 1, reduce: meanOfWindows });
  }
}

/** [B, H, W, C] → [B, H', W', C]: the mean of each window. */
export class AveragePooling2D extends Pooling {
  static override readonly className = "AveragePooling2D";
  constructor(config: PoolingConfig = {}) {
    super(config, { maker: "layers.averagePooling2d", rank: 2, reduce: meanOfWindows });
  }
}

/**
 * The greatest element of each window, feature by feature: [B, T, C] → [B, T', C].
 *
 * @example
 * sl.layers.maxPooling1d({ poolSize: 2 }).apply(sl.ones([2, 10, 4])).shape; // [2, 5, 4]
 * @param config The options of {@link PoolingConfig}.
 * @throws {ArgumentError} for sizes that are no whole numbers from 1 on, and for `dataFormat: "channelsFirst"`.
 * @throws {ShapeError} by `apply`, for another rank, and when no window fits.
 * @see Keras `keras.layers.MaxPooling1D`
 */
export function maxPooling1d(config?: PoolingConfig): MaxPooling1D {
  return new MaxPooling1D(config);
}

/**
 * The greatest element of each window, channel by channel: [B, H, W, C] → [B, H', W', C].
 *
 * @example
 * sl.layers.maxPooling2d({ poolSize: [2, 2] }).apply(sl.ones([2, 28, 28, 8])).shape; // [2, 14, 14, 8]
 * @param config As for `layers.maxPooling1d`; sizes may be two numbers.
 * @throws {ArgumentError} as `layers.maxPooling1d` does.
 * @throws {ShapeError} likewise.
 * @see Keras `keras.layers.MaxPooling2D`
 */
export function maxPooling2d(config?: PoolingConfig): MaxPooling2D {
  return new MaxPooling2D(config);
}

/**
 * The mean of each window, feature by feature: [B, T, C] → [B, T', C].
 *
 * @example
 * sl.layers.averagePooling1d({ poolSize: 3, strides: 1, padding: "same" }).apply(sl.ones([2, 10, 4])).shape; // [2, 10, 4]
 * @param config As for `layers.maxPooling1d`.
 * @throws {ArgumentError} as `layers.maxPooling1d` does.
 * @throws {ShapeError} likewise.
 * @see Keras `keras.layers.AveragePooling1D`
 */
export function averagePooling1d(config?: PoolingConfig): AveragePooling1D {
  return new AveragePooling1D(config);
}

/**
 * The mean of each window, channel by channel: [B, H, W, C] → [B, H', W', C].
 *
 * @example
 * sl.layers.averagePooling2d().apply(sl.ones([2, 28, 28, 8])).shape; // [2, 14, 14, 8]
 * @param config As for `layers.maxPooling2d`.
 * @throws {ArgumentError} as `layers.maxPooling1d` does.
 * @throws {ShapeError} likewise.
 * @see Keras `keras.layers.AveragePooling2D`
 */
export function averagePooling2d(config?: PoolingConfig): AveragePooling2D {
  return new AveragePooling2D(config);
}
