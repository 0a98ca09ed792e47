import { ArgumentError } from "../errors.ts";
import { checkKeys, type KeyRules } from "../names/check-keys.ts";
import { resolveName } from "../names/resolve.ts";
import {
  binaryCrossentropyRule,
  categoricalCrossentropyRule,
  sparseCategoricalCrossentropyRule,
} from "./crossentropy.ts";
import { ctcRule } from "./ctc.ts";
import { klDivergenceRule, poissonRule } from "./divergence.ts";
import { binaryFocalCrossentropyRule, categoricalFocalCrossentropyRule } from "./focal.ts";
import { categoricalHingeRule, hingeRule, squaredHingeRule } from "./hinge.ts";
import type { LossRule } from "./loss-rule.ts";
import type {
  BinaryFocalCrossentropyOptions,
  CtcSettings,
  HuberOptions,
  LossAlias,
  LossName,
  SparseCrossentropyOptions,
} from "./names.ts";
import {
  cosineSimilarityRule,
  huberRule,
  logCoshRule,
  meanAbsoluteErrorRule,
  meanAbsolutePercentageErrorRule,
  meanSquaredErrorRule,
  meanSquaredLogarithmicErrorRule,
} from "./regression.ts";
import { hingeLossRule, LOG_LOSS_EPSILON, logLossRule } from "./tfjs-rules.ts";

/** Settings of every loss; null is as good as absent. */
export type AllSettings = HuberOptions &
  BinaryFocalCrossentropyOptions &
  SparseCrossentropyOptions &
  CtcSettings & { readonly epsilon?: number };

const makers: Readonly<Record<LossName, (settings: AllSettings) => LossRule>> = {
  meanSquaredError: () => meanSquaredErrorRule,
  meanAbsoluteError: () => meanAbsoluteErrorRule,
  meanAbsolutePercentageError: () => meanAbsolutePercentageErrorRule,
  meanSquaredLogarithmicError: () => meanSquaredLogarithmicErrorRule,
  huber: ({ delta }) => huberRule(positive("delta", delta ?? 1)),
  logCosh: () => logCoshRule,
  cosineSimilarity: () => cosineSimilarityRule,
  hinge: () => hingeRule,
  squaredHinge: () => squaredHingeRule,
  categoricalHinge: () => categoricalHingeRule,
  klDivergence: () => klDivergenceRule,
  poisson: () => poissonRule,
  binaryCrossentropy: (settings) => binaryCrossentropyRule(crossentropy(settings)),
  categoricalCrossentropy: (settings) => categoricalCrossentropyRule(crossentropy(settings)),
  binaryFocalCrossentropy: (settings) =>
    binaryFocalCrossentropyRule({
      ...focal(settings),
      applyClassBalancing: settings.applyClassBalancing ?? false,
    }),
  categoricalFocalCrossentropy: (settings) => categoricalFocalCrossentropyRule(focal(settings)),
  sparseCategoricalCrossentropy: (settings) =>
    sparseCategoricalCrossentropyRule({
      ...crossentropy(settings),
      ignoreClass: ignoredClass("loss", settings),
    }),
  ctc: ({ zeroInfinity }) => ctcRule(zeroInfinity ?? false),
  hingeLoss: () => hingeLossRule,
  logLoss: ({ epsilon }) => logLossRule(positive("epsilon", epsilon ?? LOG_LOSS_EPSILON)),
};

/** Names of all losses. */
export const lossNames = Object.keys(makers) as LossName[];

const aliases: Readonly<Record<string, LossName>> = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  mape: "meanAbsolutePercentageError",
  msle: "meanSquaredLogarithmicError",
  kld: "klDivergence",
  kullbackLeiblerDivergence: "klDivergence",
  bce: "binaryCrossentropy",
  cce: "categoricalCrossentropy",
  scce: "sparseCategoricalCrossentropy",
  huberLoss: "huber",
  absoluteDifference: "meanAbsoluteError",
  cosineProximity: "cosineSimilarity",
} satisfies Partial<Record<LossAlias, LossName>>;

const crossentropyKeys: KeyRules = { fromLogits: "boolean", labelSmoothing: "number" };
const focalKeys: KeyRules = { ...crossentropyKeys, alpha: "number", gamma: "number" };

/** Settings by loss; losses that are not here have none. */
const settingsOf: Partial<Readonly<Record<LossName, KeyRules>>> = {
  huber: { delta: "number" },
  binaryCrossentropy: crossentropyKeys,
  categoricalCrossentropy: crossentropyKeys,
  binaryFocalCrossentropy: { ...focalKeys, applyClassBalancing: "boolean" },
  categoricalFocalCrossentropy: focalKeys,
  sparseCategoricalCrossentropy: {
    ...crossentropyKeys,
    ignoreClass: "number",
    ignoreIndex: "number",
  },
  ctc: { zeroInfinity: "boolean" },
  logLoss: { epsilon: "number" },
};

/** The loss that a name, also a short one, stands for. */
export function lossName(given: string): LossName {
  return resolveName<LossName>(given, lossNames, { what: "loss", aliases });
}

/** Further names of losses, for those who take losses by name. */
export const lossAliases: Readonly<Record<string, LossName>> = aliases;

/**
 * The rule of a loss.
 * @param extra Keys that belong to somebody else and are let pass.
 * @throws {ArgumentError} for a setting that the loss does not have, or that is out of bounds.
 */
export function makeRule(name: LossName, settings: AllSettings, extra: KeyRules = {}): LossRule {
  checkKeys(`loss ${name}`, settings, { ...extra, ...settingsOf[name] });
  return makers[name](settings);
}

function crossentropy({ fromLogits, labelSmoothing }: AllSettings): {
  fromLogits: boolean;
  labelSmoothing: number;
} {
  const smoothing = share("labelSmoothing", labelSmoothing ?? 0);
  return { fromLogits: fromLogits ?? false, labelSmoothing: smoothing };
}

function focal(settings: AllSettings): ReturnType<typeof crossentropy> & {
  alpha: number;
  gamma: number;
} {
  const gamma = settings.gamma ?? 2;
  if (!(gamma >= 0 && Number.isFinite(gamma))) {
    throw new ArgumentError(`loss: received gamma ${gamma}. Expected a number from 0 up.`);
  }
  return { ...crossentropy(settings), alpha: share("alpha", settings.alpha ?? 0.25), gamma };
}

function share(key: string, value: number): number {
  if (value >= 0 && value <= 1) return value;
  throw new ArgumentError(`loss: received ${key} ${value}. Expected a number from 0 to 1.`);
}

function positive(key: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new ArgumentError(`loss: received ${key} ${value}. Expected a number above 0.`);
}

/** The label that means "none", by Keras's word or PyTorch's. */
export function ignoredClass(
  what: "loss" | "metric",
  { ignoreClass, ignoreIndex }: Pick<AllSettings, "ignoreClass" | "ignoreIndex">,
): number | undefined {
  const given = ignoreClass ?? ignoreIndex ?? undefined;
  if (ignoreClass != null && ignoreIndex != null && ignoreClass !== ignoreIndex) {
    throw new ArgumentError(
      `${what}: received ignoreClass ${ignoreClass} and ignoreIndex ${ignoreIndex}. Expected one of them: they are two ` +
        "words for the same.",
    );
  }
  if (given === undefined || Number.isInteger(given)) return given;
  const key = ignoreClass == null ? "ignoreIndex" : "ignoreClass";
  throw new ArgumentError(`${what}: received ${key} ${given}. Expected a whole number.`);
}
