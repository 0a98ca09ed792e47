import type { KeyRule } from "../names/check-keys.ts";
import type { RegularizerLike } from "../regularizers/resolve.ts";
import type { Tensor } from "../tensor/index.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import type { CallOptions, LayerConfig } from "./layer-types.ts";
import type { SequenceLengths } from "./sequence-lengths.ts";
import { type GatedStepConfig, type StepConfig, stepKeys } from "./step-config.ts";
import type { Applied, SymbolicTensor } from "./symbolic.ts";

/** What all layers take that carry states over time. */
export interface RecurrenceConfig extends LayerConfig {
  /** Penalty on the output. Default none. */
  readonly activityRegularizer?: RegularizerLike | null;
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
   * Whether the output of a masked step is zero, instead of the one that is held. Default false.
   */
  readonly zeroOutputForMask?: boolean;
  /** Number of features, I; with `inputLength`, another way to say `inputShape`. */
  readonly inputDim?: number;
  /** Number of steps, T. Default: any. */
  readonly inputLength?: number;
  /** Taken and without effect: how the steps are computed is not the caller's concern here. */
  readonly unroll?: boolean;
}

/** Rules for the keys of all of them. */
export const recurrenceKeys: OwnKeys<RecurrenceConfig> = {
  activityRegularizer: "any",
  returnSequences: "boolean",
  returnState: "boolean",
  goBackwards: "boolean",
  stateful: "boolean",
  zeroOutputForMask: "boolean",
  inputDim: "number",
  inputLength: "number",
  unroll: "boolean",
};

/** The config with the shape that `inputDim` says. */
export function withInputDim<Config extends RecurrenceConfig>(config: Config): Config {
  const { inputDim, inputLength = null, batchSize = null, inputShape, batchInputShape } = config;
  if (inputDim === undefined || inputShape !== undefined || batchInputShape !== undefined)
    return config;
  return { ...config, batchInputShape: [batchSize, inputLength, inputDim] };
}

/** What SimpleRNN, LSTM and GRU take. */
export interface RecurrentConfig extends RecurrenceConfig, StepConfig {}

/** What LSTM and GRU take beside that. */
export interface GatedConfig extends RecurrenceConfig, GatedStepConfig {}

/**
 * The config of SimpleRNN, LSTM or GRU once its keys are known to be read, with the shape that `inputDim` says.
 * @throws {ArgumentError} as `checkConfig` does.
 */
export function checkRecurrentConfig<Config extends RecurrentConfig>(
  maker: string,
  config: Config,
  own: Readonly<Record<Exclude<keyof Config, keyof RecurrentConfig>, KeyRule>>,
): Config {
  checkConfig<RecurrentConfig>(maker, config, { ...recurrenceKeys, ...stepKeys, ...own });
  return withInputDim(config);
}

/** Arguments of one call of a recurrent layer. */
export interface RecurrentCallOptions extends CallOptions {
  /**
   * First state(s) [B, H]: `h`, for LSTM `[h, c]`; of stacked cells one after the other, or in a list for each cell.
   * Default: zeros (what the cell says, for one of one's own), or what a stateful layer kept.
   */
  readonly initialState?: Applied | readonly (Applied | readonly Applied[])[] | undefined;
  /**
   * How many steps of each row count, [B], from the first on: the mask `t < length`, in place of a mask. Numbers on the
   * host (an array or typed array) let short rows end early; an int32 tensor, also a symbolic one, is taken as it is.
   */
  readonly sequenceLengths?: SequenceLengths | SymbolicTensor | undefined;
}

/** States of a recurrent layer, [B, size] each: h, for LSTM h and c; those of a cell in its order. */
export type States = readonly Tensor[];
