import type { Value } from "../graph/node.ts";
import { weightedTotals } from "../losses/reduction.ts";
import { ops } from "../ops/index.ts";

/** Smallest normal float32. */
const SMALLEST_WEIGHT = 2 ** -126;

/** One metric: numbers that add up over the batches of an epoch, and the figure that they come to. */
export interface MetricRule {
  /** Key in logs and history. */
  readonly name: string;
  /** How many totals it keeps; null: as many as the classes or columns of the predictions ask for. */
  readonly size: number | null;
  /**
   * What a batch adds to the totals, float32 [size]; recorded, like everything in a training step. `weights` float32 of
   * the predictions' first axes ([B] or [B, T]) hold mask and sample weights; null: all count 1.
   */
  readonly totals: (labels: Value, predictions: Value, weights: Value | null) => Value;
  /** The totals of all batches so far with those of one more, both [size]. Absent: they add up. */
  readonly combine?: (totals: Value, batch: Value) => Value;
  /** The figure, a scalar, from the totals [size] of any number of batches. */
  readonly result: (totals: Value) => Value;
}

/** A value for each sample or step; their weighted mean is a metric. */
export interface RowMetric {
  readonly name: string;
  /** [..] or [.., D] of predictions → one value a row, float32. */
  readonly values: (labels: Value, predictions: Value) => Value;
}

/**
 * The metric that is the weighted mean of these values. Weights of axes that the values do not have are left out (a
 * mask, of values that a function of one's own has reduced), or refused (`isStrict`).
 */
export function meanRule({ name, values }: RowMetric, isStrict = false): MetricRule {
  return {
    name,
    size: 2,
    totals(labels, predictions, weights) {
      const each = ops.cast(values(labels, predictions), "float32");
      return meanTotals(weightedTotals(each, isStrict ? weights : fittingWeights(weights, each)));
    },
    result: meanResult,
  };
}

/** The totals [2] of a mean. */
export function meanTotals({ sum, weight }: { sum: Value; weight: Value }): Value {
  return stackScalars([sum, weight]);
}

/** The mean from its totals [2]; a weight of 0 comes with a sum of 0, and the mean is 0 then, not NaN. */
export function meanResult(totals: Value): Value {
  return ratio(totalAt(totals, 0), totalAt(totals, 1));
}

/** a / b, 0 where both are. For b from 0 up. */
export function ratio(a: Value, b: Value): Value {
  return ops.div(a, ops.maximum(b, ops.literal(SMALLEST_WEIGHT)));
}

/** Element `index` of totals as a scalar. */
export function totalAt(totals: Value, index: number): Value {
  return ops.reshape(ops.slice(totals, [index], [1]), []);
}

/** Scalars side by side, as totals. */
export function stackScalars(scalars: readonly Value[]): Value {
  return ops.concat(
    scalars.map((value) => ops.reshape(value, [1])),
    0,
  );
}

/** The weights where they speak of axes that these values have; a function of one's own may have reduced them. */
function fittingWeights(weights: Value | null, values: Value): Value | null {
  if (weights === null || weights.shape.length > values.shape.length) return null;
  const fits = weights.shape.every((dim, axis) => dim === 1 || dim === values.shape[axis]);
  return fits ? weights : null;
}
