import { ShapeError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import { ops } from "../ops/index.ts";
import { EPSILON } from "./epsilon.ts";
import type { ReductionName } from "./reduction-names.ts";

/** The losses as TF.js reduces them; `"none"` gives all of them, each times its weight. Weights broadcast. */
export function reduceCosts(costs: Value, weights: Value | null, reduction: ReductionName): Value {
  if (reduction === "sumByNonzeroWeights") return meanByNonzeroWeights(costs, weights);
  const spread =
    weights === null ? null : ops.broadcastTo(ops.cast(weights, "float32"), costs.shape);
  const weighted = spread === null ? costs : ops.mul(costs, spread);
  switch (reduction) {
    case "none":
      return weighted;
    case "sum":
      return ops.sum(weighted);
    case "mean":
      return spread === null ? ops.mean(costs) : ops.div(ops.sum(weighted), ops.sum(spread));
  }
}

/** TF.js's `SUM_BY_NONZERO_WEIGHTS`: Σ cost·weight over the number of weights that are not 0. */
function meanByNonzeroWeights(costs: Value, weights: Value | null): Value {
  if (weights === null) return ops.mean(costs);
  const spread = ops.broadcastTo(ops.cast(weights, "float32"), costs.shape);
  const isCounted = ops.cast(ops.notEqual(spread, ops.literal(0)), "float32");
  return ops.div(ops.sum(ops.mul(costs, spread)), ops.sum(isCounted));
}

/**
 * Keras's `sum_over_batch_size`: Σ cost·weight over the number of costs. Where there is a mask, what it
 * hides counts neither above nor below the line.
 *
 * @param costs [B] or [B, T]
 * @param weights [B] or [B, T]; axes that it lacks are stretched.
 * @param mask bool, likewise.
 */
export function meanOverBatch(costs: Value, weights: Value | null, mask: Value | null): Value {
  if (weights === null && mask === null) return ops.mean(costs);
  const total = ops.sum(ops.mul(costs, combineWeights(weights, mask)));
  return ops.div(total, ops.scalar(HostScalar.of(sizeOf(costs.shape))));

  function combineWeights(weights: Value | null, mask: Value | null): Value {
    const visible = mask === null ? null : scaledMask(mask);
    if (weights === null) return spreadOver(visible ?? ops.literal(1), costs.shape, "mask");
    const spread = spreadOver(ops.cast(weights, "float32"), costs.shape, "sampleWeight");
    return visible === null ? spread : ops.mul(spread, spreadOver(visible, costs.shape, "mask"));
  }
}

/** Σ value·weight and Σ weight: what a running mean adds up. */
export function weightedTotals(
  values: Value,
  weights: Value | null,
): { sum: Value; weight: Value } {
  if (weights === null) {
    return { sum: ops.sum(values), weight: ops.scalar(HostScalar.of(sizeOf(values.shape))) };
  }
  const spread = spreadOver(ops.cast(weights, "float32"), values.shape, "weights");
  return { sum: ops.sum(ops.mul(values, spread)), weight: ops.sum(spread) };
}

/** A mask whose mean is 1: visible places weigh more, the more there are hidden ones. */
function scaledMask(mask: Value): Value {
  const visible = ops.cast(mask, "float32");
  const size = ops.scalar(HostScalar.of(sizeOf(mask.shape)));
  const scale = ops.div(size, ops.add(ops.sum(visible), ops.literal(EPSILON)));
  return ops.mul(visible, scale);
}

/** Weights of first axes times others: those of fewer axes are stretched. */
export function multiplyWeights(a: Value, b: Value, label: string): Value {
  const [x, y] = [ops.cast(a, "float32"), ops.cast(b, "float32")];
  const [wide, narrow] = x.shape.length >= y.shape.length ? [x, y] : [y, x];
  return ops.mul(wide, spreadOver(narrow, wide.shape, label));
}

/**
 * Stretches weights of the first axes over all axes: [B] over [B, T].
 * @throws {ShapeError} when they are no weights of these first axes.
 */
export function spreadOver(weights: Value, shape: Shape, label: string): Value {
  const own = weights.shape;
  const fits = own.length <= shape.length && own.every((dim, i) => dim === shape[i] || dim === 1);
  if (!fits) {
    throw new ShapeError(
      `${label}: received shape ${formatShape(own)}, expected ${formatShape(shape)} or its first axes: ` +
        "one weight a sample, or one a step of each sample.",
      { details: { received: own, expected: shape } },
    );
  }
  const padded = [...own, ...shape.slice(own.length).map(() => 1)];
  return ops.broadcastTo(ops.reshape(weights, padded), shape);
}
