import { ArgumentError } from "../errors.ts";
import { type ConfigKeys, checkKeys, type KeyRule, type KeyRules } from "../names/check-keys.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { checkSetting } from "./check-setting.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings that all optimizers share, with Keras's defaults. */
export interface OptimizerConfig {
  /** A number, a schedule (a function of the number of batches so far), or its `{ className, config }`. */
  readonly learningRate?: LearningRate;
  /** Gradients are scaled down together so that their common L2 norm is at most this. Default: not. */
  readonly globalClipnorm?: number | null;
  /** Each gradient is scaled down so that its own L2 norm is at most this. Default: not. */
  readonly clipnorm?: number | null;
  /** Each element of a gradient is kept between minus and plus this. Default: not. */
  readonly clipvalue?: number | null;
  /** Decoupled decay: each weight loses `learningRate · weightDecay` of itself before it is updated. Default 0. */
  readonly weightDecay?: number | null;
  /** Whether a running mean of each weight is kept. Default false. */
  readonly useEma?: boolean;
  /** Share of that mean that stays at each update. Default 0.99. */
  readonly emaMomentum?: number;
  /** The weights become their means once in so many updates. Default null: at the end of training only. */
  readonly emaOverwriteFrequency?: number | null;
  /** Weights change once in so many steps, by the mean of the gradients of all of them. Default null: at each. */
  readonly gradientAccumulationSteps?: number | null;
  /** The loss is multiplied by it before gradients are taken, and they by its inverse afterwards. Default 1. */
  readonly lossScaleFactor?: number | null;
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
  weightDecay: "number",
  useEma: "boolean",
  emaMomentum: "number",
  emaOverwriteFrequency: "number",
  gradientAccumulationSteps: "number",
  lossScaleFactor: "number",
  name: "string",
};

/** The keys that an optimizer adds to those. */
type OwnKeys<Config> = Readonly<Record<Exclude<keyof Config, keyof OptimizerConfig>, KeyRule>> &
  KeyRules;

/**
 * The settings of an optimizer, from its first argument.
 * @throws {ArgumentError} for a key that it does not read.
 */
export function checkSettings<Config extends OptimizerConfig>(
  label: string,
  given: LearningRate | Config,
  own: OwnKeys<Config>,
): Partial<Config> {
  if (typeof given !== "object" || given === null || "className" in given) {
    const rate: OptimizerConfig = { learningRate: given };
    return rate as Partial<Config>;
  }
  checkKeys(label, given, { ...sharedKeys, ...own });
  return given;
}

/**
 * The settings that all optimizers share, of a config that has others too.
 * @throws {ArgumentError} for one that is of another type.
 */
export function checkSharedSettings(label: string, config: OptimizerConfig): void {
  const shared = Object.entries(config).filter(([key]) => Object.hasOwn(sharedKeys, key));
  checkKeys(label, Object.fromEntries(shared), sharedKeys);
}

/** The shared settings as an optimizer keeps them; 0 means none, and so do one step and the factor 1. */
export interface SharedSettings {
  readonly globalClipnorm: number;
  readonly clipnorm: number;
  readonly clipvalue: number;
  readonly weightDecay: number;
  readonly useEma: boolean;
  readonly emaMomentum: number;
  readonly emaOverwriteFrequency: number;
  readonly gradientAccumulationSteps: number;
  readonly lossScaleFactor: number;
}

const defaults: SharedSettings = {
  globalClipnorm: 0,
  clipnorm: 0,
  clipvalue: 0,
  weightDecay: 0,
  useEma: false,
  emaMomentum: 0.99,
  emaOverwriteFrequency: 0,
  gradientAccumulationSteps: 1,
  lossScaleFactor: 1,
};

/**
 * The shared settings of a config.
 * @throws {ArgumentError} for one that is out of bounds, and for several ways of clipping at once.
 */
export function sharedSettings(label: string, config: OptimizerConfig): SharedSettings {
  const settings = withDefaults(defaults, config);
  const { globalClipnorm, clipnorm, clipvalue } = settings;
  for (const [name, bound] of Object.entries({ globalClipnorm, clipnorm, clipvalue })) {
    checkSetting(`${label} ${name}`, bound, { from: 0 });
  }
  checkSetting(`${label} weightDecay`, settings.weightDecay, { from: 0 });
  checkSetting(`${label} emaMomentum`, settings.emaMomentum, { from: 0, to: 1 });
  // Its inverse is to be a float32, too.
  checkSetting(`${label} lossScaleFactor`, settings.lossScaleFactor, { from: 1e-30, to: 1e30 });
  wholeNumber(settings.emaOverwriteFrequency, `${label}: emaOverwriteFrequency`, 0);
  wholeNumber(settings.gradientAccumulationSteps, `${label}: gradientAccumulationSteps`);
  if ([globalClipnorm, clipnorm, clipvalue].filter((bound) => bound > 0).length > 1) {
    throw new ArgumentError(
      `${label}: received several of globalClipnorm, clipnorm and clipvalue. Expected one of them.`,
    );
  }
  return settings;
}

/** Those that differ from the defaults, for `getConfig`. */
export function changedSettings(settings: SharedSettings): Partial<SharedSettings> {
  const changed = Object.entries(settings).filter(
    ([name, value]) => value !== defaults[name as keyof SharedSettings],
  );
  return Object.fromEntries(changed) as Partial<SharedSettings>;
}
