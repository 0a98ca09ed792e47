import { ArgumentError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { formatShape } from "../graph/shape.ts";
import type { LossRule } from "../losses/loss-rule.ts";
import { ruleOfFunction } from "../losses/resolve.ts";
import { deserializeAs, type Serialized } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
import { ops } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { BesideLoss } from "./beside-loss.ts";
import * as functions from "./functions.ts";
import * as judgements from "./judgement-functions.ts";
import { Metric } from "./metric.ts";
import { type MetricRule, meanRule } from "./metric-rule.ts";
import type { MetricConfig, MetricName, MetricSpelling } from "./names.ts";
import { makeMetric, metricName, metricNames } from "./rules.ts";

/**
 * A metric of one's own: values from labels and predictions, both with the batch in front; their mean is reported,
 * under the name of the function.
 */
export type MetricFunction = (labels: Tensor, predictions: Tensor) => Tensor;

/** A metric as `compile` takes it. */
export type MetricSpec = MetricSpelling | MetricConfig | MetricFunction | Metric | Serialized;

/** A metric as plain data. */
export type SerializedMetric = string | MetricConfig | Serialized;

/** A metric as the training step uses it. */
export interface ResolvedMetric extends MetricRule {
  /** What `resolveMetric` makes the same of; null for a function of one's own, which cannot be saved. */
  readonly serialized: SerializedMetric | null;
}

/** Where a metric stands in `compile`. */
export interface MetricPlace {
  /** Whether it will see sample weights, which a function of one's own must not leave out. Default false. */
  readonly isWeighted?: boolean;
  /** From which a metric of the library takes what it is not told. Default: none, and it reads probabilities. */
  readonly beside?: BesideLoss | null;
}

/**
 * The metrics of this library as functions, by object: a bundler renames functions, and two of them (that of the losses
 * and that of the metrics) have the same name in the source.
 */
const namesByFunction = new Map<unknown, MetricName>(
  [functions, judgements].flatMap((module) =>
    Object.entries(module).map(([name, one]) => [one, name as MetricName] as [unknown, MetricName]),
  ),
);

/**
 * The metric that a name, a config, a function, an object of a class or its description stands for. It reports under
 * the name that was given, as Keras and TF.js do: `metrics: ["mae"]` gives `history.mae`.
 * @throws {ArgumentError} for anything else, naming the nearest metric, for classes that nobody registered, and for
 *   settings that go against the loss.
 */
export function resolveMetric(spec: MetricSpec, place: MetricPlace = {}): ResolvedMetric {
  const { beside = null } = place;
  if (typeof spec === "function") return fromFunction(spec, place);
  if (typeof spec === "string") {
    return { ...makeMetric(metricName(spec), {}, beside), name: spec, serialized: spec };
  }
  if (spec instanceof Metric) return fromObject(spec);
  if (typeof spec === "object" && spec !== null && "className" in spec) return fromClass(spec);
  if (typeof spec !== "object" || spec === null || !("kind" in spec)) {
    throw new ArgumentError(
      `metric: received ${describeValue(spec)}. Expected a name (${metricNames.join(", ")}), settings ` +
        '{ kind: "precision", thresholds: 0.3 }, a function (labels, predictions) => tensor, or an object of a class ' +
        "that extends metrics.Metric.",
    );
  }
  const { kind, name = kind, ...settings } = spec;
  if (typeof name !== "string" || name === "") {
    throw new ArgumentError(
      `metric: received ${describeValue(name)} as name. Expected the key under which it is reported.`,
    );
  }
  return { ...makeMetric(metricName(kind), settings, beside), name, serialized: { ...spec } };
}

/**
 * A metric as plain data, which `resolveMetric` takes.
 * @throws {ArgumentError} for a function of one's own, and for a class without a className.
 */
export function serializeMetric({ name, serialized }: ResolvedMetric): SerializedMetric {
  if (serialized !== null) return serialized;
  throw new ArgumentError(
    `metric ${name}: a function cannot be saved, nor can a class without a className. Expected a class that extends ` +
      "metrics.Metric, has a className, and was made known with serialization.registerClass.",
  );
}

function fromFunction(metric: MetricFunction, place: MetricPlace): ResolvedMetric {
  const { isWeighted = false, beside = null } = place;
  const known = namesByFunction.get(metric);
  if (known !== undefined) return { ...makeMetric(known, {}, beside), serialized: known };
  const loss = ruleOfFunction(metric);
  if (loss !== undefined) return resolveMetric(configOf(loss), place);
  if (metric.name === "") {
    throw new ArgumentError(
      "metric: received a function without a name. Expected one with a name, under which it is reported: " +
        "const medianError = (labels, predictions) => …",
    );
  }
  const values = (labels: Value, predictions: Value): Value => {
    const figures: unknown = metric(Tensor.of(labels), Tensor.of(predictions));
    if (figures instanceof Tensor) return figures.value;
    throw new ArgumentError(
      `metric ${metric.name}: the function gave ${describeValue(figures)}. Expected a tensor.`,
    );
  };
  return { ...meanRule({ name: metric.name, values }, isWeighted), serialized: null };
}

/** A loss that was given as a function, as a metric. */
function configOf({ name, settings = {} }: LossRule): MetricConfig {
  // The metric of this name is the negative of the loss.
  const kind = name === "cosineSimilarity" ? "cosineProximity" : name;
  const { fromLogits, ...others } = settings;
  // Such a function is told that it reads logits by what it is (sigmoidCrossEntropy), and that it does not by nothing.
  const told = fromLogits === true ? { fromLogits } : {};
  return { kind, ...others, ...told, name } as MetricConfig;
}

function fromObject(metric: Metric): ResolvedMetric {
  const className = metric.getClassName();
  const { name, size } = metric;
  const checked = (given: unknown, what: string, shape: readonly number[]) => {
    const fits = given instanceof Tensor && given.shape.join() === shape.join();
    if (fits) return ops.cast(given.value, "float32");
    const received =
      given instanceof Tensor ? `shape ${formatShape(given.shape)}` : describeValue(given);
    throw new ArgumentError(
      `metric ${name}: ${what} gave ${received}. Expected a tensor of shape ${formatShape(shape)}.`,
    );
  };
  return {
    name,
    size,
    totals(labels, predictions, weights) {
      const counts = weights === null ? null : Tensor.of(weights);
      const totals = metric.totals(Tensor.of(labels), Tensor.of(predictions), counts);
      return checked(totals, "totals()", [size]);
    },
    result: (totals) => checked(metric.result(Tensor.of(totals)), "result()", []),
    serialized:
      className === Metric.className ? null : { className, config: { ...metric.getConfig() } },
  };
}

function fromClass(serialized: Serialized): ResolvedMetric {
  const expected = { what: "metric", base: Metric, baseName: "metrics.Metric" };
  return fromObject(deserializeAs(serialized, expected));
}
