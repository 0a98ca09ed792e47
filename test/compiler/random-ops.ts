import type { DType } from "../../src/graph/dtype.ts";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import type { Value } from "../../src/graph/node.ts";
import { type Shape, sizeOf } from "../../src/graph/shape.ts";
import { ops } from "../../src/ops/index.ts";

/* The ops of random graphs, each made from any earlier values: what does not fit is cut until it does. */

/** One op: which, on which earlier values, and numbers that decide the details. */
export interface StepRecipe {
  readonly op: number;
  readonly operands: readonly [number, number, number];
  readonly details: readonly [number, number, number, number];
}

export const SHAPES: readonly Shape[] = [
  [],
  [1],
  [3],
  [7],
  [130],
  [1, 1],
  [2, 3],
  [3, 2],
  [3, 1],
  [1, 5],
  [4, 4],
  [9, 40],
  [40, 33],
  [2, 3, 4],
  [3, 1, 2],
  [1, 4, 3],
  [2, 2, 2, 3],
];

/** No value of a graph gets larger. */
export const MOST_ELEMENTS = 4096;

/** Operands and details of one step. */
export class Choice {
  readonly #values: readonly Value[];
  readonly #step: StepRecipe;

  constructor(values: readonly Value[], step: StepRecipe) {
    this.#values = values;
    this.#step = step;
  }

  /** Operand `i` as a value of `dtype`; late values are preferred, so that graphs get deep. */
  operand(i: 0 | 1 | 2, dtype?: DType): Value {
    const back = this.#step.operands[i] % Math.min(10, this.#values.length);
    const value = this.#values[this.#values.length - 1 - back] as Value;
    return dtype ? ops.cast(value, dtype) : value;
  }

  /** A number from 0 to `count` - 1. */
  detail(i: 0 | 1 | 2 | 3, count: number): number {
    return this.#step.details[i] % Math.max(1, count);
  }

  /** Numbers that all details together decide, as many as wanted. */
  mixed(i: number, count: number): number {
    const [a, b, c, d] = this.#step.details;
    return (a * 31 + b * 17 + c * 7 + d + i * (a % 13) + i * i * 5) % Math.max(1, count);
  }

  permutation(rank: number): number[] {
    const left = Array.from({ length: rank }, (_, i) => i);
    return Array.from(
      { length: rank },
      (_, i) => left.splice(this.mixed(i, left.length), 1)[0] ?? 0,
    );
  }
}

type Maker = (choose: Choice) => Value | null;

/** Brings a value back to where its dtype is exact. */
function settled(x: Value): Value {
  if (x.dtype === "bool") return x;
  if (x.dtype === "int32") {
    return ops.minimum(ops.maximum(x, ops.literal(-50, [], "int32")), ops.literal(50, [], "int32"));
  }
  const stepped = ops.mul(ops.floor(ops.mul(x, ops.literal(8))), ops.literal(0.125));
  // The step is flat, so gradients go around it.
  const through = ops.add(x, ops.stopGradient(ops.sub(stepped, x)));
  return ops.minimum(ops.maximum(through, ops.literal(-8)), ops.literal(8));
}

/** `x` cut, repeated or flattened so that it broadcasts against `shape`. */
function fitTo(x: Value, shape: Shape): Value {
  let fitted = x;
  while (fitted.shape.length > shape.length) {
    const [, ...rest] = fitted.shape;
    fitted = ops.reshape(
      ops.slice(
        fitted,
        fitted.shape.map(() => 0),
        [1, ...rest],
      ),
      rest,
    );
  }
  const added = shape.length - fitted.shape.length;
  const size = fitted.shape.map((dim, axis) => {
    const wanted = shape[axis + added] ?? 1;
    return dim >= wanted ? wanted : 1;
  });
  return ops.slice(
    fitted,
    size.map(() => 0),
    size,
  );
}

const binary =
  (apply: (a: Value, b: Value) => Value, dtype: DType): Maker =>
  (choose) => {
    const a = choose.operand(0, dtype);
    return settled(apply(a, fitTo(choose.operand(1, dtype), a.shape)));
  };

const unary =
  (apply: (x: Value) => Value, dtype: DType): Maker =>
  (choose) =>
    settled(apply(choose.operand(0, dtype)));

const compare =
  (apply: (a: Value, b: Value) => Value): Maker =>
  (choose) => {
    const a = choose.operand(0, "float32");
    return apply(a, fitTo(choose.operand(1, "float32"), a.shape));
  };

function reshaped(choose: Choice): Value {
  const x = choose.operand(0);
  let rest = sizeOf(x.shape);
  const shape: number[] = [];
  for (let i = 0; i < 3; i++) {
    const divisors = Array.from({ length: Math.min(rest, 64) }, (_, k) => k + 1).filter(
      (k) => rest % k === 0,
    );
    const taken = divisors[choose.mixed(i, divisors.length)] ?? 1;
    shape.push(taken);
    rest /= taken;
  }
  return ops.reshape(x, [...shape, rest]);
}

function sliced(choose: Choice): Value {
  const x = choose.operand(0);
  const begin: number[] = [];
  const step: number[] = [];
  const size = x.shape.map((dim, axis) => {
    const by = [1, 1, 2, -1, -2, 3][choose.mixed(axis, 6)] ?? 1;
    const first = by > 0 ? choose.mixed(axis + 5, dim) : dim - 1 - choose.mixed(axis + 5, dim);
    const most = by > 0 ? Math.ceil((dim - first) / by) : Math.floor(first / -by) + 1;
    begin.push(first);
    step.push(by);
    return 1 + choose.mixed(axis + 9, most);
  });
  return ops.slice(x, begin, size, step);
}

function padded(choose: Choice): Value {
  const x = choose.operand(0);
  return ops.pad(
    x,
    x.shape.map((_, axis) => [choose.mixed(axis, 3), choose.mixed(axis + 3, 3)] as const),
  );
}

/** Windows along an axis, with a step or a dilation. */
function windowed(name: "windows" | "windowMax"): Maker {
  return (choose) => {
    const x = choose.operand(0, name === "windowMax" ? "float32" : undefined);
    const axis = choose.detail(0, x.shape.length);
    const length = x.shape[axis];
    if (length === undefined) return null;
    const size = 1 + choose.detail(1, Math.min(length, 4));
    const dilation = 1 + choose.detail(2, size === 1 ? 1 : Math.floor((length - 1) / (size - 1)));
    const step = dilation > 1 ? 1 : 1 + choose.detail(3, 3);
    if (sizeOf(x.shape) * size > MOST_ELEMENTS) return null;
    return ops[name](x, { axis, size, step, dilation });
  };
}

function broadcast(choose: Choice): Value {
  const x = choose.operand(0);
  const wide = x.shape.map((dim, axis) => (dim === 1 ? 1 + choose.mixed(axis, 4) : dim));
  return ops.broadcastTo(x, choose.detail(0, 2) === 0 ? wide : [1 + choose.detail(1, 3), ...wide]);
}

function joined(choose: Choice): Value {
  const first = choose.operand(0);
  const axis = choose.detail(0, first.shape.length);
  if (first.shape.length === 0) return first;
  const count = 2 + choose.detail(1, choose.detail(2, 4) === 0 ? 8 : 2);
  const pieces = Array.from({ length: count }, (_, i) => {
    const operand = choose.operand(((i + 1) % 3) as 0 | 1 | 2, first.dtype);
    const like = ops.broadcastTo(fitTo(operand, first.shape), first.shape);
    const size = first.shape.map((dim, at) => (at === axis ? 1 + choose.mixed(i, dim) : dim));
    return i === 0
      ? first
      : ops.slice(
          like,
          size.map(() => 0),
          size,
        );
  });
  return ops.concat(pieces, axis);
}

function axesOf(choose: Choice, rank: number): number[] {
  return Array.from({ length: rank }, (_, i) => i).filter((i) => choose.mixed(i, 2) === 0);
}

const reduce =
  (name: "sum" | "max" | "min", dtype: DType): Maker =>
  (choose) => {
    const x = choose.operand(0, dtype);
    return settled(ops[name](x, axesOf(choose, x.shape.length), choose.detail(3, 2) === 0));
  };

const position =
  (name: "argMax" | "argMin"): Maker =>
  (choose) => {
    const x = choose.operand(0);
    if (x.shape.length === 0) return null;
    return settled(ops[name](x, choose.detail(0, x.shape.length)));
  };

function running(choose: Choice): Value | null {
  const x = choose.operand(0, choose.detail(3, 3) === 0 ? "int32" : "float32");
  if (x.shape.length === 0 || sizeOf(x.shape) > 512) return null;
  const axis = choose.detail(0, x.shape.length);
  return settled(ops.cumsum(x, axis, choose.detail(1, 2) === 0, choose.detail(2, 2) === 0));
}

/** [.., M, K] and [.., K, N] made from any two values, either of them transposed. */
function product(choose: Choice): Value {
  const toMatrix = (x: Value): Value => {
    if (x.shape.length >= 2) return x;
    return ops.reshape(x, x.shape.length === 0 ? [1, 1] : [1, ...x.shape]);
  };
  const a = toMatrix(choose.operand(0, "float32"));
  const transposeA = choose.detail(0, 2) === 1;
  const transposeB = choose.detail(1, 2) === 1;
  const inner = a.shape.at(transposeA ? -2 : -1) ?? 1;
  const other = toMatrix(choose.operand(1, "float32"));
  const columns = other.shape.at(-1) ?? 1;
  const batch = choose.detail(2, 2) === 0 ? a.shape.slice(0, -2) : [];
  const wanted = transposeB ? [...batch, columns, inner] : [...batch, inner, columns];
  if (sizeOf(wanted) > MOST_ELEMENTS) return a;
  const b = ops.broadcastTo(fitTo(other, wanted), wanted);
  const result = ops.matMul(a, b, transposeA, transposeB);
  return choose.detail(3, 2) === 0
    ? settled(result)
    : settled(ops.relu(ops.add(result, fitTo(a, result.shape))));
}

function rowIds(choose: Choice, rows: number): Value {
  const ids = choose.operand(1, "int32");
  const most = ops.literal(rows - 1, [], "int32");
  const small = sizeOf(ids.shape) > 64 ? fitTo(ids, [8]) : ids;
  return ops.minimum(ops.maximum(small, ops.literal(0, [], "int32")), most);
}

function gathered(choose: Choice): Value | null {
  const x = choose.operand(0);
  const [rows] = x.shape;
  return rows === undefined ? null : ops.gather(x, rowIds(choose, rows));
}

function scattered(choose: Choice): Value {
  const rows = 1 + choose.detail(0, 6);
  const ids = rowIds(choose, rows);
  const wanted = [...ids.shape, 1 + choose.detail(1, 5)];
  const updates = ops.broadcastTo(fitTo(choose.operand(0, "float32"), wanted), wanted);
  return settled(ops.scatterAdd(ids, updates, rows));
}

function chosen(choose: Choice): Value {
  const a = choose.operand(0);
  const condition = fitTo(choose.operand(2, "bool"), a.shape);
  return ops.where(condition, a, fitTo(choose.operand(1, a.dtype), a.shape));
}

function drawn(choose: Choice): Value {
  const key = HostScalar.of(choose.detail(0, 1000), "int32");
  const shape = SHAPES[choose.detail(1, SHAPES.length)] ?? [];
  return settled(ops.sub(ops.mul(ops.randomUniform(shape, key), ops.literal(16)), ops.literal(8)));
}

function made(choose: Choice): Value {
  const shape = SHAPES[choose.detail(1, SHAPES.length)] ?? [];
  if (choose.detail(0, 2) === 0) return ops.literal((choose.detail(2, 100) - 50) / 8, shape);
  return settled(ops.range(1 + choose.detail(2, 60)));
}

function scaled(choose: Choice): Value {
  const scalar = ops.scalar(HostScalar.of((choose.detail(0, 64) - 32) / 8));
  return settled(ops.mul(choose.operand(0, "float32"), scalar));
}

export const MAKERS: readonly Maker[] = [
  binary(ops.add, "float32"),
  binary(ops.sub, "float32"),
  binary(ops.mul, "float32"),
  binary(ops.maximum, "float32"),
  binary(ops.minimum, "float32"),
  binary(ops.add, "int32"),
  binary(ops.mul, "int32"),
  binary(ops.logicalXor, "bool"),
  binary(ops.logicalAnd, "bool"),
  compare(ops.less),
  compare(ops.equal),
  unary(ops.neg, "float32"),
  unary(ops.abs, "float32"),
  unary(ops.relu, "float32"),
  unary(ops.square, "float32"),
  unary(ops.logicalNot, "bool"),
  (choose) => settled(ops.add(choose.operand(0, "float32"), ops.literal(1))),
  chosen,
  scaled,
  reshaped,
  reshaped,
  (choose) => {
    const x = choose.operand(0);
    return ops.transpose(x, choose.permutation(x.shape.length));
  },
  sliced,
  padded,
  broadcast,
  windowed("windows"),
  windowed("windowMax"),
  (choose) => ops.reverse(choose.operand(0), axesOf(choose, choose.operand(0).shape.length)),
  joined,
  joined,
  reduce("sum", "float32"),
  reduce("sum", "int32"),
  reduce("max", "float32"),
  reduce("min", "int32"),
  position("argMax"),
  position("argMin"),
  running,
  product,
  product,
  gathered,
  scattered,
  drawn,
  made,
];
