import { ArgumentError } from "../errors.ts";
import { type ConfigKeys, checkKeys, type KeyRule, type KeyRules } from "../names/check-keys.ts";
import type { LearningRateSchedule } from "./schedules.ts";

/** Which equations the update kernel uses. */
export type UpdateKind = "sgd" | "momentum" | "nesterov" | "rmsprop" | "adam" | "adamw";

/** How an optimizer turns gradients into updates: the data that tells one from another. */
export interface UpdateRule {
  readonly kind: UpdateKind;
  /** Names of the tensors that are kept for each weight, in the kernel's order. */
  readonly slots: readonly string[];
  /** Numbers that the kernel takes at update `step` (1 for the first), besides the learning rate. */
  readonly scalars: (step: number) => Readonly<Record<string, number>>;
  /** The settings, for `getConfig`. */
  readonly config: Readonly<Record<string, number | boolean>>;
}

/** Settings that all optimizers share. */
export interface OptimizerConfig {
  /** A number, or a function of the number of updates made so far. */
  readonly learningRate?: number | LearningRateSchedule;
  /** Gradients are scaled down together so that their common L2 norm is at most this. Default: not. */
  readonly globalClipnorm?: number;
  /** Each gradient is scaled down so that its own L2 norm is at most this. Default: not. */
  readonly clipnorm?: number;
  /** Each element of a gradient is kept between minus and plus this. Default: not. */
  readonly clipvalue?: number;
  /** Prefix of the names of what the optimizer keeps. Default: the kind. */
  readonly name?: string;
}

/** Rules for the keys that all optimizers take; `kind` is there in what `getConfig` gives. */
const sharedKeys: ConfigKeys<OptimizerConfig> = {
  kind: "string",
  learningRate: "any",
  globalClipnorm: "number",
  clipnorm: "number",
  clipvalue: "number",
  name: "string",
  weightDecay: "notYet",
  useEma: "notYet",
  gradientAccumulationSteps: "notYet",
  lossScaleFactor: "notYet",
};

/**
 * The settings of an optimizer, from its first argument.
 * @throws {ArgumentError} for a key that it does not read.
 */
export function checkSettings<Config extends OptimizerConfig>(
  label: string,
  given: number | LearningRateSchedule | Config,
  own: Readonly<Record<Exclude<keyof Config, keyof OptimizerConfig>, KeyRule>> & KeyRules,
): Config | { readonly learningRate: number | LearningRateSchedule } {
  if (typeof given !== "object") return { learningRate: given };
  checkKeys(label, given, { ...sharedKeys, ...own });
  return given;
}

/**
 * A setting within its bounds.
 * @throws {ArgumentError} naming optimizer, setting, value and bounds.
 */
export function checkSetting(
  label: string,
  value: number,
  bounds: { readonly from: number; readonly below?: number },
): number {
  const { from, below = Infinity } = bounds;
  if (typeof value === "number" && value >= from && value < below) return value;
  const expected =
    below === Infinity ? `a number from ${from} on` : `a number in [${from}, ${below})`;
  throw new ArgumentError(`${label}: received ${String(value)}. Expected ${expected}.`);
}
