import type { Value } from "../graph/node.ts";

/** One metric: a value for each sample, averaged over all samples of an epoch. */
export interface MetricRule {
  /** Key in logs and history. */
  readonly name: string;
  /** [..] or [.., D] of predictions → one value a row, float32. */
  readonly values: (labels: Value, predictions: Value) => Value;
  /** Whether the root of the mean is reported instead of the mean. */
  readonly isRoot?: boolean;
}
