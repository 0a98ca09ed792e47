import { ArgumentError } from "../errors.ts";
import type { FromLogits, LossName } from "../losses/names.ts";
import { linkOfLoss } from "../losses/output-scale.ts";
import { cosineSimilarityRule } from "../losses/regression.ts";
import { ignoredClass, lossAliases, lossNames, makeRule } from "../losses/rules.ts";
import { checkKeys, type KeyRules } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { resolveName } from "../names/resolve.ts";
import { wholeNumber } from "../names/whole-number.ts";
import {
  accuracyRule,
  binaryAccuracyRule,
  categoricalAccuracyRule,
  sparseCategoricalAccuracyRule,
} from "./accuracy.ts";
import { aucRule } from "./auc.ts";
import { type BesideLoss, defaultsBeside, type MetricDefaults } from "./beside-loss.ts";
import { cosineSimilarityMetric } from "./cosine-similarity.ts";
import { f1ScoreRule } from "./f1-score.ts";
import { ignoringClass, lossMetricRule } from "./loss-metric.ts";
import { type MetricRule, meanRule } from "./metric-rule.ts";
import type {
  AUCOptions,
  BinaryAccuracyOptions,
  F1ScoreOptions,
  MetricName,
  OwnMetricName,
  PerplexityOptions,
  PrecisionOptions,
  R2ScoreOptions,
  SparseAccuracyOptions,
  TopKOptions,
} from "./names.ts";
import { perplexityRule } from "./perplexity.ts";
import { precisionRule, recallRule, type Selection } from "./precision-recall.ts";
import { r2ScoreRule } from "./r2-score.ts";
import { rootMeanSquaredErrorRule } from "./root-mean-squared-error.ts";
import { sparseTopKCategoricalAccuracyRule, topKCategoricalAccuracyRule } from "./top-k.ts";

/** Settings of every metric that is no loss. */
type AllSettings = Omit<BinaryAccuracyOptions & TopKOptions & PrecisionOptions, "threshold"> &
  F1ScoreOptions &
  AUCOptions &
  R2ScoreOptions &
  SparseAccuracyOptions &
  PerplexityOptions;

type MakeMetric = (settings: AllSettings, defaults: MetricDefaults) => MetricRule;

const makers: Readonly<Record<OwnMetricName, MakeMetric>> = {
  accuracy: (_, defaults) => meanRule(accuracyRule(defaults.threshold)),
  binaryAccuracy: ({ threshold }, defaults) =>
    meanRule(binaryAccuracyRule(threshold ?? defaults.threshold)),
  categoricalAccuracy: () => meanRule(categoricalAccuracyRule),
  sparseCategoricalAccuracy: (settings) =>
    ignoringClass(meanRule(sparseCategoricalAccuracyRule), ignoredClass("metric", settings)),
  topKCategoricalAccuracy: ({ k }) => meanRule(topKCategoricalAccuracyRule(k ?? 5)),
  sparseTopKCategoricalAccuracy: ({ k }) => meanRule(sparseTopKCategoricalAccuracyRule(k ?? 5)),
  precision: (settings, defaults) => precisionRule(selection(settings, defaults)),
  recall: (settings, defaults) => recallRule(selection(settings, defaults)),
  f1Score({ average, threshold }, defaults) {
    const how = oneOf("average", average, ["macro", "micro", "weighted"]);
    return f1ScoreRule({ average: how, threshold: threshold ?? null }, defaults.threshold);
  },
  auc: ({ curve, numThresholds, summationMethod, fromLogits }, defaults) =>
    aucRule({
      curve: oneOf("curve", curve, ["ROC", "PR"]),
      numThresholds: wholeNumber(numThresholds ?? 200, "metric: numThresholds", 2),
      summationMethod: oneOf("summationMethod", summationMethod, [
        "interpolation",
        "minoring",
        "majoring",
      ]),
      fromLogits: fromLogits ?? defaults.fromLogits,
    }),
  r2Score: ({ classAggregation }) =>
    r2ScoreRule({
      classAggregation: oneOf("classAggregation", classAggregation, [
        "uniformAverage",
        "varianceWeightedAverage",
      ]),
    }),
  perplexity: (settings, defaults) =>
    perplexityRule({ ...settings, fromLogits: settings.fromLogits ?? defaults.fromLogits }),
  rootMeanSquaredError: () => rootMeanSquaredErrorRule,
  cosineSimilarity: () => meanRule(cosineSimilarityMetric),
  cosineProximity: () => lossMetricRule({ ...cosineSimilarityRule, name: "cosineProximity" }),
};

const selectionKeys: KeyRules = { thresholds: "number", topK: "number", classId: "number" };

/** Settings by metric; metrics that are not here have none. */
const settingsOf: Partial<Readonly<Record<OwnMetricName, KeyRules>>> = {
  binaryAccuracy: { threshold: "number" },
  sparseCategoricalAccuracy: { ignoreClass: "number", ignoreIndex: "number" },
  topKCategoricalAccuracy: { k: "number" },
  sparseTopKCategoricalAccuracy: { k: "number" },
  precision: selectionKeys,
  recall: selectionKeys,
  f1Score: { average: "any", threshold: "number" },
  auc: {
    curve: "string",
    numThresholds: "number",
    summationMethod: "string",
    fromLogits: "boolean",
  },
  r2Score: { classAggregation: "any" },
  perplexity: { fromLogits: "boolean", maskTokenId: "number" },
};

const ownNames = Object.keys(makers) as OwnMetricName[];

/** Names of all metrics. */
export const metricNames: readonly MetricName[] = [
  ...ownNames,
  ...lossNames.filter((name) => !isOwn(name)),
];

const aliases: Readonly<Record<string, MetricName>> = {
  ...lossAliases,
  acc: "accuracy",
  rmse: "rootMeanSquaredError",
  cosine: "cosineProximity",
  cosineProximity: "cosineProximity",
};

/** The metric that a name, also a short one, stands for. */
export function metricName(given: string): MetricName {
  return resolveName<MetricName>(given, metricNames, { what: "metric", aliases });
}

/**
 * The rule of a metric. What its settings leave out it takes from the loss of its output; null: there is none, and
 * predictions are probabilities.
 * @throws {ArgumentError} for a setting that the metric does not have, that is out of bounds, or that goes against the
 *   loss.
 */
export function makeMetric(
  name: MetricName,
  settings: object,
  beside: BesideLoss | null = null,
): MetricRule {
  if (isOwn(name)) checkKeys(`metric ${name}`, settings, settingsOf[name] ?? {});
  const defaults = defaultsBeside(beside, name, settings);
  if (isOwn(name)) return makers[name](settings as AllSettings, defaults);
  if (linkOfLoss[name] === undefined) return lossMetricRule(makeRule(name, settings));
  const { fromLogits } = settings as FromLogits;
  const told = { ...settings, fromLogits: fromLogits ?? defaults.fromLogits };
  return lossMetricRule(makeRule(name, told));
}

function isOwn(name: MetricName | LossName): name is OwnMetricName {
  return Object.hasOwn(makers, name);
}

function selection(
  { thresholds, topK, classId }: PrecisionOptions,
  { threshold: bound }: MetricDefaults,
): Selection {
  if (topK != null) wholeNumber(topK, "metric: topK");
  if (classId != null) wholeNumber(classId, "metric: classId", 0);
  const given = { thresholds: thresholds ?? null, topK: topK ?? null, classId: classId ?? null };
  return { ...given, bound };
}

/** One of some words, whatever their spelling; the first where none is given. */
function oneOf<const Word extends string>(
  key: string,
  given: Word | undefined,
  words: readonly [Word, ...Word[]],
): Word {
  if (given === undefined) return words[0];
  if (typeof given === "string") return resolveName(given, words, { what: `metric: ${key}` });
  throw new ArgumentError(
    `metric: received ${describeValue(given)} as ${key}. Expected one of ${words.join(", ")}.`,
  );
}
