import type { DType } from "../graph/dtype.ts";
import { sizeOf } from "../graph/shape.ts";
import { Initializer } from "../initializers/index.ts";
import { add, concat, mul, ones, type Tensor } from "../tensor/index.ts";
import { activationName } from "./activation-names.ts";
import type { ConfigDict, OutputCount } from "./layer-types.ts";
import { checkRecurrentConfig, type GatedConfig } from "./recurrent-config.ts";
import { type CellKind, RecurrentLayer } from "./recurrent-layer.ts";

/** What `layers.lstm` takes. */
export interface LSTMConfig extends GatedConfig {
  /**
   * Whether the bias of the forget gate begins with ones (Jozefowicz et al. 2015). Default true.
   */
  readonly unitForgetBias?: boolean;
}

const keys = { recurrentActivation: "any", unitForgetBias: "boolean" } as const;
const [I, F, C, O] = [0, 1, 2, 3] as const;

const kind: CellKind = {
  cell: "lstm",
  gates: 4,
  states: ["h", "c"],
  resetAfter: false,
  step: ({ input, product, state, activation, recurrentActivation }) => {
    const h = state(0); // [B, H]
    const sum = (gate: number) => add(input(gate), product(gate, h));
    const i = recurrentActivation(sum(I));
    const f = recurrentActivation(sum(F));
    const o = recurrentActivation(sum(O));
    const c = add(mul(f, state(1)), mul(i, activation(sum(C))));
    return [mul(o, activation(c)), c];
  },
};

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735).
 *
 *     a = xₜ·kernel + hₜ₋₁·recurrent_kernel + bias, in four blocks i, f, c, o
 *     cₜ = σ(a_f)·cₜ₋₁ + σ(a_i)·activation(a_c)      hₜ = σ(a_o)·activation(cₜ)
 *
 * Weights: `kernel` [I, 4H], `recurrent_kernel` [H, 4H], `bias` [4H]; gates in the order i, f, c,
 * o.
 *
 * Fast path: one fused op for the whole sequence, used when the activation is tanh, the recurrent
 * activation sigmoid and, in training, recurrentDropout is 0; otherwise a loop of plain operations.
 */
export class LSTM<Count extends OutputCount = "one"> extends RecurrentLayer<Count> {
  static override readonly className = "LSTM";
  readonly unitForgetBias: boolean;

  constructor(config: LSTMConfig) {
    super(checkRecurrentConfig("layers.lstm", config, keys), kind);
    this.unitForgetBias = config.unitForgetBias ?? true;
  }

  protected override firstBias(initializer: Initializer): Initializer {
    return this.unitForgetBias ? new ForgetBias(initializer) : initializer;
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      recurrentActivation: activationName(this.recurrentActivation),
      unitForgetBias: this.unitForgetBias,
    };
  }
}

/** Ones in block f of [4H], another initializer's values in the others. */
class ForgetBias extends Initializer {
  static override readonly className = "ForgetBias";
  readonly #others: Initializer;

  constructor(others: Initializer) {
    super();
    this.#others = others;
  }

  override apply(shape: readonly number[], dtype: DType = "float32"): Tensor {
    const units = sizeOf(shape) / kind.gates;
    const others = (count: number): Tensor => this.#others.apply([count], dtype);
    return concat([others(units), ones([units], dtype), others(2 * units)]); // i, f, then c and o
  }

  override getConfig(): Record<string, unknown> {
    return {};
  }
}

/**
 * Long short-term memory layer.
 *
 * Input [B, T, I]; output the last state [B, H], or all [B, T, H] with `returnSequences`. With
 * `returnState` the result is `[output, h, c]`. Defaults are those of Keras 3.
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
 * @see Keras `keras.layers.LSTM`, PyTorch `torch.nn.LSTM`
 */
export function lstm(config: LSTMConfig & { readonly returnState: true }): LSTM<"many">;
export function lstm(config: LSTMConfig): LSTM;
export function lstm(config: LSTMConfig): LSTM<OutputCount> {
  return new LSTM(config);
}
