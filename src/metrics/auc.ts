import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { EPSILON } from "../losses/epsilon.ts";
import { ops } from "../ops/index.ts";
import { tensor } from "../tensor/index.ts";
import { classRows } from "./class-rows.ts";
import { type MetricRule, ratio } from "./metric-rule.ts";
import type { AUCOptions } from "./names.ts";

/**
 * Area under a curve of rates over thresholds, by Keras's sums. Totals: true and false positives at each threshold, then
 * all positives and all negatives.
 */
export function aucRule(options: AUCOptions): MetricRule {
  const { curve = "ROC", summationMethod = "interpolation", fromLogits = false } = options;
  const count = options.numThresholds ?? 200;
  return {
    name: "auc",
    size: 2 * count + 2,
    totals(labels, predictions, weights) {
      const rows = classRows("auc", { labels, predictions }, weights);
      const p = fromLogits ? ops.sigmoid(rows.predictions) : rows.predictions;
      const yes = ops.mul(rows.labels, rows.weights);
      const no = ops.mul(ops.sub(ops.literal(1), rows.labels), rows.weights);
      const flat = (x: Value): Value => ops.reshape(x, [sizeOf(rows.labels.shape), 1]);
      const isAbove = ops.greater(flat(p), tensor(thresholds(count), [1, count]).value); // [N, thresholds]
      const above = (x: Value): Value => ops.sum(ops.where(isAbove, flat(x), ops.literal(0)), [0]);
      const all = (x: Value): Value => ops.reshape(ops.sum(x), [1]);
      return ops.concat([above(yes), above(no), all(yes), all(no)], 0);
    },
    result(totals) {
      const at = (begin: number, size: number): Value => ops.slice(totals, [begin], [size]);
      const hits = at(0, count);
      const alarms = at(count, count);
      const [positives, negatives] = [at(2 * count, 1), at(2 * count + 1, 1)];
      const recall = ratio(hits, positives);
      if (curve === "PR") {
        if (summationMethod === "interpolation")
          return precisionRecallArea(hits, alarms, positives);
        return area(recall, ratio(hits, ops.add(hits, alarms)), summationMethod);
      }
      return area(ratio(alarms, negatives), recall, summationMethod);
    },
  };
}

/** As Keras spaces them, the outer ones beyond 0 and 1; in float32, so that a prediction that equals one is not above it. */
function thresholds(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    if (i === 0) return -EPSILON;
    return i === count - 1 ? 1 + EPSILON : i / (count - 1);
  });
}

/** Σ (x[i] - x[i+1])·height, the height between y[i] and y[i+1]; x falls as the threshold rises. */
function area(x: Value, y: Value, how: NonNullable<AUCOptions["summationMethod"]>): Value {
  const [before, after] = [head(y), tail(y)];
  const heights = {
    interpolation: () => ops.mul(ops.add(before, after), ops.literal(0.5)),
    minoring: () => ops.minimum(before, after),
    majoring: () => ops.maximum(before, after),
  }[how]();
  return ops.sum(ops.mul(ops.sub(head(x), tail(x)), heights));
}

/**
 * Area under precision over recall, with hits linear in alarms between two thresholds, where precision is not.
 * Davis & Goadrich 2006, doi:10.1145/1143844.1143874.
 */
function precisionRecallArea(hits: Value, alarms: Value, positives: Value): Value {
  const said = ops.add(hits, alarms);
  const newHits = ops.sub(head(hits), tail(hits));
  const slope = ratio(newHits, ops.sub(head(said), tail(said)));
  const intercept = ops.sub(tail(hits), ops.mul(slope, tail(said)));
  const zero = ops.literal(0);
  const isSafe = ops.logicalAnd(ops.greater(head(said), zero), ops.greater(tail(said), zero));
  const growth = ops.where(isSafe, ratio(head(said), tail(said)), ops.literal(1));
  const terms = ops.mul(slope, ops.add(newHits, ops.mul(intercept, ops.log(growth))));
  return ops.sum(ratio(terms, positives));
}

function head(x: Value): Value {
  return ops.slice(x, [0], [(x.shape[0] ?? 1) - 1]);
}

function tail(x: Value): Value {
  return ops.slice(x, [1], [(x.shape[0] ?? 1) - 1]);
}
