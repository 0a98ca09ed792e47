import * as sl from "sluice";
import {
  binaryRow,
  bools,
  floats,
  given,
  ints,
  PAIRS,
  type Row,
  SHAPES,
  unaryRow,
} from "../row.ts";

const comparison = (
  call: (a: sl.TensorLike, b: sl.TensorLike) => sl.Tensor,
  element: (a: number, b: number) => boolean,
): Row =>
  binaryRow(call, {
    tolerance: "exact",
    differentiable: false,
    element: (a = 0, b = 0) => Number(element(a, b)),
    // Whole numbers, so that some are equal.
    at: (i) => i % 4,
    second: (i) => (i * 3) % 5,
    samples: [
      { inputs: [ints([7]), ints([7], (i) => i - 4)], run: (a, b) => call(given(a), given(b)) },
      { inputs: [bools([4]), bools([4], (i) => i % 2)], run: (a, b) => call(given(a), given(b)) },
      { inputs: [ints([4]), floats([4])], run: (a, b) => call(given(a), given(b)) },
      { label: "number", inputs: [ints([2, 3])], run: (a) => call(given(a), 1) },
    ],
  });

const logical = (
  call: (a: sl.TensorLike, b: sl.TensorLike) => sl.Tensor,
  element: (a: number, b: number) => number,
): Row => ({
  tolerance: "exact",
  gradient: null,
  element: (a = 0, b = 0) => element(a, b),
  samples: [
    ...PAIRS.map(([a, b]) => ({
      inputs: [bools(a), bools(b, (i) => (i + 1) % 2)],
      run: (x?: sl.Tensor, y?: sl.Tensor) => call(given(x), given(y)),
    })),
    { label: "plain numbers", inputs: [bools([2])], run: (x) => call([1, 0], given(x)) },
    { label: "a plain number", inputs: [bools([2])], run: (x) => call(given(x), 1) },
  ],
  refusals: [
    { error: sl.DTypeError, says: "expected bool", run: () => call(sl.ones([2]), [true, false]) },
    { error: sl.DTypeError, says: "expected bool", run: () => call(true, sl.scalar(1)) },
    { error: sl.DTypeError, says: "string", run: () => call(true, "yes" as never) },
    { error: sl.ShapeError, says: "[2]", run: () => call([true, false], [true, false, true]) },
  ],
});

const test = (call: (x: sl.TensorLike) => sl.Tensor, element: (x: number) => boolean): Row =>
  unaryRow(call, {
    tolerance: "exact",
    differentiable: false,
    element: (x = 0) => Number(element(x)),
    at: (i) => [1, Number.NaN, Number.POSITIVE_INFINITY, -0, Number.NEGATIVE_INFINITY][i % 5] ?? 0,
  });

export const logicalRows: Readonly<Record<string, Row>> = {
  equal: comparison(sl.equal, (a, b) => a === b),
  notEqual: comparison(sl.notEqual, (a, b) => a !== b),
  less: comparison(sl.less, (a, b) => a < b),
  lessEqual: comparison(sl.lessEqual, (a, b) => a <= b),
  greater: comparison(sl.greater, (a, b) => a > b),
  greaterEqual: comparison(sl.greaterEqual, (a, b) => a >= b),
  logicalAnd: logical(sl.logicalAnd, (a, b) => a & b),
  logicalOr: logical(sl.logicalOr, (a, b) => a | b),
  logicalXor: logical(sl.logicalXor, (a, b) => a ^ b),
  logicalNot: {
    tolerance: "exact",
    gradient: null,
    element: (x = 0) => 1 - x,
    samples: SHAPES.map((shape) => ({
      inputs: [bools(shape)],
      run: (x) => sl.logicalNot(given(x)),
    })),
    refusals: [
      { error: sl.DTypeError, says: "expected bool", run: () => sl.logicalNot(sl.ones([2])) },
      {
        error: sl.DTypeError,
        says: "expected bool",
        run: () => sl.logicalNot(sl.ones([2], "int32")),
      },
    ],
  },
  where: {
    tolerance: "exact",
    gradient: "gradient",
    element: (condition = 0, a = 0, b = 0) => (condition ? a : b),
    samples: [
      ...PAIRS.map(([a, b]) => ({
        inputs: [bools(a), floats(a), floats(b, (i) => 5 - i)],
        run: (c?: sl.Tensor, x?: sl.Tensor, y?: sl.Tensor) =>
          sl.where(given(c), given(x), given(y)),
      })),
      {
        inputs: [bools([2, 3]), ints([3]), ints([])],
        run: (c, x, y) => sl.where(given(c), given(x), given(y)),
      },
      {
        label: "plain numbers",
        inputs: [floats([3]), floats([3], (i) => 5 - i)],
        run: (x, y) => sl.where([1, 0, 2], given(x), given(y)),
      },
      {
        label: "plain booleans",
        inputs: [floats([2]), floats([2], (i) => 5 - i)],
        run: (x, y) => sl.where([true, false], given(x), given(y)),
      },
    ],
    refusals: [
      { error: sl.DTypeError, says: "expected bool", run: () => sl.where(sl.ones([2]), 1, 2) },
      {
        error: sl.ShapeError,
        says: "[2]",
        run: () => sl.where([true, false], [1, 2, 3], [1, 2, 3]),
      },
      { error: sl.ShapeError, says: "[2]", run: () => sl.where(true, [1, 2, 3], [1, 2]) },
    ],
  },
  isNaN: test(sl.isNaN, Number.isNaN),
  isInf: test(sl.isInf, (x) => Math.abs(x) === Number.POSITIVE_INFINITY),
  isFinite: test(sl.isFinite, Number.isFinite),
};
