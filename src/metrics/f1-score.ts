import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { EPSILON } from "../losses/epsilon.ts";
import { ops } from "../ops/index.ts";
import { classRows, rowAxes } from "./class-rows.ts";
import type { MetricRule } from "./metric-rule.ts";
import type { F1ScoreOptions } from "./names.ts";

/** Predictions of 0 are no yes, even where they are the largest of their row; Keras's bound. */
const SMALLEST_YES = 1e-9;

/**
 * Harmonic mean of precision and recall of each class, and their mean. Totals: of each class (or of all) hits, what was
 * said, what is so. `bound` is the threshold of single columns where none is given.
 */
export function f1ScoreRule(
  { average = "macro", threshold = null }: F1ScoreOptions,
  bound: number,
): MetricRule {
  return {
    name: "f1Score",
    size: average === "micro" ? 3 : null,
    totals(labels, predictions, weights) {
      const rows = classRows("f1Score", { labels, predictions }, weights);
      const said = ops.cast(saidYes(rows.predictions, threshold, bound), "float32");
      const counts = (x: Value): Value => {
        const weighted = ops.mul(x, rows.weights);
        if (average === "micro") return ops.reshape(ops.sum(weighted), [1]);
        return ops.sum(weighted, rowAxes(weighted));
      };
      return ops.concat([ops.mul(said, rows.labels), said, rows.labels].map(counts), 0);
    },
    result(totals) {
      const classes = (totals.shape[0] ?? 3) / 3;
      const part = (i: number): Value => ops.slice(totals, [i * classes], [classes]);
      const [hits, said, actual] = [part(0), part(1), part(2)];
      const [precision, recall] = [guarded(hits, said), guarded(hits, actual)];
      const product = ops.mul(ops.mul(precision, recall), ops.literal(2));
      const scores = guarded(product, ops.add(precision, recall));
      if (average !== "weighted") return ops.mean(scores);
      return ops.sum(ops.mul(scores, guarded(actual, ops.sum(actual))));
    },
  };
}

/** Above the threshold; without one the largest of each row, or above `bound` where a row has one element. */
function saidYes(predictions: Value, threshold: number | null, bound: number): Value {
  const last = predictions.shape.length - 1;
  const limit = threshold ?? (predictions.shape[last] === 1 ? bound : null);
  if (limit !== null) return ops.greater(predictions, ops.scalar(HostScalar.of(limit)));
  const isLargest = ops.greaterEqual(predictions, ops.max(predictions, [last], true));
  return ops.logicalAnd(isLargest, ops.greater(ops.abs(predictions), ops.literal(SMALLEST_YES)));
}

function guarded(a: Value, b: Value): Value {
  return ops.div(a, ops.add(b, ops.literal(EPSILON)));
}
