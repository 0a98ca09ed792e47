import { ArgumentError, ShapeError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { formatShape } from "../../graph/shape.ts";
import { formatSpec } from "../../graph/spec.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { operand } from "./operand.ts";
import { countOf, numberList } from "./shape-arguments.ts";

/**
 * Every `strides`-th element from `begin` up to, not including, `end`, as in Python's
 * `x[begin:end:stride]`: negative positions count from the end, positions outside are moved to the
 * edge, a negative stride walks backwards. Position i of the lists is one entry between Python's
 * brackets; the masks say what else it may be.
 *
 * @param strides - Default 1.
 * @param beginMask - Bit i set: `begin[i]` is ignored, the axis starts at its edge. Default 0.
 * @param endMask - Bit i set: `end[i]` is ignored, the axis runs to its other edge. Default 0.
 * @param ellipsisMask - Bit i set: entry i is Python's `...`, as many whole axes as are left. One
 *   bit at most. Default 0: the axes that are left follow at the end.
 * @param newAxisMask - Bit i set: entry i is a new axis of size 1. Default 0.
 * @param shrinkAxisMask - Bit i set: entry i is the one position `begin[i]`, and the axis goes.
 *   Default 0.
 * @throws {ArgumentError} for a stride of 0, for positions that are no whole numbers, for two
 *   ellipses.
 * @throws {ShapeError} for more positions than axes, and for a single position outside.
 * @example
 * await sl.stridedSlice([1, 2, 3, 4, 5], [1], [5], [2]).array(); // [2,4]
 */
export function stridedSlice(
  x: TensorLike,
  begin: readonly number[],
  end: readonly number[],
  strides: readonly number[] = [],
  beginMask = 0,
  endMask = 0,
  ellipsisMask = 0,
  newAxisMask = 0,
  shrinkAxisMask = 0,
): Tensor {
  const value = operand(x, "stridedSlice");
  const lists = {
    begin: wholeNumbers(begin, "begin"),
    end: wholeNumbers(end, "end"),
    strides: wholeNumbers(strides, "strides"),
  };
  const masks = { beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask };
  for (const [name, mask] of Object.entries(masks)) countOf(mask, `stridedSlice: ${name}`, 0);
  const entries = placeEntries(value, entriesOf(lists, masks));
  const spans = entries.flatMap((entry) => (entry.kind === "new" ? [] : [spanOf(value, entry)]));
  const block = ops.slice(
    value,
    spans.map((span) => span.first),
    spans.map((span) => span.count),
    spans.map((span) => span.by),
  );
  let axis = 0;
  const shape = entries.flatMap((entry) => {
    if (entry.kind === "new") return [1];
    const count = spans[axis++]?.count ?? 0;
    return entry.kind === "one" ? [] : [count];
  });
  return Tensor.of(ops.reshape(block, shape));
}

/** One entry between the brackets; `from` and `to` undefined: the edges. */
type Entry =
  | { readonly kind: "new" }
  | { readonly kind: "all" }
  | { readonly kind: "one"; readonly from: number; readonly by: number }
  | {
      readonly kind: "range";
      readonly from: number | undefined;
      readonly to: number | undefined;
      readonly by: number;
    };

/** An entry that takes an axis, with the number of that axis. */
type Placed = { readonly kind: "new" } | (Exclude<Entry, { kind: "new" }> & { axis: number });

interface Lists {
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly strides: readonly number[];
}

type Masks = Readonly<
  Record<"beginMask" | "endMask" | "ellipsisMask" | "newAxisMask" | "shrinkAxisMask", number>
>;

/** As TF.js reads the masks: an ellipsis comes before a new axis, a new axis before a position. */
function entriesOf({ begin, end, strides }: Lists, masks: Masks): Entry[] {
  const has = (name: keyof Masks, i: number): boolean => (masks[name] & (1 << i)) !== 0;
  const count = Math.max(begin.length, end.length, strides.length);
  const entries = Array.from({ length: count }, (_, i): Entry => {
    const by = strides[i] ?? 1;
    if (has("ellipsisMask", i)) return { kind: "all" };
    if (has("newAxisMask", i)) return { kind: "new" };
    if (has("shrinkAxisMask", i)) return { kind: "one", from: begin[i] ?? 0, by };
    const from = has("beginMask", i) ? undefined : begin[i];
    return { kind: "range", from, to: has("endMask", i) ? undefined : end[i], by };
  });
  const ellipses = entries.filter((entry) => entry.kind === "all").length;
  if (ellipses > 1) {
    throw new ArgumentError(
      `stridedSlice: ellipsisMask ${masks.ellipsisMask} names ${ellipses} entries; expected one at ` +
        "most.",
    );
  }
  return ellipses === 0 ? [...entries, { kind: "all" }] : entries;
}

/** Each entry on its axis; the ellipsis becomes as many entries as there are axes left. */
function placeEntries(x: Value, entries: readonly Entry[]): Placed[] {
  const rank = x.shape.length;
  const named = entries.filter(({ kind }) => kind === "one" || kind === "range").length;
  if (named > rank) {
    throw new ShapeError(
      `stridedSlice: received ${named} positions for ${formatSpec(x.spec)}. Expected at most one ` +
        "number an axis.",
      { details: { shape: x.shape, received: named } },
    );
  }
  let axis = 0;
  return entries.flatMap((entry): Placed[] => {
    if (entry.kind === "new") return [entry];
    if (entry.kind !== "all") return [{ ...entry, axis: axis++ }];
    return Array.from({ length: rank - named }, () => ({ kind: "all", axis: axis++ }));
  });
}

interface Span {
  readonly first: number;
  readonly count: number;
  readonly by: number;
}

/** Python's rule for one axis. */
function spanOf(x: Value, entry: Exclude<Placed, { kind: "new" }>): Span {
  const dim = x.shape[entry.axis] ?? 0;
  if (entry.kind === "all") return { first: 0, count: dim, by: 1 };
  const { from, by } = entry;
  if (entry.kind === "one") return { first: onePosition(x, entry), count: 1, by: 1 };
  const [low, high] = by > 0 ? [0, dim] : [-1, dim - 1];
  const place = (position: number): number =>
    Math.max(low, Math.min(high, position < 0 ? position + dim : position));
  const first = from === undefined ? (by > 0 ? low : high) : place(from);
  const last = entry.to === undefined ? (by > 0 ? high : low) : place(entry.to);
  const count = Math.max(0, Math.ceil((last - first) / by));
  return { first: count === 0 ? 0 : first, count, by };
}

function onePosition(x: Value, entry: { axis: number; from: number; by: number }): number {
  const dim = x.shape[entry.axis] ?? 0;
  const position = entry.from < 0 ? entry.from + dim : entry.from;
  if (position >= 0 && position < dim && entry.by > 0) return position;
  throw new ShapeError(
    `stridedSlice: position ${entry.from} by ${entry.by} on axis ${entry.axis} of ` +
      `${formatSpec(x.spec)}. Where shrinkAxisMask takes one position, expected it to lie from ` +
      `${-dim} to ${dim - 1}, and a stride above 0.`,
    { details: { position: entry.from, axis: entry.axis, shape: x.shape } },
  );
}

function wholeNumbers(
  list: readonly number[],
  name: "begin" | "end" | "strides",
): readonly number[] {
  numberList(list, `stridedSlice: ${name}`);
  const isFit = (n: number): boolean => Number.isInteger(n) && (name !== "strides" || n !== 0);
  if (list.every(isFit)) return list;
  throw new ArgumentError(
    `stridedSlice: ${name} ${formatShape(list)}; expected whole numbers` +
      `${name === "strides" ? " other than 0" : ""}.`,
  );
}
