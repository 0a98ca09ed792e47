import { ShapeError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { alignRanks } from "../losses/loss-rule.ts";
import { ops } from "../ops/index.ts";
import type { RowMetric } from "./metric-rule.ts";

/** Share of elements of each row that are on the label's side of `threshold`. */
export function binaryAccuracyRule(threshold = 0.5): RowMetric {
  return {
    name: "binaryAccuracy",
    values(labels, predictions) {
      const [y, p] = alignRanks(labels, predictions);
      checkSame("binaryAccuracy", y, p);
      const isYes = ops.cast(ops.greater(p, ops.scalar(HostScalar.of(threshold))), "float32");
      const hits = ops.cast(ops.equal(ops.cast(y, "float32"), isYes), "float32");
      return ops.mean(hits, [hits.shape.length - 1]);
    },
  };
}

/** 1 where the largest prediction of a row is at the largest label; labels are one-hot, [.., V]. */
export const categoricalAccuracyRule: RowMetric = {
  name: "categoricalAccuracy",
  values(labels, predictions) {
    checkSame("categoricalAccuracy", labels, predictions);
    return ops.cast(ops.equal(argMax(labels), argMax(predictions)), "float32");
  },
};

/** 1 where the largest prediction of a row is at the label; labels are class numbers, [..] or [.., 1]. */
export const sparseCategoricalAccuracyRule: RowMetric = {
  name: "sparseCategoricalAccuracy",
  values(labels, predictions) {
    const y = classNumbers("sparseCategoricalAccuracy", labels, predictions);
    return ops.cast(ops.equal(y, argMax(predictions)), "float32");
  },
};

/** The accuracy that the shapes ask for, by Keras's rule; `threshold` is that of single columns. */
export function accuracyRule(threshold = 0.5): RowMetric {
  const binary = binaryAccuracyRule(threshold);
  return {
    name: "accuracy",
    values(labels, predictions) {
      const [y, p] = [labels.shape, predictions.shape];
      const classes = p[p.length - 1] ?? 1;
      if (p.length < 2 || classes === 1) return binary.values(labels, predictions);
      const isSparse = y.length < p.length || (y[y.length - 1] === 1 && classes > 1);
      const rule = isSparse ? sparseCategoricalAccuracyRule : categoricalAccuracyRule;
      return rule.values(labels, predictions);
    },
  };
}

/** Where the last axis is largest, int32. */
export function argMax(rows: Value): Value {
  return ops.argMax(rows, rows.shape.length - 1);
}

/**
 * Labels [..] or [.., 1] of predictions [.., V] as int32 [..].
 * @throws {ShapeError} for other shapes.
 */
export function classNumbers(metric: string, labels: Value, predictions: Value): Value {
  const rows = predictions.shape.slice(0, -1);
  if (!shapesEqual(labels.shape, rows) && !shapesEqual(labels.shape, [...rows, 1])) {
    throw mismatch(metric, labels, predictions, rows);
  }
  return ops.cast(ops.reshape(labels, rows), "int32");
}

/** @throws {ShapeError} when labels and predictions differ in shape. */
export function checkSame(metric: string, labels: Value, predictions: Value): void {
  if (shapesEqual(labels.shape, predictions.shape)) return;
  throw mismatch(metric, labels, predictions, predictions.shape);
}

function mismatch(
  metric: string,
  labels: Value,
  predictions: Value,
  expected: readonly number[],
): ShapeError {
  return new ShapeError(
    `${metric}: received labels of shape ${formatShape(labels.shape)}, expected ${formatShape(expected)}, ` +
      `the predictions being ${formatShape(predictions.shape)}.`,
    { details: { labels: labels.shape, predictions: predictions.shape } },
  );
}
