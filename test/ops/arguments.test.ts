import * as sl from "sluice";
import { describe, expect, test } from "vitest";

/** An argument as JavaScript may pass it, against its type. */
const wrong = (argument: unknown): never => argument as never;
const x = sl.tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const { ArgumentError, DTypeError, ShapeError } = sl;

type Kind = typeof ArgumentError | typeof DTypeError | typeof ShapeError;

/** The call, its error, what was received, and the way out. */
const CALLS: Readonly<Record<string, readonly [() => unknown, Kind, string, string]>> = {
  'zeros([1], "foo")': [
    () => sl.zeros([1], wrong("foo")),
    DTypeError,
    '"foo"',
    '"float32", "float16", "int32" or "bool"',
  ],
  'ones([1], "foo")': [() => sl.ones([1], wrong("foo")), DTypeError, '"foo"', '"int32"'],
  'fill([1], 1, "foo")': [() => sl.fill([1], 1, wrong("foo")), DTypeError, '"foo"', '"int32"'],
  'tensor([1], [1], "float64")': [
    () => sl.tensor([1], [1], wrong("float64")),
    DTypeError,
    '"float64"',
    '"float32"',
  ],
  'scalar(1, "string")': [() => sl.scalar(1, wrong("string")), DTypeError, '"string"', '"float32"'],
  'cast("string")': [() => x.cast(wrong("string")), DTypeError, '"string"', '"float32"'],
  'cast("float64")': [() => x.cast(wrong("float64")), DTypeError, '"float64"', '"float32"'],
  "cast()": [() => x.cast(wrong(undefined)), DTypeError, "undefined", '"float32"'],
  'eye(2, 2, [], "foo")': [() => sl.eye(2, 2, [], wrong("foo")), DTypeError, '"foo"', '"int32"'],
  "eye(2, 2, 3)": [() => sl.eye(2, 2, wrong(3)), ShapeError, "3", "array of sizes"],
  'oneHot([0], 2, 1, 0, "foo")': [
    () => sl.oneHot([0], 2, 1, 0, wrong("foo")),
    DTypeError,
    '"foo"',
    '"int32"',
  ],
  'range(0, 2, 1, "foo")': [() => sl.range(0, 2, 1, wrong("foo")), DTypeError, '"foo"', '"int32"'],
  'randomUniform([1], 0, 1, "foo")': [
    () => sl.randomUniform([1], 0, 1, wrong("foo")),
    DTypeError,
    '"foo"',
    '"int32"',
  ],
  'randomNormal([1], 0, 1, "foo")': [
    () => sl.randomNormal([1], 0, 1, wrong("foo")),
    DTypeError,
    '"foo"',
    '"int32"',
  ],
  "dropout(x, 0.5, 3)": [() => sl.dropout(x, 0.5, wrong(3)), ShapeError, "3", "array of sizes"],
  'sum("0")': [() => x.sum(wrong("0")), ArgumentError, '"0"', "whole number"],
  'sum(["0"])': [() => x.sum(wrong(["0"])), ArgumentError, '["0"]', "whole number"],
  "sum([0, 0])": [() => x.sum([0, 0]), ArgumentError, "[0,0]", "each axis once"],
  "mean([1, -1])": [() => x.mean([1, -1]), ArgumentError, "[1,-1]", "each axis once"],
  "sum(0, 1)": [() => x.sum(0, wrong(1)), ArgumentError, "keepDims: received 1", "true or false"],
  'any("0")': [() => x.any(wrong("0")), ArgumentError, '"0"', "whole number"],
  "all(0, 1)": [() => x.all(0, wrong(1)), ArgumentError, "keepDims", "true or false"],
  "logSumExp(0, 1)": [() => x.logSumExp(0, wrong(1)), ArgumentError, "keepDims", "true or false"],
  "moments(x, 0, 1)": [
    () => sl.moments(x, 0, wrong(1)),
    ArgumentError,
    "keepDims",
    "true or false",
  ],
  "norm(2, [0, 0])": [() => x.norm(2, [0, 0]), ArgumentError, "[0,0]", "each axis once"],
  'argMax("0")': [() => x.argMax(wrong("a")), ShapeError, "axis a", "whole number"],
  "cumsum(0, 1)": [
    () => x.cumsum(0, wrong(1)),
    ArgumentError,
    "exclusive: received 1",
    "true or false",
  ],
  'reverse("a")': [() => x.reverse(wrong("a")), ArgumentError, '"a"', "whole number"],
  "reverse([0, 0])": [() => x.reverse([0, 0]), ArgumentError, "[0,0]", "each axis once"],
  'squeeze("a")': [() => x.squeeze(wrong("a")), ArgumentError, '"a"', "whole number"],
  'transpose("0")': [() => x.transpose(wrong("0")), ArgumentError, '"0"', "array of numbers"],
  "reshape(3, 2)": [() => x.reshape(wrong(3)), ShapeError, "received shape 3", "[3, 2]"],
  'reshape(["3", 2])': [() => x.reshape(wrong(["3", 2])), ShapeError, '["3",2]', "[3, 2]"],
  "tile(x, 2)": [() => x.tile(wrong(2)), ArgumentError, "received 2", "array of numbers"],
  "broadcastTo(x)": [
    () => x.broadcastTo(wrong(undefined)),
    ShapeError,
    "undefined",
    "array of sizes",
  ],
  'split(x, "2")': [() => x.split(wrong("2")), ArgumentError, '"2"', "array of numbers"],
  "slice(x)": [
    () => x.slice(wrong(undefined)),
    ArgumentError,
    "begin: received undefined",
    "array of numbers",
  ],
  'slice(x, "0")': [
    () => x.slice(wrong("0")),
    ArgumentError,
    'begin: received "0"',
    "array of numbers",
  ],
  "slice(x, 0.5)": [() => x.slice(0.5), ShapeError, "[0.5,0]", "whole numbers"],
  "slice(x, 0.5, 1)": [() => x.slice([0.5, 0], [1, 1]), ShapeError, "[0.5,0]", "whole numbers"],
  "slice(x, NaN, 1)": [
    () => x.slice([0, Number.NaN], [1, 1]),
    ShapeError,
    "[0,NaN]",
    "whole numbers",
  ],
  "stridedSlice(x)": [
    () => x.stridedSlice(wrong(undefined), [1]),
    ArgumentError,
    "begin: received undefined",
    "array",
  ],
  "stridedSlice(x, [0])": [
    () => x.stridedSlice([0], wrong(undefined)),
    ArgumentError,
    "end: received undefined",
    "array",
  ],
  "stridedSlice(x, [0.5], [1])": [
    () => x.stridedSlice([0.5], [1]),
    ArgumentError,
    "[0.5]",
    "whole numbers",
  ],
  "stridedSlice, a mask": [
    () => x.stridedSlice([0], [1], [1], -1),
    ArgumentError,
    "beginMask: received -1",
    "whole",
  ],
  "pad(x)": [() => x.pad(wrong(undefined)), ArgumentError, "undefined", "[before, after]"],
  "pad(x, [1, 1])": [() => x.pad(wrong([1, 1])), ArgumentError, "[1,1]", "[before, after]"],
  "pad(x, [[1], [1]])": [
    () => x.pad(wrong([[1], [1]])),
    ArgumentError,
    "[[1],[1]]",
    "[before, after]",
  ],
  "mirrorPad(x, [1, 1])": [
    () => x.mirrorPad(wrong([1, 1]), "reflect"),
    ArgumentError,
    "[1,1]",
    "[before, after]",
  ],
  'mirrorPad(x, p, "foo")': [
    () =>
      x.mirrorPad(
        [
          [0, 0],
          [1, 1],
        ],
        wrong("foo"),
      ),
    ArgumentError,
    '"foo"',
    '"reflect" or "symmetric"',
  ],
  "concat(t)": [() => sl.concat(wrong(x)), ArgumentError, "float32[2,3]", "concat([a, b])"],
  "stack(t)": [() => sl.stack(wrong(x)), ArgumentError, "float32[2,3]", "stack([a, b])"],
  "addN(t)": [() => sl.addN(wrong(x)), ArgumentError, "float32[2,3]", "addN([a, b])"],
  "concat()": [() => sl.concat(wrong(undefined)), ArgumentError, "undefined", "concat([a, b])"],
  "einsum(3)": [() => sl.einsum(wrong(3), x), ArgumentError, "3", "ij,jk->ik"],
  "matMul(a, b, 0, 1)": [
    () => x.matMul(x, wrong(0), wrong(1)),
    ArgumentError,
    "transposeA: received 0",
    "true or false",
  ],
};

describe("arguments against their types", () => {
  test.each(Object.entries(CALLS))("%s", (name, [call, error, received, wayOut]) => {
    expect(call).toThrow(error);
    expect(call).toThrow(/^\w+/.exec(name)?.[0] ?? name);
    expect(call).toThrow(received);
    expect(call).toThrow(wayOut);
  });

  test("null stands for all axes and for the reversed order, as in TF.js", async () => {
    expect(await x.sum(null).array()).toBe(21);
    expect(x.transpose(wrong(null)).shape).toEqual([3, 2]);
  });
});
