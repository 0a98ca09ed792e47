import type { Value } from "../graph/node.ts";
import { isCounted, type LossRule, sampleCosts } from "../losses/loss-rule.ts";
import { spreadOver } from "../losses/reduction.ts";
import { ops } from "../ops/index.ts";
import { type MetricRule, meanRule, type RowMetric } from "./metric-rule.ts";

/** A loss as values of a metric: its cost of each row. */
export function asRowMetric(rule: LossRule): RowMetric {
  return {
    name: rule.name,
    values: (labels, predictions) => sampleCosts(rule, labels, predictions),
  };
}

/** The mean of a loss's costs as a metric; rows that the loss ignores do not count. */
export function lossMetricRule(rule: LossRule): MetricRule {
  const mean = meanRule(asRowMetric(rule));
  if (rule.labels === "sequence") return { ...mean, totals: sequenceTotals(rule) };
  return ignoringClass(mean, rule.ignoreClass);
}

/** A metric of class numbers for which rows with the label `ignored` do not count; undefined: all do. */
export function ignoringClass(rule: MetricRule, ignored: number | undefined): MetricRule {
  if (ignored === undefined) return rule;
  return {
    ...rule,
    totals(labels, predictions, weights) {
      const rows = predictions.shape.slice(0, -1);
      const own = ops.cast(isCounted(labels, rows, ignored), "float32");
      const given = weights === null ? own : ops.mul(own, spreadOver(weights, rows, "weights"));
      return rule.totals(labels, predictions, given);
    },
  };
}

/** A loss of whole sequences has one cost each: a mask of steps says how long they are, and does not weigh. */
function sequenceTotals(rule: LossRule): MetricRule["totals"] {
  return (labels, predictions, weights) => {
    const isOfSteps = weights !== null && weights.shape.length === 2 && weights.shape[1] !== 1;
    if (!isOfSteps) return meanRule(asRowMetric(rule)).totals(labels, predictions, weights);
    const steps = ops.greater(weights, ops.literal(0)); // [B, T]
    const masked = { ...rule, costs: (y: Value, p: Value) => rule.costs(y, p, steps) };
    return meanRule(asRowMetric(masked)).totals(labels, predictions, null);
  };
}
