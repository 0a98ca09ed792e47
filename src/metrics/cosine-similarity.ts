import { alignRanks } from "../losses/loss-rule.ts";
import { unitRows } from "../losses/regression.ts";
import { ops } from "../ops/index.ts";
import { checkSame } from "./accuracy.ts";
import type { RowMetric } from "./metric-rule.ts";

/** Σ y·p / (|y|·|p|) along the last axis: 1 for rows of one direction. The loss of this name is its negative. */
export const cosineSimilarityMetric: RowMetric = {
  name: "cosineSimilarity",
  values(labels, predictions) {
    const [y, p] = alignRanks(ops.cast(labels, "float32"), ops.cast(predictions, "float32"));
    checkSame("cosineSimilarity", y, p);
    return ops.sum(ops.mul(unitRows(y), unitRows(p)), [p.shape.length - 1]);
  },
};
