import { type GRUStepConfig, gruKeys, gruKind } from "./gru-kind.ts";
import type { OutputCount } from "./layer-types.ts";
import { checkRecurrentConfig, type RecurrenceConfig } from "./recurrent-config.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";

/** What `layers.gru` takes. */
export interface GRUConfig extends RecurrenceConfig, GRUStepConfig {}

/**
 * Gated recurrent unit (Cho et al. 2014, arXiv:1406.1078).
 *
 *     z, r = σ(xₜ·kernel + hₜ₋₁·recurrent_kernel + biases), blocks z and r
 *     resetAfter:  n = activation(xₜ·kernel_h + bias₀_h + r·(hₜ₋₁·recurrent_kernel_h + bias₁_h))
 *     otherwise:   n = activation(xₜ·kernel_h + (r·hₜ₋₁)·recurrent_kernel_h + bias_h)
 *     hₜ = z·hₜ₋₁ + (1 - z)·n
 *
 * Weights: `kernel` [I, 3H], `recurrent_kernel` [H, 3H], gates in the order z, r, h; `bias` [2, 3H]
 * with resetAfter (row 0 for the input, row 1 for the state), else [3H].
 *
 * Fast path: one fused op for the whole sequence, used when the activation is tanh, the recurrent
 * activation sigmoid, there is no `clip` and, in training, recurrentDropout is 0; otherwise a loop (`scan`) whose
 * steps are plain operations.
 */
export class GRU<Count extends OutputCount = "one"> extends RecurrentLayer<Count> {
  static override readonly className = "GRU";

  constructor(config: GRUConfig) {
    super(checkRecurrentConfig("layers.gru", config, gruKeys), gruKind(config));
  }

  get resetAfter(): boolean {
    return this.gates.kind.resetAfter;
  }
}

/**
 * Gated recurrent unit layer.
 *
 * Input [B, T, I]; output the last state [B, H], or all [B, T, H] with `returnSequences`. With
 * `returnState` the result is `[output, h]`. Defaults are those of Keras 3.
 *
 * @example
 * const layer = sl.layers.gru({ units: 4 });
 * layer.apply(sl.ones([2, 5, 3])).shape; // [2, 4]
 * @param config `units` and the options of {@link GRUConfig}. Calls take `initialState` (h [B, H]),
 *   `mask` (bool [B, T]) or `sequenceLengths` ([B]), and `training`.
 * @throws {ArgumentError} for sizes, shares or names that are not allowed.
 * @throws {ShapeError} by `apply`, when input, mask or state do not fit.
 * @see Keras `keras.layers.GRU`, PyTorch `torch.nn.GRU`, ONNX `GRU`
 */
export function gru(config: GRUConfig & { readonly returnState: true }): GRU<"many">;
export function gru(config: GRUConfig): GRU;
export function gru(config: GRUConfig): GRU<OutputCount> {
  return new GRU(config);
}
