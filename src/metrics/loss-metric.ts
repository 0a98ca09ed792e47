import { countedRows, type LossRule, sampleCosts } from "../losses/loss-rule.ts";
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
  if (rule.ignoreClass === undefined) return mean;
  return {
    ...mean,
    totals(labels, predictions, weights) {
      const rows = ops.literal(0, predictions.shape.slice(0, -1));
      const counted = countedRows(rule, labels, rows) ?? ops.literal(1, rows.shape);
      const own = ops.cast(counted, "float32");
      const given =
        weights === null ? own : ops.mul(own, spreadOver(weights, rows.shape, "weights"));
      return mean.totals(labels, predictions, given);
    },
  };
}
