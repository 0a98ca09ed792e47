import { ArgumentError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import { at, numberAttribute } from "./attributes.ts";
import { commonDType, meet } from "./common-dtype.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { recordOne } from "./record.ts";

/** Pieces that one generated kernel joins: each is a buffer, and a kernel binds 8. */
const GROUP = 6;

/** Values end to end along `axis`; sizes differ along `axis` only. */
const concatOp: Op = {
  name: "concat",
  infer: (inputs, attributes) => [inferConcat(inputs, numberAttribute(attributes, "axis"))],
  gradient: (o, node, dys) => {
    const axis = numberAttribute(node.attributes, "axis");
    let start = 0;
    return node.inputs.map((x) => {
      const begin = x.shape.map((_, i) => (i === axis ? start : 0));
      start += at(x.shape, axis);
      return o.slice(at(dys, 0), begin, x.shape);
    });
  },
  reference: (o, inputs, node) => [join(o, inputs, numberAttribute(node.attributes, "axis"))],
  lowering: { kind: "expand" },
};

/** `axis` is normalised. */
export function concat(xs: readonly Value[], axis: number): Value {
  const [first] = xs;
  if (first === undefined) {
    throw new ArgumentError("concat: received an empty list; expected at least one tensor.");
  }
  if (xs.length === 1) return first;
  const dtype = commonDType(xs);
  return recordOne(
    concatOp,
    xs.map((x) => meet(x, dtype)),
    { axis },
  );
}

export const concatOps: readonly Op[] = [concatOp];

function inferConcat(inputs: readonly Spec[], axis: number): Spec {
  const first = at(inputs, 0);
  for (const spec of inputs) {
    const isAlike =
      spec.shape.length === first.shape.length &&
      spec.shape.every((dim, i) => i === axis || dim === first.shape[i]);
    if (!isAlike) {
      throw new ShapeError(
        `concat: ${formatSpec(first)} and ${formatSpec(spec)} along axis ${axis}. Expected equal ` +
          "ranks, and equal sizes on every other axis.",
        { details: { first: first.shape, other: spec.shape, axis } },
      );
    }
  }
  const length = inputs.reduce((sum, spec) => sum + at(spec.shape, axis), 0);
  return specOf(
    first.shape.map((dim, i) => (i === axis ? length : dim)),
    first.dtype,
  );
}

/**
 * Each piece padded with zeros to its place, the pieces laid over each other. Many pieces are
 * joined in groups, then the groups.
 */
function join(o: Ops, pieces: readonly Value[], axis: number): Value {
  let level = pieces;
  while (level.length > 1) {
    const next: Value[] = [];
    for (let i = 0; i < level.length; i += GROUP) {
      next.push(joinGroup(o, level.slice(i, i + GROUP), axis));
    }
    level = next;
  }
  return at(level, 0);
}

function joinGroup(o: Ops, pieces: readonly Value[], axis: number): Value {
  const length = pieces.reduce((sum, piece) => sum + at(piece.shape, axis), 0);
  let before = 0;
  const placed = pieces.map((piece) => {
    const own = at(piece.shape, axis);
    const after = length - before - own;
    const paddings = piece.shape.map((_, i) =>
      i === axis ? ([before, after] as const) : ([0, 0] as const),
    );
    before += own;
    return o.pad(piece, paddings);
  });
  return placed.reduce((joined, piece) => o.overlay(joined, piece));
}
