import { Convolution, type ConvolutionConfig } from "./convolution.ts";

/** What `layers.conv1d` takes. */
export interface Conv1DConfig extends ConvolutionConfig {
  /** Steps in a window, K. */
  readonly kernelSize: number | readonly [number];
  /** Steps from one window to the next. Default 1. */
  readonly strides?: number | readonly [number];
  /**
   * `"valid"` (default): windows inside only. `"same"`: ⌈T / stride⌉ windows, zeros around. `"causal"`: zeros in front,
   * so that no output sees a later step.
   */
  readonly padding?: "valid" | "same" | "causal";
  /** Steps from one element of a window to the next. Default 1. */
  readonly dilationRate?: number | readonly [number];
}

/** Convolution over time: [B, T, I] → [B, T', F]. Weights: `kernel` [K, I/groups, F], `bias` [F]. */
export class Conv1D extends Convolution {
  static override readonly className = "Conv1D";

  constructor(config: Conv1DConfig) {
    super(config, { maker: "layers.conv1d", rank: 1, paddings: ["valid", "same", "causal"] });
  }
}

/**
 * Convolution over time: `activation(convolution(x, kernel) + bias)`.
 *
 * Input [B, T, I], output [B, T', filters]. Weights: `kernel` [kernelSize, I/groups, filters], `bias` [filters]. A mask
 * ends here, with a warning, as in Keras.
 *
 * @example
 * const layer = sl.layers.conv1d({ filters: 8, kernelSize: 3, padding: "causal", dilationRate: 2 });
 * layer.apply(sl.ones([2, 10, 4])).shape; // [2, 10, 8]
 * @param config `filters`, `kernelSize` and the options of {@link Conv1DConfig}.
 * @throws {ArgumentError} for numbers that are no whole ones from 1 on, for strides and dilationRate above 1 at once, for
 *   filters that the groups do not divide, and for `dataFormat: "channelsFirst"`.
 * @throws {ShapeError} by `apply`, for another rank or number of channels, and when no window fits.
 * @see Keras `keras.layers.Conv1D`, PyTorch `torch.nn.Conv1d` (which has channels first)
 */
export function conv1d(config: Conv1DConfig): Conv1D {
  return new Conv1D(config);
}
