import { meanSquaredErrorRule } from "../losses/regression.ts";
import { ops } from "../ops/index.ts";
import { asRowMetric } from "./loss-metric.ts";
import { type MetricRule, meanResult, meanRule } from "./metric-rule.ts";

/** Root of the mean squared error over all samples (no mean of roots). */
export const rootMeanSquaredErrorRule: MetricRule = {
  ...meanRule({ ...asRowMetric(meanSquaredErrorRule), name: "rootMeanSquaredError" }),
  result: (totals) => ops.sqrt(meanResult(totals)),
};
