import type { InitializerLike } from "../initializers/index.ts";
import type { RegularizerLike } from "../regularizers/resolve.ts";
import type { Tensor } from "../tensor/index.ts";
import type { ActivationLike } from "./activation-names.ts";
import type { CallOptions, LayerConfig } from "./layer-types.ts";
import type { Applied } from "./symbolic.ts";

/** What all recurrent layers take. */
export interface RecurrentConfig extends LayerConfig {
  /** Size of the state, H. */
  readonly units: number;
  /** Of the new state. Default `"tanh"`. */
  readonly activation?: ActivationLike;
  /** Whether there is a bias. Default true. */
  readonly useBias?: boolean;
  /** First values of the kernel [I, G·H]. Default `"glorotUniform"`. */
  readonly kernelInitializer?: InitializerLike;
  /** First values of the recurrent kernel [H, G·H]. Default `"orthogonal"`. */
  readonly recurrentInitializer?: InitializerLike;
  /** First values of the bias. Default `"zeros"`. */
  readonly biasInitializer?: InitializerLike;
  /** Penalty on the kernel. Default none. */
  readonly kernelRegularizer?: RegularizerLike | null;
  /** Penalty on the recurrent kernel. Default none. */
  readonly recurrentRegularizer?: RegularizerLike | null;
  /** Penalty on the bias. Default none. */
  readonly biasRegularizer?: RegularizerLike | null;
  /** Penalty on the output. Default none. */
  readonly activityRegularizer?: RegularizerLike | null;
  /** Share of the inputs that training sets to zero; the same ones at every step. Default 0. */
  readonly dropout?: number;
  /** Share of the state that training hides from each gate; the same at every step. Default 0. */
  readonly recurrentDropout?: number;
  /** Seed of both dropouts. Default: drawn from the seed of `setSeed`. */
  readonly seed?: number | undefined;
  /**
   * Whether the output is that of every step [B, T, H], not of the last one [B, H]. Default false.
   */
  readonly returnSequences?: boolean;
  /**
   * Whether the last state follows the output: `[output, h]`, for LSTM `[output, h, c]`. Default
   * false.
   */
  readonly returnState?: boolean;
  /**
   * Whether time runs backwards; the outputs stay in the order they were computed in. Default
   * false.
   */
  readonly goBackwards?: boolean;
  /** Whether a batch begins where the one before ended; needs a fixed batch size. Default false. */
  readonly stateful?: boolean;
  /**
   * Whether the output of a masked step is zero, instead of the state that is held. Default false.
   */
  readonly zeroOutputForMask?: boolean;
}

/** What LSTM and GRU take beside that. */
export interface GatedConfig extends RecurrentConfig {
  /** Of the gates. Default `"sigmoid"`. */
  readonly recurrentActivation?: ActivationLike;
}

/** Arguments of one call of a recurrent layer. */
export interface RecurrentCallOptions extends CallOptions {
  /**
   * First state(s) [B, H]: `h`, for LSTM `[h, c]`. Default: zeros, or what a stateful layer kept.
   */
  readonly initialState?: Applied | readonly Applied[] | undefined;
}

/** States of a recurrent layer, [B, H] each: h, for LSTM h and c. */
export type States = readonly Tensor[];
