import { any, notEqual, type Tensor, where, zerosLike } from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { Layer } from "./layer.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

/** What `layers.masking` takes. */
export interface MaskingConfig extends LayerConfig {
  /** A step is padding when all its features equal this. Default 0. */
  readonly maskValue?: number;
}

const keys: OwnKeys<MaskingConfig> = { maskValue: "number" };

/** Masks the steps of [B, T, I] whose features all equal `maskValue`; their features become 0. */
export class Masking extends Layer {
  static override readonly className = "Masking";
  readonly maskValue: number;

  constructor(config: MaskingConfig = {}) {
    super(checkConfig("layers.masking", config, keys));
    this.maskValue = config.maskValue ?? 0;
    this.supportsMasking = true;
    this.inputSpec = [{ minNDim: 2 }];
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor {
    const x = floatInput(inputs, this.name); // [B, T, I]
    const keep = any(notEqual(x, this.maskValue), -1, true); // [B, T, 1]
    return where(keep, x, zerosLike(x)); // a product would let NaN padding through
  }

  override computeMask(inputs: Tensor | readonly Tensor[]): Tensor {
    return any(notEqual(floatInput(inputs, this.name), this.maskValue), -1); // [B, T]
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), maskValue: this.maskValue };
  }
}

/**
 * Masks time steps whose features all equal a value, for the layers that follow.
 *
 * Input and output [B, T, I]; masked steps become zeros.
 *
 * @example
 * const x = sl.tensor3d([[[1, 2], [0, 0]]]);
 * const y = sl.layers.lstm({ units: 4 }).apply(sl.layers.masking().apply(x)); // passes over step 1
 * @param config `maskValue`: what padding is filled with, 0 by default.
 * @see Keras `keras.layers.Masking`
 */
export function masking(config?: MaskingConfig): Masking {
  return new Masking(config);
}
