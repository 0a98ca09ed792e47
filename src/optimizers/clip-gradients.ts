import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { ops } from "../ops/index.ts";

/**
 * Scales each gradient whose L2 norm is above `limit` (0: none) down to it. The greatest magnitude is taken out first,
 * so that no square of a finite gradient is infinite. What is not finite stays so, for the check to refuse.
 */
export function clipEach(gradients: readonly Value[], limit: number): readonly Value[] {
  if (limit === 0) return gradients;
  const bound = ops.scalar(HostScalar.of(limit));
  return gradients.map((gradient) => {
    if (sizeOf(gradient.shape) === 0) return gradient;
    const greatest = ops.maximum(ops.max(ops.abs(gradient)), ops.literal(SMALLEST_SCALE));
    const unit = ops.div(gradient, greatest);
    const length = ops.sqrt(ops.sum(ops.square(unit)));
    const isLong = ops.greater(length, ops.div(bound, greatest));
    return ops.where(isLong, ops.mul(unit, ops.div(bound, length)), gradient);
  });
}

/** What smaller gradients are scaled by: adapters may take a divisor far below it for 0. */
const SMALLEST_SCALE = 2 ** -100;

/** Bounds that hold for all gradients; 0: none. */
export interface CommonBounds {
  readonly globalClipnorm: number;
  readonly clipvalue: number;
}

/**
 * A gradient as the update kernel clips it: by the norm that `control` of the check holds, or element by element.
 * A norm near the end of float32 is taken 2^80 times smaller, and so is the gradient.
 */
export function clipByCommonBounds(
  gradient: Value,
  control: Value,
  { globalClipnorm, clipvalue }: CommonBounds,
): Value {
  if (clipvalue > 0) {
    const bound = ops.scalar(HostScalar.of(clipvalue));
    return ops.maximum(ops.minimum(gradient, bound), ops.neg(bound));
  }
  if (globalClipnorm === 0) return gradient;
  const most = ops.scalar(HostScalar.of(globalClipnorm));
  const [norm, shrunkNorm] = [0, 2].map((at) => ops.reshape(ops.slice(control, [at], [1]), []));
  if (norm === undefined || shrunkNorm === undefined) throw new RangeError("no control");
  const isHuge = ops.greaterEqual(norm, ops.literal(HUGE_NORM));
  const reduced = ops.where(isHuge, ops.mul(gradient, ops.literal(SHRINK)), gradient);
  const share = ops.div(most, ops.where(isHuge, shrunkNorm, norm));
  return ops.where(ops.greater(norm, most), ops.mul(reduced, share), gradient);
}

const HUGE_NORM = 2 ** 100;
const SHRINK = 2 ** -80;
