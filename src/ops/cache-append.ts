import { DTypeError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { formatSpec, type Spec } from "../graph/spec.ts";
import { lowerCacheAppend } from "../kernels/cache-append.ts";
import { at } from "./attributes.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { recordOne } from "./record.ts";

/**
 * Rows [B, T, ..rest] written into a cache [B, S, ..rest] from step `position` (int32 []) on; rows beyond the cache are
 * dropped. In place where the cache is a variable that is given the result; else a copy of it is changed.
 */
const cacheAppendOp: Op = {
  name: "cacheAppend",
  infer: (inputs) => {
    const [cache, rows, position] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    checkRows(cache, rows);
    if (position.dtype !== "int32" || position.shape.length > 0) {
      throw new DTypeError(
        `cacheAppend: the position is ${formatSpec(position)}. Expected one whole number, int32 [].`,
      );
    }
    return [cache];
  },
  reference: (o, [cache, rows, position]) => {
    if (!cache || !rows || !position) throw new RangeError("cacheAppend takes three inputs");
    const [time = 0, capacity = 0] = [rows.shape[1], cache.shape[1]];
    if (time === 0 || capacity === 0) return [cache];
    const step = o.sub(o.range(capacity), position); // [S]: which row belongs there
    const isNew = o.logicalAnd(
      o.greaterEqual(step, o.literal(0, [], "int32")),
      o.less(step, o.literal(time, [], "int32")),
    );
    const row = o.minimum(
      o.maximum(step, o.literal(0, [], "int32")),
      o.literal(time - 1, [], "int32"),
    );
    const spread = swapped(o, o.gather(swapped(o, rows), row)); // [B, S, ..rest]
    const along = cache.shape.map((dim, axis) => (axis === 1 ? dim : 1));
    const condition = o.broadcastTo(o.reshape(isNew, along), cache.shape);
    return [o.where(condition, spread, cache)];
  },
  lowering: {
    kind: "kernel",
    lower: lowerCacheAppend,
    inPlace: () => [{ output: 0, input: 0 }],
  },
};

function checkRows(cache: Spec, rows: Spec): void {
  const [batch, , ...rest] = cache.shape;
  const [rowBatch, , ...rowRest] = rows.shape;
  const fits = cache.shape.length >= 2 && rows.shape.length >= 2 && rowBatch === batch;
  if (!fits || !shapesEqual(rest, rowRest)) {
    throw new ShapeError(
      `cacheAppend: rows ${formatShape(rows.shape)} for a cache ${formatShape(cache.shape)}. Expected [B, T, ..rest] ` +
        "and [B, S, ..rest], alike in all but the second axis.",
      { details: { rows: rows.shape, cache: cache.shape } },
    );
  }
  if (cache.dtype === rows.dtype) return;
  throw new DTypeError(
    `cacheAppend: rows ${formatSpec(rows)} for a cache ${formatSpec(cache)}. Expected the same dtype.`,
  );
}

/** Batch and time change places. */
function swapped(o: Ops, x: Value): Value {
  return o.transpose(
    x,
    x.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis)),
  );
}

export function cacheAppend(cache: Value, rows: Value, position: Value): Value {
  return recordOne(cacheAppendOp, [cache, rows, position]);
}

export const cacheAppendOps: readonly Op[] = [cacheAppendOp];
