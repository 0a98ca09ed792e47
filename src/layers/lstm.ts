import type { OutputCount } from "./layer-types.ts";
import { type LSTMStepConfig, lstmKeys, lstmKind } from "./lstm-kind.ts";
import { checkRecurrentConfig, type RecurrenceConfig } from "./recurrent-config.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";

/** What `layers.lstm` takes. */
export interface LSTMConfig extends RecurrenceConfig, LSTMStepConfig {}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735).
 *
 *     a = xₜ·kernel + hₜ₋₁·recurrent_kernel + bias, in four blocks i, f, c, o
 *     cₜ = σ(a_f)·cₜ₋₁ + σ(a_i)·activation(a_c)      hₜ = σ(a_o)·activation(cₜ)
 *
 * Weights: `kernel` [I, 4H], `recurrent_kernel` [H, 4H], `bias` [4H]; gates in the order i, f, c,
 * o. With `projSize` P `recurrent_kernel` is [P, 4H], `projection_kernel` [H, P] follows, and h has size P. With
 * `usePeepholes` `peephole_kernel` [3H] follows: p_i, p_o, p_f. Then a_i and a_f have p·cₜ₋₁ added, a_o p·cₜ.
 *
 * Fast path: one fused op for the whole sequence, used when the activation is tanh, the recurrent
 * activation sigmoid, there is no projection, peephole, `cellClip` or `clip`, and, in training, recurrentDropout is
 * 0; otherwise a loop (`scan`) whose steps are plain operations.
 */
export class LSTM<Count extends OutputCount = "one"> extends RecurrentLayer<Count> {
  static override readonly className = "LSTM";
  readonly unitForgetBias: boolean;

  constructor(config: LSTMConfig) {
    const checked = checkRecurrentConfig("layers.lstm", config, lstmKeys);
    super(checked, lstmKind("layers.lstm", checked));
    this.unitForgetBias = config.unitForgetBias ?? true;
  }
}

/**
 * Long short-term memory layer.
 *
 * Input [B, T, I]; output the last state [B, H], or all [B, T, H] with `returnSequences`. With
 * `returnState` the result is `[output, h, c]`. Defaults are those of Keras 3.
 *
 * One fused operation computes the whole sequence, unless an option asks for what it does not know: see {@link LSTM}.
 *
 * @example
 * const encoder = sl.layers.lstm({ units: 8, returnState: true });
 * const [output, h, c] = encoder.apply(sl.ones([2, 5, 3]));
 * const decoder = sl.layers.lstm({ units: 8, returnSequences: true });
 * decoder.apply(sl.ones([2, 6, 3]), { initialState: [h, c] }).shape; // [2, 6, 8]
 * @param config `units` and the options of {@link LSTMConfig}. Calls take `initialState` (`[h, c]`,
 *   [B, H] each), `mask` (bool [B, T]) or `sequenceLengths` ([B]), and `training`.
 * @throws {ArgumentError} for sizes, shares or names that are not allowed.
 * @throws {ShapeError} by `apply`, when input, mask or states do not fit.
 * @see Keras `keras.layers.LSTM`, PyTorch `torch.nn.LSTM`, ONNX `LSTM` (`P`, `clip`)
 */
export function lstm(config: LSTMConfig & { readonly returnState: true }): LSTM<"many">;
export function lstm(config: LSTMConfig): LSTM;
export function lstm(config: LSTMConfig): LSTM<OutputCount> {
  return new LSTM(config);
}
