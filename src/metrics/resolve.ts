import { ArgumentError } from "../errors.ts";
import { type LossConfig, resolveLoss, ruleOfFunction } from "../losses/resolve.ts";
import { describeValue } from "../names/describe.ts";
import { resolveName, type Spelled } from "../names/resolve.ts";
import { Tensor } from "../tensor/index.ts";
import {
  accuracyRule,
  binaryAccuracyRule,
  categoricalAccuracyRule,
  sparseCategoricalAccuracyRule,
} from "./accuracy.ts";
import * as functions from "./functions.ts";
import { asRowMetric } from "./functions.ts";
import { type MetricRule, meanRule } from "./metric-rule.ts";
import { rootMeanSquaredErrorRule } from "./root-mean-squared-error.ts";

/** Metrics by their full name. `accuracy` is the accuracy that the shapes ask for. */
export type MetricName =
  | "accuracy"
  | "binaryAccuracy"
  | "categoricalAccuracy"
  | "sparseCategoricalAccuracy"
  | "meanAbsoluteError"
  | "meanSquaredError"
  | "rootMeanSquaredError"
  | "binaryCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy";

/** Short names that Keras and TF.js take too. */
export type MetricAlias = "acc" | "mae" | "mse" | "rmse" | "bce" | "cce";

/**
 * A metric of one's own: values from labels and predictions, both with the batch in front; their mean is reported,
 * under the name of the function.
 */
export type MetricFunction = (labels: Tensor, predictions: Tensor) => Tensor;

/** A metric as `compile` takes it. */
export type MetricSpec = Spelled<MetricName> | MetricAlias | MetricFunction;

const rules: Readonly<Record<MetricName, MetricRule>> = {
  accuracy: meanRule(accuracyRule),
  binaryAccuracy: meanRule(binaryAccuracyRule()),
  categoricalAccuracy: meanRule(categoricalAccuracyRule),
  sparseCategoricalAccuracy: meanRule(sparseCategoricalAccuracyRule),
  meanAbsoluteError: lossMetric("meanAbsoluteError"),
  meanSquaredError: lossMetric("meanSquaredError"),
  rootMeanSquaredError: rootMeanSquaredErrorRule,
  binaryCrossentropy: lossMetric("binaryCrossentropy"),
  categoricalCrossentropy: lossMetric("categoricalCrossentropy"),
  sparseCategoricalCrossentropy: lossMetric("sparseCategoricalCrossentropy"),
};

const names = Object.keys(rules) as MetricName[];
const aliases: Readonly<Record<MetricAlias, MetricName>> = {
  acc: "accuracy",
  mae: "meanAbsoluteError",
  mse: "meanSquaredError",
  rmse: "rootMeanSquaredError",
  bce: "binaryCrossentropy",
  cce: "categoricalCrossentropy",
};

/**
 * The metrics of this library as functions, by object: a bundler renames functions, and two of them (that of the losses
 * and that of the metrics) have the same name in the source.
 */
const rulesByFunction = new Map<unknown, MetricRule>([
  [functions.binaryAccuracy, rules.binaryAccuracy],
  [functions.categoricalAccuracy, rules.categoricalAccuracy],
  [functions.sparseCategoricalAccuracy, rules.sparseCategoricalAccuracy],
  [functions.meanAbsoluteError, rules.meanAbsoluteError],
  [functions.meanSquaredError, rules.meanSquaredError],
  [functions.binaryCrossentropy, rules.binaryCrossentropy],
  [functions.categoricalCrossentropy, rules.categoricalCrossentropy],
  [functions.sparseCategoricalCrossentropy, rules.sparseCategoricalCrossentropy],
]);

/**
 * The metric that a name or a function stands for. It reports under the name that was given, as Keras and TF.js do:
 * `metrics: ["mae"]` gives `history.mae`.
 * @throws {ArgumentError} for anything else, naming the nearest metric.
 */
export function resolveMetric(spec: MetricSpec): MetricRule {
  if (typeof spec === "function") return fromFunction(spec);
  if (typeof spec !== "string") {
    throw new ArgumentError(
      `metric: received ${describeValue(spec)}. Expected a name (${names.join(", ")}), or a function ` +
        "(labels, predictions) => tensor.",
    );
  }
  const rule = rules[resolveName<MetricName>(spec, names, { what: "metric", aliases })];
  return { ...rule, name: spec };
}

function fromFunction(metric: MetricFunction): MetricRule {
  const known = rulesByFunction.get(metric);
  if (known !== undefined) return known;
  const loss = ruleOfFunction(metric);
  if (loss !== undefined) return meanRule(asRowMetric(loss));
  if (metric.name === "") {
    throw new ArgumentError(
      "metric: received a function without a name. Expected one with a name, under which it is reported: " +
        "const medianError = (labels, predictions) => …",
    );
  }
  return meanRule({
    name: metric.name,
    values(labels, predictions) {
      const figures: unknown = metric(Tensor.of(labels), Tensor.of(predictions));
      if (figures instanceof Tensor) return figures.value;
      throw new ArgumentError(
        `metric ${metric.name}: the function gave ${describeValue(figures)}. Expected a tensor.`,
      );
    },
  });
}

function lossMetric(kind: LossConfig["kind"]): MetricRule {
  const loss = resolveLoss({ kind });
  if (typeof loss === "function") throw new RangeError(`${kind} is no loss of this library`);
  return meanRule(asRowMetric(loss));
}
