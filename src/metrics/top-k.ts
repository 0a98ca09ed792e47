import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { ops } from "../ops/index.ts";
import { argMax, checkSame, classNumbers } from "./accuracy.ts";
import type { RowMetric } from "./metric-rule.ts";

/** 1 where the largest label of a row is among the k largest predictions; labels are one-hot, [.., V]. */
export function topKCategoricalAccuracyRule(k = 5): RowMetric {
  wholeNumber(k, "metric: k");
  return {
    name: "topKCategoricalAccuracy",
    values(labels, predictions) {
      checkSame("topKCategoricalAccuracy", labels, predictions);
      return isAmongTop(argMax(labels), predictions, k);
    },
  };
}

/** 1 where the class of a row is among the k largest predictions; labels are class numbers, [..] or [.., 1]. */
export function sparseTopKCategoricalAccuracyRule(k = 5): RowMetric {
  wholeNumber(k, "metric: k");
  return {
    name: "sparseTopKCategoricalAccuracy",
    values: (labels, predictions) =>
      isAmongTop(
        classNumbers("sparseTopKCategoricalAccuracy", labels, predictions),
        predictions,
        k,
      ),
  };
}

/** Whether an element is among the k largest of its row; of equal ones the first come first. bool [.., V]. */
export function topOfRow(x: Value, k: number): Value {
  const width = x.shape[x.shape.length - 1] ?? 1;
  const one = ops.reshape(x, [...x.shape, 1]); // [.., V, 1]
  const other = ops.reshape(x, [...x.shape.slice(0, -1), 1, width]); // [.., 1, V]
  const place = ops.range(width);
  const isEarlier = ops.less(place, ops.reshape(place, [width, 1]));
  const isTied = ops.logicalAnd(ops.equal(other, one), isEarlier);
  const isBefore = ops.logicalOr(ops.greater(other, one), isTied);
  const rank = ops.sum(ops.cast(isBefore, "float32"), [x.shape.length]);
  return ops.less(rank, ops.scalar(HostScalar.of(k)));
}

/** 1 where fewer than k predictions of a row are above that of its class: ties at the edge are in. */
function isAmongTop(classes: Value, predictions: Value, k: number): Value {
  const axis = predictions.shape.length - 1;
  const column = ops.reshape(classes, [...classes.shape, 1]);
  const isClass = ops.equal(ops.range(predictions.shape[axis] ?? 1), column); // [.., V]
  const own = ops.sum(ops.where(isClass, predictions, ops.literal(0)), [axis], true);
  const above = ops.sum(ops.cast(ops.greater(predictions, own), "float32"), [axis]);
  const exists = ops.max(ops.cast(isClass, "float32"), [axis]); // 0 for a class that there is not
  const isIn = ops.cast(ops.less(above, ops.scalar(HostScalar.of(k))), "float32");
  return ops.mul(isIn, exists);
}
