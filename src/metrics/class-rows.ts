import type { Value } from "../graph/node.ts";
import { shapesEqual } from "../graph/shape.ts";
import { alignRanks } from "../losses/loss-rule.ts";
import { spreadOver } from "../losses/reduction.ts";
import { ops } from "../ops/index.ts";
import { checkSame, classNumbers } from "./accuracy.ts";

/** Labels and predictions of one shape, float32 [.., V], and weights of their elements. */
export interface ClassRows {
  readonly labels: Value;
  readonly predictions: Value;
  /** [.., V] */
  readonly weights: Value;
}

/**
 * Rows of yes and no. Labels are of the predictions' shape, or class numbers [..] or [.., 1] beside predictions of more
 * than one class: then they become one-hot.
 * @throws {ShapeError} for other shapes.
 */
export function classRows(
  metric: string,
  given: { labels: Value; predictions: Value },
  weights: Value | null,
): ClassRows {
  const width = given.predictions.shape[given.predictions.shape.length - 1] ?? 1;
  const isSparse = width > 1 && !shapesEqual(given.labels.shape, given.predictions.shape);
  const [labels, predictions] = isSparse
    ? [oneHot(classNumbers(metric, given.labels, given.predictions), width), given.predictions]
    : alignRanks(given.labels, given.predictions);
  checkSame(metric, labels, predictions);
  return {
    labels: ops.cast(labels, "float32"),
    predictions: ops.cast(predictions, "float32"),
    weights: elementWeights(weights, predictions),
  };
}

/** Weights of the first axes, for each element of x. */
export function elementWeights(weights: Value | null, x: Value): Value {
  if (weights === null) return ops.literal(1, x.shape);
  return spreadOver(ops.cast(weights, "float32"), x.shape, "weights");
}

/** All axes but the last. */
export function rowAxes(x: Value): number[] {
  return x.shape.map((_, axis) => axis).slice(0, -1);
}

function oneHot(classes: Value, width: number): Value {
  return ops.equal(ops.reshape(classes, [...classes.shape, 1]), ops.range(width));
}
