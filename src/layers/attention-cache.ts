import { ArgumentError } from "../errors.ts";
import { ops } from "../ops/index.ts";
import {
  add,
  expandDims,
  less,
  lessEqual,
  logicalAnd,
  pad,
  range,
  reshape,
  scalar,
  sub,
  Tensor,
} from "../tensor/index.ts";
import { carriedStates } from "./carried-states.ts";

/** Keys and values of the steps of one call. */
export interface NewKeys {
  /** [B, T, M, D] */
  readonly key: Tensor;
  /** [B, T, M, E] */
  readonly value: Tensor;
  /** Which of the steps count, bool [B, T]; null: all. Must be null at every call, or at none. */
  readonly keyMask?: Tensor | null;
  /** Query i sees only keys with |i - j| < window; null: all that came before. */
  readonly window?: number | null;
}

/** Keys and values that the queries of a call attend to. */
export interface SeenKeys {
  /** [B, S, M, D] */
  readonly key: Tensor;
  /** [B, S, M, E] */
  readonly value: Tensor;
  /** bool [B, S], or null. */
  readonly keyMask: Tensor | null;
  /**
   * Which query of the call sees which key, bool [1, 1, T, S]: j <= position + i. It stands in place of the causal mask and of
   * the window; null where those hold as they are, because the keys are those of the call.
   */
  readonly visible: Tensor | null;
}

/**
 * The keys and values of causal self-attention, those of earlier calls among them when a model runs step by step. They
 * are kept in caches of `capacity` steps, which the states of the model carry on; the new rows alone are written, at
 * `position`, in place where the caches are variables that are given the new states.
 *
 * Outside of `carryStates`, and in its first call, attention runs over the keys of the call.
 *
 * @throws {ArgumentError} when the call has more steps than the caches hold.
 */
export function seenKeys(layer: string, { key, value, keyMask = null, window }: NewKeys): SeenKeys {
  const fresh = { key, value, keyMask, visible: null };
  const carried = carriedStates();
  if (carried === null) return fresh;
  const rows = [key, value, ...(keyMask === null ? [] : [keyMask])];
  const before = carried.take(layer, rows.length);
  const { position } = carried;
  if (before === null || position === null) {
    const capacity = carried.capacity ?? key.shape[1] ?? 1;
    carried.after.push(...rows.map((one) => padded(one, { layer, capacity })));
    return fresh;
  }
  const caches = rows.map((one, i) => appended(before[i] ?? one, one, position));
  carried.after.push(...caches);
  const [keys = key, values = value, mask = null] = caches;
  const [time = 1, source = 1] = [key.shape[1], keys.shape[1]];
  const visible = visibleFrom(position, { time, source, window: window ?? null });
  return { key: keys, value: values, keyMask: mask, visible };
}

/** Steps of the call, then as many empty ones as the cache has room for. */
function padded(
  rows: Tensor,
  { layer, capacity }: { readonly layer: string; readonly capacity: number },
): Tensor {
  const [, time = 1] = rows.shape;
  if (time > capacity) {
    throw new ArgumentError(
      `${layer}: received ${time} steps for a cache of ${capacity}. Expected no more than it holds: give a larger ` +
        "capacity, or fewer steps.",
    );
  }
  return pad(
    rows,
    rows.shape.map((_, axis): [number, number] => [0, axis === 1 ? capacity - time : 0]),
  );
}

function appended(cache: Tensor, rows: Tensor, position: Tensor): Tensor {
  return Tensor.of(ops.cacheAppend(cache.value, rows.value, position.value));
}

/** bool [1, 1, T, S] */
function visibleFrom(
  position: Tensor,
  { time, source, window }: { time: number; source: number; window: number | null },
): Tensor {
  const query = expandDims(add(range(0, time, 1, "int32"), position), 1); // [T, 1]
  const key = range(0, source, 1, "int32"); // [S]
  const isSeen = lessEqual(key, query);
  const isNear = window === null ? null : less(sub(query, key), scalar(window, "int32"));
  return reshape(isNear ? logicalAnd(isSeen, isNear) : isSeen, [1, 1, time, source]);
}
