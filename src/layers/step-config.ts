import type { ConstraintLike } from "../constraints/resolve.ts";
import type { InitializerLike } from "../initializers/index.ts";
import type { KeyRule } from "../names/check-keys.ts";
import type { RegularizerLike } from "../regularizers/resolve.ts";
import type { ActivationLike } from "./activation-names.ts";
import { type ConstrainedKernelConfig, constrainedKernelKeys } from "./kernel-config.ts";

/** What decides the steps of SimpleRNN, LSTM and GRU: their layers and their cells take it alike. */
export interface StepConfig extends ConstrainedKernelConfig {
  /** Size of the state, H. */
  readonly units: number;
  /** Of the new state. Default `"tanh"`. */
  readonly activation?: ActivationLike;
  /** Whether there is a bias. Default true. */
  readonly useBias?: boolean;
  /** First values of the recurrent kernel [H, G·H]. Default `"orthogonal"`. */
  readonly recurrentInitializer?: InitializerLike;
  /** Penalty on the recurrent kernel. Default none. */
  readonly recurrentRegularizer?: RegularizerLike | null;
  /** What training brings the recurrent kernel back to after each update. Default none. */
  readonly recurrentConstraint?: ConstraintLike | null;
  /** Share of the inputs that training sets to zero; the same ones at every step. Default 0. */
  readonly dropout?: number;
  /** Share of the state that training hides from each gate; the same at every step. Default 0. */
  readonly recurrentDropout?: number;
  /** Seed of both dropouts. Default: drawn from the seed of `setSeed`. */
  readonly seed?: number | undefined;
  /**
   * As in Keras, 1: dropout chooses the inputs for each gate on its own; 2: one choice for all gates. Default 2, and
   * always 1 with `recurrentDropout`.
   */
  readonly implementation?: number;
  /**
   * Holds what every activation is given in [-clip, clip]: the attribute `clip` of ONNX's RNN, LSTM and GRU. Default
   * none.
   */
  readonly clip?: number | null;
}

/** The same for LSTM and GRU. */
export interface GatedStepConfig extends StepConfig {
  /** Of the gates. Default `"sigmoid"`. */
  readonly recurrentActivation?: ActivationLike;
}

/** Rules for the keys of `StepConfig`. */
export const stepKeys: Readonly<Record<keyof StepConfig | "useCudnn", KeyRule>> = {
  units: "number",
  activation: "any",
  useBias: "boolean",
  ...constrainedKernelKeys,
  recurrentInitializer: "any",
  recurrentRegularizer: "any",
  recurrentConstraint: "any",
  dropout: "number",
  recurrentDropout: "number",
  seed: "number",
  implementation: "number",
  clip: "number",
  useCudnn: "any",
};
