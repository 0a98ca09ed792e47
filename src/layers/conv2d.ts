import { Convolution, type ConvolutionConfig } from "./convolution.ts";

/** What `layers.conv2d` takes. */
export interface Conv2DConfig extends ConvolutionConfig {
  /** Height and width of a window. */
  readonly kernelSize: number | readonly [number, number];
  /** From one window to the next, along both axes. Default 1. */
  readonly strides?: number | readonly [number, number];
  /** `"valid"` (default): windows inside only. `"same"`: ⌈length / stride⌉ windows along each axis, zeros around. */
  readonly padding?: "valid" | "same";
  /** From one element of a window to the next, along both axes. Default 1. */
  readonly dilationRate?: number | readonly [number, number];
}

/** Convolution over two axes: [B, H, W, I] → [B, H', W', F]. Weights: `kernel` [KH, KW, I/groups, F], `bias` [F]. */
export class Conv2D extends Convolution {
  static override readonly className = "Conv2D";

  constructor(config: Conv2DConfig) {
    super(config, { maker: "layers.conv2d", rank: 2, paddings: ["valid", "same"] });
  }
}

/**
 * Convolution over height and width: `activation(convolution(x, kernel) + bias)`.
 *
 * Input [B, H, W, I], output [B, H', W', filters]. Weights: `kernel` [KH, KW, I/groups, filters], `bias` [filters].
 *
 * @example
 * const layer = sl.layers.conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" });
 * layer.apply(sl.ones([2, 28, 28, 1])).shape; // [2, 28, 28, 8]
 * @param config `filters`, `kernelSize` and the options of {@link Conv2DConfig}.
 * @throws {ArgumentError} as `layers.conv1d` does, and for `padding: "causal"`.
 * @throws {ShapeError} by `apply`, for another rank or number of channels, and when no window fits.
 * @see Keras `keras.layers.Conv2D`, PyTorch `torch.nn.Conv2d` (which has channels first)
 */
export function conv2d(config: Conv2DConfig): Conv2D {
  return new Conv2D(config);
}
