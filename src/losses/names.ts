import type { Spelled } from "../names/resolve.ts";
import type { ReductionOption } from "./reduction-names.ts";

/** Losses by their full name. */
export type LossName =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "meanAbsolutePercentageError"
  | "meanSquaredLogarithmicError"
  | "huber"
  | "logCosh"
  | "cosineSimilarity"
  | "hinge"
  | "squaredHinge"
  | "categoricalHinge"
  | "klDivergence"
  | "poisson"
  | "binaryCrossentropy"
  | "binaryFocalCrossentropy"
  | "categoricalCrossentropy"
  | "categoricalFocalCrossentropy"
  | "sparseCategoricalCrossentropy"
  | "ctc"
  | "hingeLoss"
  | "logLoss";

/** Further names that Keras and TF.js take. */
export type LossAlias =
  | "mse"
  | "mae"
  | "mape"
  | "msle"
  | "kld"
  | "bce"
  | "cce"
  | "scce"
  | "logcosh"
  | Spelled<"huberLoss" | "absoluteDifference" | "cosineProximity" | "kullbackLeiblerDivergence">;

/** What the predictions of a crossentropy are. */
export interface FromLogits extends ReductionOption {
  /**
   * Whether predictions are raw scores instead of probabilities. Default false; for a metric in `compile` what the loss of
   * its output says.
   */
  readonly fromLogits?: boolean;
}

/** Settings of a crossentropy whose labels are probabilities too. */
export interface CrossentropyOptions extends FromLogits {
  /** How far labels are drawn towards the uniform distribution, 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
}

/** Settings of a crossentropy whose labels are class numbers. */
export interface SparseCrossentropyOptions extends CrossentropyOptions {
  /** A label that means "none": its rows count neither above nor below the mean. Default: there is none. */
  readonly ignoreClass?: number | null;
  /** PyTorch's word for `ignoreClass`. Give one of them. Unlike there, -100 means nothing unless it is given. */
  readonly ignoreIndex?: number | null;
}

/** Settings of a crossentropy that looks at what is hard. */
export interface FocalCrossentropyOptions extends CrossentropyOptions {
  /** Balance of the classes, 0 to 1. Default 0.25. */
  readonly alpha?: number;
  /** How much less counts what is nearly right, 0 or more. Default 2. */
  readonly gamma?: number;
}

/** Settings of `binaryFocalCrossentropy`. */
export interface BinaryFocalCrossentropyOptions extends FocalCrossentropyOptions {
  /** Whether 1 counts alpha-fold and 0 (1 - alpha)-fold. Default false. */
  readonly applyClassBalancing?: boolean;
}

/** Settings of `huber`. */
export interface HuberOptions extends ReductionOption {
  /** Where the loss turns from square to straight, in units of the error. Default 1. */
  readonly delta?: number;
}

/** Settings of `ctc` in `compile`. */
export interface CtcSettings extends ReductionOption {
  /** Whether rows whose labels do not fit into their steps cost 0 (and teach nothing) instead of infinity. Default false. */
  readonly zeroInfinity?: boolean;
}

/** Settings of `logLoss`. */
interface LogLossSettings {
  /** Keeps the logarithms finite. Default 1e-7. */
  readonly epsilon?: number;
}

/** Losses that have settings, and which. */
interface SettingsByLoss {
  readonly huber: HuberOptions;
  readonly binaryCrossentropy: CrossentropyOptions;
  readonly categoricalCrossentropy: CrossentropyOptions;
  readonly sparseCategoricalCrossentropy: SparseCrossentropyOptions;
  readonly binaryFocalCrossentropy: BinaryFocalCrossentropyOptions;
  readonly categoricalFocalCrossentropy: FocalCrossentropyOptions;
  readonly ctc: CtcSettings;
  readonly logLoss: LogLossSettings;
}

/** A loss with settings. */
export type LossConfig =
  | { readonly kind: Spelled<LossName> | LossAlias }
  | {
      [Name in keyof SettingsByLoss]: { readonly kind: Spelled<Name> } & Omit<
        SettingsByLoss[Name],
        "reduction"
      >;
    }[keyof SettingsByLoss];
