import type { OutputCount } from "./layer-types.ts";
import { checkRecurrentConfig, type RecurrentConfig } from "./recurrent-config.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";
import { simpleRnnKind } from "./simple-rnn-kind.ts";

/** What `layers.simpleRNN` takes. */
export interface SimpleRNNConfig extends RecurrentConfig {}

/**
 * Fully connected recurrence: `hₜ = activation(xₜ·kernel + hₜ₋₁·recurrent_kernel + bias)`.
 *
 * Weights: `kernel` [I, H], `recurrent_kernel` [H, H], `bias` [H].
 *
 * Fast path: one fused op for the whole sequence, used when the activation is tanh or relu, there is
 * no `clip` and, in training, recurrentDropout is 0; otherwise a loop (`scan`) whose steps are plain operations.
 */
export class SimpleRNN<Count extends OutputCount = "one"> extends RecurrentLayer<Count> {
  static override readonly className = "SimpleRNN";

  constructor(config: SimpleRNNConfig) {
    super(checkRecurrentConfig("layers.simpleRNN", config, {}), simpleRnnKind);
  }
}

/**
 * Fully connected recurrent layer: the state of a step comes from its input and the state before.
 *
 * Input [B, T, I]; output the last state [B, H], or all [B, T, H] with `returnSequences`. With
 * `returnState` the result is `[output, h]`.
 *
 * @example
 * const layer = sl.layers.simpleRNN({ units: 4, returnSequences: true });
 * layer.apply(sl.ones([2, 5, 3])).shape; // [2, 5, 4]
 * @param config `units` and the options of {@link SimpleRNNConfig}. Calls take `initialState` (h
 *   [B, H]), `mask` (bool [B, T]) or `sequenceLengths` ([B]), and `training`.
 * @throws {ArgumentError} for sizes, shares or names that are not allowed.
 * @throws {ShapeError} by `apply`, when input, mask or state do not fit.
 * @see Elman 1990, doi:10.1207/s15516709cog1402_1; Keras `keras.layers.SimpleRNN`, PyTorch
 *   `torch.nn.RNN`
 */
export function simpleRNN(
  config: SimpleRNNConfig & { readonly returnState: true },
): SimpleRNN<"many">;
export function simpleRNN(config: SimpleRNNConfig): SimpleRNN;
export function simpleRNN(config: SimpleRNNConfig): SimpleRNN<OutputCount> {
  return new SimpleRNN(config);
}
