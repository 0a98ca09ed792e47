import {
  cast,
  div,
  expandDims,
  max,
  maximum,
  mean,
  sum,
  Tensor,
  where,
  zerosLike,
} from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import { type LayerShape, type LayerShapes, singleShape } from "./layer-shape.ts";
import type { CallOptions, ConfigDict, LayerConfig, Mask } from "./layer-types.ts";
import { channelsLast } from "./windowed-shape.ts";

/** What global pooling layers take. */
export interface GlobalPoolingConfig extends LayerConfig {
  /** Whether the axes that are pooled stay, with size 1. Default false. */
  readonly keepDims?: boolean;
  /** `"channelsLast"`, the only one. */
  readonly dataFormat?: "channelsLast";
}

const keys: OwnKeys<GlobalPoolingConfig> = { keepDims: "boolean", dataFormat: "string" };

/** One number a channel: [B, ..., C] → [B, C]. */
class GlobalPooling extends Layer {
  readonly keepDims: boolean;
  protected readonly axes: readonly number[];

  protected constructor(
    config: GlobalPoolingConfig,
    { maker, rank }: { readonly maker: string; readonly rank: number },
  ) {
    super(checkConfig(maker, config, keys));
    this.keepDims = config.keepDims ?? false;
    channelsLast(config.dataFormat, this.name);
    this.axes = Array.from({ length: rank }, (_, i) => i + 1);
    this.inputSpec = [{ ndim: rank + 2 }];
  }

  override computeOutputShape(inputShape: LayerShapes): LayerShape {
    const shape = singleShape(inputShape, this.name);
    const pooled = this.keepDims ? this.axes.map(() => 1) : [];
    return [shape[0] ?? null, ...pooled, shape.at(-1) ?? null];
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), keepDims: this.keepDims, dataFormat: "channelsLast" };
  }
}

class GlobalMaxPooling extends GlobalPooling {
  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    return max(floatInput(inputs, this.name), this.axes, this.keepDims);
  }
}

/** [B, T, C] → [B, C]: the greatest of all steps. A mask ends here, as in Keras. */
export class GlobalMaxPooling1D extends GlobalMaxPooling {
  static override readonly className = "GlobalMaxPooling1D";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, { maker: "layers.globalMaxPooling1d", rank: 1 });
  }
}

/** [B, H, W, C] → [B, C]: the greatest of all places. */
export class GlobalMaxPooling2D extends GlobalMaxPooling {
  static override readonly className = "GlobalMaxPooling2D";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, { maker: "layers.globalMaxPooling2d", rank: 2 });
  }
}

/** [B, T, C] → [B, C]: the mean of the steps that count. The mask is used, and ends here. */
export class GlobalAveragePooling1D extends GlobalPooling {
  static override readonly className = "GlobalAveragePooling1D";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, { maker: "layers.globalAveragePooling1d", rank: 1 });
    this.supportsMasking = true;
  }

  override call(inputs: Tensor | readonly Tensor[], kwargs: CallOptions): Tensor {
    const x = floatInput(inputs, this.name); // [B, T, C]
    const { mask = null } = kwargs;
    const first = mask instanceof Tensor ? mask : (mask?.[0] ?? null); // [B, T]
    if (first === null) return mean(x, this.axes, this.keepDims);
    const counts = expandDims(cast(first, "bool"), -1); // [B, T, 1]
    const seen = where(counts, x, zerosLike(x)); // NaN padding stays out
    const total = sum(cast(seen, "float32"), this.axes, this.keepDims); // of halves it need not be a half
    const steps = sum(cast(counts, "float32"), this.axes, this.keepDims);
    return div(total, maximum(steps, 1)); // [B, C]
  }

  override computeMask(_inputs: Tensor | readonly Tensor[], _mask: Mask): Mask {
    return null;
  }
}

/** [B, H, W, C] → [B, C]: the mean of all places. */
export class GlobalAveragePooling2D extends GlobalPooling {
  static override readonly className = "GlobalAveragePooling2D";
  constructor(config: GlobalPoolingConfig = {}) {
    super(config, { maker: "layers.globalAveragePooling2d", rank: 2 });
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    return mean(floatInput(inputs, this.name), this.axes, this.keepDims);
  }
}

/**
 * The mean over time, feature by feature: [B, T, C] → [B, C], or [B, 1, C] with `keepDims`. With a mask [B, T] the mean of
 * the steps that count; a row of which none does gives zeros (Keras: NaN).
 *
 * @example
 * const words = sl.layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true });
 * const x = words.apply(sl.tensor2d([[3, 0]], [1, 2], "int32")); // step 1 is padding
 * sl.layers.globalAveragePooling1d().apply(x).shape; // [1, 4]
 * @param config `keepDims`: whether the axis stays, with size 1.
 * @throws {ArgumentError} for `dataFormat: "channelsFirst"`.
 * @throws {ShapeError} by `apply`, for another rank.
 * @see Keras `keras.layers.GlobalAveragePooling1D`
 */
export function globalAveragePooling1d(config?: GlobalPoolingConfig): GlobalAveragePooling1D {
  return new GlobalAveragePooling1D(config);
}

/**
 * The mean over height and width, channel by channel: [B, H, W, C] → [B, C], or [B, 1, 1, C] with `keepDims`.
 *
 * @example
 * sl.layers.globalAveragePooling2d().apply(sl.ones([2, 7, 7, 4])).shape; // [2, 4]
 * @param config As for `layers.globalAveragePooling1d`.
 * @throws {ArgumentError} for `dataFormat: "channelsFirst"`.
 * @throws {ShapeError} by `apply`, for another rank.
 * @see Keras `keras.layers.GlobalAveragePooling2D`
 */
export function globalAveragePooling2d(config?: GlobalPoolingConfig): GlobalAveragePooling2D {
  return new GlobalAveragePooling2D(config);
}

/**
 * The greatest over time, feature by feature: [B, T, C] → [B, C], or [B, 1, C] with `keepDims`. Equal ones share the
 * gradient evenly. A mask ends here, with a warning, as in Keras.
 *
 * @example
 * sl.layers.globalMaxPooling1d({ keepDims: true }).apply(sl.ones([2, 10, 4])).shape; // [2, 1, 4]
 * @param config As for `layers.globalAveragePooling1d`.
 * @throws {ArgumentError} for `dataFormat: "channelsFirst"`.
 * @throws {ShapeError} by `apply`, for another rank.
 * @see Keras `keras.layers.GlobalMaxPooling1D`
 */
export function globalMaxPooling1d(config?: GlobalPoolingConfig): GlobalMaxPooling1D {
  return new GlobalMaxPooling1D(config);
}

/**
 * The greatest over height and width, channel by channel: [B, H, W, C] → [B, C], or [B, 1, 1, C] with `keepDims`.
 *
 * @example
 * sl.layers.globalMaxPooling2d().apply(sl.ones([2, 7, 7, 4])).shape; // [2, 4]
 * @param config As for `layers.globalAveragePooling1d`.
 * @throws {ArgumentError} for `dataFormat: "channelsFirst"`.
 * @throws {ShapeError} by `apply`, for another rank.
 * @see Keras `keras.layers.GlobalMaxPooling2D`
 */
export function globalMaxPooling2d(config?: GlobalPoolingConfig): GlobalMaxPooling2D {
  return new GlobalMaxPooling2D(config);
}
