import { ArgumentError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { ops } from "../ops/index.ts";
import { type ClassRows, classRows } from "./class-rows.ts";
import { type MetricRule, ratio, stackScalars, totalAt } from "./metric-rule.ts";
import type { PrecisionOptions } from "./names.ts";
import { topOfRow } from "./top-k.ts";

/** What is yes, with the threshold that counts where neither that nor a number of the largest is given. */
export interface Selection extends PrecisionOptions {
  readonly bound: number;
}

/** Share of what is said to be yes that is yes: TP / (TP + FP). */
export function precisionRule(options: Selection): MetricRule {
  return shareOfHits("precision", options, ({ said }) => said);
}

/** Share of what is yes that is said to be: TP / (TP + FN). */
export function recallRule(options: Selection): MetricRule {
  return shareOfHits("recall", options, ({ isYes }) => isYes);
}

interface Verdict {
  /** What the predictions say and what is so, bool. */
  readonly said: Value;
  readonly isYes: Value;
}

function shareOfHits(
  name: string,
  options: Selection,
  whole: (verdict: Verdict) => Value,
): MetricRule {
  return {
    name,
    size: 2,
    totals(labels, predictions, weights) {
      const rows = classRows(name, { labels, predictions }, weights);
      const verdict = verdictOf(name, rows, options);
      const counts = options.classId == null ? rows.weights : column(rows.weights, options.classId);
      const hits = ops.logicalAnd(verdict.said, verdict.isYes);
      const sumOf = (where: Value): Value => ops.sum(ops.where(where, counts, ops.literal(0)));
      return stackScalars([sumOf(hits), sumOf(whole(verdict))]);
    },
    result: (totals) => ratio(totalAt(totals, 0), totalAt(totals, 1)),
  };
}

function verdictOf(
  name: string,
  { labels, predictions }: ClassRows,
  { thresholds, topK, classId, bound }: Selection,
): Verdict {
  const width = predictions.shape[predictions.shape.length - 1] ?? 1;
  if (classId != null && classId >= width) {
    throw new ArgumentError(
      `${name}: received classId ${classId}. Expected a class from 0 to ${width - 1}.`,
    );
  }
  const isYes = ops.notEqual(labels, ops.literal(0));
  const limit = thresholds ?? (topK == null ? bound : null);
  const isAbove =
    limit === null ? null : ops.greater(predictions, ops.scalar(HostScalar.of(limit)));
  const isTop = topK == null ? null : topOfRow(predictions, topK);
  const both = isAbove !== null && isTop !== null ? ops.logicalAnd(isAbove, isTop) : null;
  const said = both ?? isAbove ?? isTop ?? ops.cast(ops.literal(1, predictions.shape), "bool");
  if (classId == null) return { said, isYes };
  return { said: column(said, classId), isYes: column(isYes, classId) };
}

/** Column `index` of the last axis. */
function column(x: Value, index: number): Value {
  const last = x.shape.length - 1;
  return ops.slice(
    x,
    x.shape.map((_, axis) => (axis === last ? index : 0)),
    x.shape.map((dim, axis) => (axis === last ? 1 : dim)),
  );
}
