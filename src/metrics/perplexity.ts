import { sparseCategoricalCrossentropyRule } from "../losses/crossentropy.ts";
import { ops } from "../ops/index.ts";
import { lossMetricRule } from "./loss-metric.ts";
import { type MetricRule, meanResult } from "./metric-rule.ts";
import type { PerplexityOptions } from "./names.ts";

/** exp of the mean crossentropy of class numbers: among how many classes the model wavers. */
export function perplexityRule({ fromLogits, maskTokenId }: PerplexityOptions): MetricRule {
  const rule = sparseCategoricalCrossentropyRule({
    fromLogits: fromLogits ?? false,
    ignoreClass: maskTokenId ?? undefined,
  });
  return {
    ...lossMetricRule({ ...rule, name: "perplexity" }),
    result: (totals) => ops.exp(meanResult(totals)),
  };
}
