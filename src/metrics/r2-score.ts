import type { Value } from "../graph/node.ts";
import { alignRanks } from "../losses/loss-rule.ts";
import { ops } from "../ops/index.ts";
import { checkSame } from "./accuracy.ts";
import { elementWeights, rowAxes } from "./class-rows.ts";
import { type MetricRule, ratio } from "./metric-rule.ts";
import type { R2ScoreOptions } from "./names.ts";

/**
 * 1 - Σ(y - p)² / Σ(y - mean y)² of each column, and their mean.
 *
 * Totals of each column: weight, mean of labels, squares around that mean, squared errors. They are combined instead of
 * added (Chan, Golub & LeVeque 1979): Keras's Σy² - (Σy)²/n loses in float32 what labels far from 0 are about.
 */
export function r2ScoreRule({ classAggregation }: R2ScoreOptions): MetricRule {
  return {
    name: "r2Score",
    size: null,
    totals(labels, predictions, weights) {
      const [y, p] = alignRanks(ops.cast(labels, "float32"), ops.cast(predictions, "float32"));
      checkSame("r2Score", y, p);
      const w = elementWeights(weights, p);
      const axes = rowAxes(p);
      const sum = (x: Value): Value => ops.sum(ops.mul(x, w), axes, true); // [1, .., D]
      const weight = ops.sum(w, axes, true);
      const mean = ratio(sum(y), weight);
      const squares = sum(ops.square(ops.sub(y, mean)));
      return pack([weight, mean, squares, sum(ops.square(ops.sub(p, y)))]);
    },
    combine(totals, batch) {
      const [before, added] = [unpack(totals), unpack(batch)];
      const weight = ops.add(before.weight, added.weight);
      const share = ratio(added.weight, weight);
      const step = ops.sub(added.mean, before.mean);
      const apart = ops.mul(ops.square(step), ops.mul(before.weight, share));
      return pack([
        weight,
        ops.add(before.mean, ops.mul(step, share)),
        ops.add(ops.add(before.squares, added.squares), apart),
        ops.add(before.errors, added.errors),
      ]);
    },
    result(totals) {
      const { squares, errors } = unpack(totals);
      const one = ops.literal(1);
      const isFlat = ops.equal(squares, ops.literal(0));
      const scores = ops.where(
        isFlat,
        ops.literal(0),
        ops.sub(one, ops.div(errors, ops.where(isFlat, one, squares))),
      );
      if (classAggregation !== "varianceWeightedAverage") return ops.mean(scores);
      return ratio(ops.sum(ops.mul(scores, squares)), ops.sum(squares));
    },
  };
}

interface Columns {
  /** All [D]. */
  readonly weight: Value;
  readonly mean: Value;
  readonly squares: Value;
  readonly errors: Value;
}

function pack(parts: readonly Value[]): Value {
  return ops.concat(
    parts.map((part) => ops.reshape(part, [part.shape[part.shape.length - 1] ?? 1])),
    0,
  );
}

function unpack(totals: Value): Columns {
  const width = (totals.shape[0] ?? 4) / 4;
  const part = (i: number): Value => ops.slice(totals, [i * width], [width]);
  return { weight: part(0), mean: part(1), squares: part(2), errors: part(3) };
}
