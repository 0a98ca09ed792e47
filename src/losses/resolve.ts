import { ArgumentError } from "../errors.ts";
import { checkKeys, type KeyRules } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { resolveName, type Spelled } from "../names/resolve.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  binaryCrossentropyRule,
  categoricalCrossentropyRule,
  sparseCategoricalCrossentropyRule,
} from "./crossentropy.ts";
import type { CrossentropyOptions, FromLogits, HuberOptions } from "./functions.ts";
import * as functions from "./functions.ts";
import type { LossRule } from "./loss-rule.ts";
import {
  cosineSimilarityRule,
  huberRule,
  logCoshRule,
  meanAbsoluteErrorRule,
  meanSquaredErrorRule,
} from "./regression.ts";
import * as tfjs from "./tfjs-functions.ts";
import { hingeLossRule, logLossRule } from "./tfjs-rules.ts";

/** Losses by their full name. */
export type LossName =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "logCosh"
  | "cosineSimilarity"
  | "binaryCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy";

/** Further names that Keras and TF.js take. */
export type LossAlias =
  | "mse"
  | "mae"
  | "bce"
  | "cce"
  | "scce"
  | Spelled<"huberLoss" | "absoluteDifference" | "cosineProximity">;

/** A loss with settings. */
export type LossConfig =
  | { readonly kind: Spelled<LossName> | LossAlias }
  | ({ readonly kind: Spelled<"huber"> } & HuberOptions)
  | ({ readonly kind: Spelled<"sparseCategoricalCrossentropy"> } & FromLogits)
  | ({
      readonly kind: Spelled<"binaryCrossentropy" | "categoricalCrossentropy">;
    } & CrossentropyOptions);

/**
 * A loss of one's own: costs from labels and predictions, both with the batch in front. It gives a scalar, or a cost
 * for each sample (then sample weights apply).
 */
export type LossFunction = (labels: Tensor, predictions: Tensor) => Tensor;

/** A loss as `compile` takes it. */
export type LossSpec = Spelled<LossName> | LossAlias | LossConfig | LossFunction;

/** A loss as the training step uses it. */
export type Loss = LossRule | LossFunction;

type Settings = CrossentropyOptions & HuberOptions;

const makers: Readonly<Record<LossName, (settings: Settings) => LossRule>> = {
  meanSquaredError: () => meanSquaredErrorRule,
  meanAbsoluteError: () => meanAbsoluteErrorRule,
  huber: ({ delta }) => huberRule(positive(delta ?? 1)),
  logCosh: () => logCoshRule,
  cosineSimilarity: () => cosineSimilarityRule,
  binaryCrossentropy: (settings) => binaryCrossentropyRule(crossentropy(settings)),
  categoricalCrossentropy: (settings) => categoricalCrossentropyRule(crossentropy(settings)),
  sparseCategoricalCrossentropy: ({ fromLogits }) =>
    sparseCategoricalCrossentropyRule(fromLogits ?? false),
};

const names = Object.keys(makers) as LossName[];
const aliases: Readonly<Record<string, LossName>> = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  bce: "binaryCrossentropy",
  cce: "categoricalCrossentropy",
  scce: "sparseCategoricalCrossentropy",
  huberLoss: "huber",
  absoluteDifference: "meanAbsoluteError",
  cosineProximity: "cosineSimilarity",
};

/** Settings by loss; losses that are not here have none. */
const settingsOf: Partial<Readonly<Record<LossName, KeyRules>>> = {
  huber: { delta: "number" },
  binaryCrossentropy: { fromLogits: "boolean", labelSmoothing: "number" },
  categoricalCrossentropy: { fromLogits: "boolean", labelSmoothing: "number" },
  sparseCategoricalCrossentropy: { fromLogits: "boolean", ignoreClass: "notYet" },
};

const fromLogits = { fromLogits: true, labelSmoothing: 0 };

/**
 * The losses of this library as functions. Given to `compile` they are known again: their rule has a cost for each
 * sample, so that sample weights and masks apply, where the function gives one number.
 */
const rulesByFunction = new Map<unknown, LossRule>([
  [functions.meanSquaredError, meanSquaredErrorRule],
  [functions.meanAbsoluteError, meanAbsoluteErrorRule],
  [functions.huber, huberRule(1)],
  [functions.logCosh, logCoshRule],
  [functions.cosineSimilarity, cosineSimilarityRule],
  [functions.binaryCrossentropy, makers.binaryCrossentropy({})],
  [functions.categoricalCrossentropy, makers.categoricalCrossentropy({})],
  [functions.sparseCategoricalCrossentropy, makers.sparseCategoricalCrossentropy({})],
  [tfjs.absoluteDifference, meanAbsoluteErrorRule],
  [tfjs.huberLoss, huberRule(1)],
  [tfjs.sigmoidCrossEntropy, binaryCrossentropyRule(fromLogits)],
  [tfjs.softmaxCrossEntropy, categoricalCrossentropyRule(fromLogits)],
  [tfjs.hingeLoss, hingeLossRule],
  [tfjs.logLoss, logLossRule(tfjs.LOG_LOSS_EPSILON)],
]);

/**
 * The loss that a name, a config or a function stands for.
 * @throws {ArgumentError} for anything else, naming the nearest loss.
 */
export function resolveLoss(spec: LossSpec): Loss {
  if (typeof spec === "function") return rulesByFunction.get(spec) ?? spec;
  if (typeof spec === "string") return makers[lossName(spec)]({});
  if (typeof spec !== "object" || spec === null || Array.isArray(spec)) {
    throw new ArgumentError(
      `loss: received ${describeValue(spec)}. Expected a name (${names.join(", ")}), settings ` +
        '{ kind: "huber", delta: 2 }, or a function (labels, predictions) => tensor.',
    );
  }
  const { kind, ...settings } = spec;
  const name = lossName(kind);
  checkKeys(`loss ${name}`, spec, { kind: "string", ...settingsOf[name] });
  return makers[name](settings);
}

/** The rule of a loss of this library that is given as a function; undefined for others. */
export function ruleOfFunction(loss: unknown): LossRule | undefined {
  return rulesByFunction.get(loss);
}

function lossName(given: string): LossName {
  return resolveName<LossName>(given, names, { what: "loss", aliases });
}

function crossentropy({ fromLogits = false, labelSmoothing = 0 }: CrossentropyOptions): {
  fromLogits: boolean;
  labelSmoothing: number;
} {
  if (labelSmoothing >= 0 && labelSmoothing <= 1) return { fromLogits, labelSmoothing };
  throw new ArgumentError(
    `loss: received labelSmoothing ${labelSmoothing}. Expected a number from 0 to 1.`,
  );
}

function positive(delta: number): number {
  if (delta > 0 && Number.isFinite(delta)) return delta;
  throw new ArgumentError(`loss: received delta ${delta}. Expected a number above 0.`);
}
