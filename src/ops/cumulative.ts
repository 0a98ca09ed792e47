import type { Attributes, Value } from "../graph/node.ts";
import { normalizeAxis, sizeOf } from "../graph/shape.ts";
import { at, booleanAttribute, numberAttribute } from "./attributes.ts";
import { cast } from "./cast.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { recordOne } from "./record.ts";

/**
 * Running totals in blocks: within a block each position reduces the block's elements up to itself
 * (a masked square, one generated kernel), the blocks' totals are scanned the same way, and each
 * block takes the total before it. Work 32·n, depth log₃₂ n, no barrier between workgroups, always
 * the same order.
 */
const BLOCK = 32;

interface Scan {
  readonly combine: "sum" | "prod";
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** y_i = Σ_{j ≤ i} x_j along `axis`; `exclusive`: j < i; `reverse`: from the end. */
const cumsumOp: Op = {
  name: "cumsum",
  infer: (inputs) => [at(inputs, 0)],
  gradient: (o, node, dys) => {
    const { axis, exclusive, reverse } = attributesOf(node.attributes);
    return [o.cumsum(at(dys, 0), axis, exclusive, !reverse)];
  },
  reference: (o, inputs, node) => [
    scanAxis(o, at(inputs, 0), { combine: "sum", ...attributesOf(node.attributes) }),
  ],
  lowering: { kind: "expand" },
};

/**
 * y_i = Π_{j ≤ i} x_j along `axis`. Autograd differentiates the reference, whose `prod` is right at
 * zeros.
 */
const cumprodOp: Op = {
  name: "cumprod",
  infer: (inputs) => [at(inputs, 0)],
  reference: (o, inputs, node) => [
    scanAxis(o, at(inputs, 0), { combine: "prod", ...attributesOf(node.attributes) }),
  ],
  lowering: { kind: "expand" },
};

export function cumsum(x: Value, axis: number, exclusive = false, reverse = false): Value {
  return cumulative(cumsumOp, x, { axis, exclusive, reverse });
}

export function cumprod(x: Value, axis: number, exclusive = false, reverse = false): Value {
  return cumulative(cumprodOp, x, { axis, exclusive, reverse });
}

export const cumulativeOps: readonly Op[] = [cumsumOp, cumprodOp];

interface ScanAttributes {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

function cumulative(op: Op, x: Value, { axis, exclusive, reverse }: ScanAttributes): Value {
  const place = normalizeAxis(axis, x.shape.length, op.name);
  const number = cast(x, x.dtype === "bool" ? "int32" : x.dtype);
  return recordOne(op, [number], { axis: place, exclusive, reverse });
}

function attributesOf(attributes: Attributes): ScanAttributes {
  return {
    axis: numberAttribute(attributes, "axis"),
    exclusive: booleanAttribute(attributes, "exclusive"),
    reverse: booleanAttribute(attributes, "reverse"),
  };
}

function scanAxis(o: Ops, x: Value, scan: Scan & { axis: number }): Value {
  const order = x.shape.map((_, i) => i).filter((i) => i !== scan.axis);
  order.push(scan.axis);
  const last = o.transpose(x, order);
  const rows = sizeOf(last.shape.slice(0, -1));
  const scanned = scanRows(o, o.reshape(last, [rows, at(x.shape, scan.axis)]), scan);
  const back = order.map((_, i) => order.indexOf(i));
  return o.transpose(o.reshape(scanned, last.shape), back);
}

/** x [R, n] → [R, n] */
function scanRows(o: Ops, x: Value, scan: Scan): Value {
  const [rows = 0, length = 0] = x.shape;
  if (length <= BLOCK) return scanBlock(o, x, scan);
  const blocks = Math.ceil(length / BLOCK);
  const filled = fillTo(o, x, { length: blocks * BLOCK, scan });
  const split = o.reshape(filled, [rows, blocks, BLOCK]);
  const inside = scanBlock(o, split, scan); // [R, blocks, BLOCK]
  const totals = scan.combine === "sum" ? o.sum(split, [2]) : o.prod(split, [2]); // [R, blocks]
  const before = o.reshape(scanRows(o, totals, { ...scan, exclusive: true }), [rows, blocks, 1]);
  const whole = scan.combine === "sum" ? o.add(inside, before) : o.mul(inside, before);
  return o.slice(o.reshape(whole, [rows, blocks * BLOCK]), [0, 0], [rows, length]);
}

/**
 * Scans the last axis [.., n] directly: element j of a masked square [.., n, n] counts for i by its
 * place.
 */
function scanBlock(o: Ops, x: Value, { combine, exclusive, reverse }: Scan): Value {
  const length = at(x.shape, x.shape.length - 1);
  const square = [...x.shape, length];
  const row = o.reshape(o.range(length), [length, 1]);
  const column = o.range(length);
  const [later, earlier] = reverse ? [column, row] : [row, column];
  const counts = exclusive ? o.greater(later, earlier) : o.greaterEqual(later, earlier);
  const stretched = o.broadcastTo(o.reshape(x, [...x.shape.slice(0, -1), 1, length]), square);
  const neutral = o.literal(combine === "sum" ? 0 : 1, [], x.dtype);
  const masked = o.where(counts, stretched, neutral);
  return combine === "sum"
    ? o.sum(masked, [square.length - 1])
    : o.prod(masked, [square.length - 1]);
}

/** Pads the end of [R, n] with the neutral element. */
function fillTo(o: Ops, x: Value, { length, scan }: { length: number; scan: Scan }): Value {
  const [, own = 0] = x.shape;
  if (own === length) return x;
  const padded = o.pad(x, [
    [0, 0],
    [0, length - own],
  ]);
  if (scan.combine === "sum") return padded;
  // Where the elements are is said by a padded view: a number in the text would be a shader per
  // length.
  const isElement = o.pad(o.literal(1, [1, own], "bool"), [
    [0, 0],
    [0, length - own],
  ]);
  return o.where(isElement, padded, o.literal(1, [], x.dtype));
}
