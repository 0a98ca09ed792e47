import * as sl from "sluice";
import { erf } from "../../../src/ops/special.ts";
import {
  aboveOne,
  binaryRow,
  bools,
  floats,
  given,
  inside,
  ints,
  notATensor,
  positive,
  type Row,
  unaryRow,
} from "../row.ts";

const rowOf = (row: Row, more: Partial<Row>): Row => ({ ...row, ...more });

/** Ops of int32 and of mixed dtypes, without gradients of their own. */
const mixed = (call: (a: sl.TensorLike, b: sl.TensorLike) => sl.Tensor): Row["samples"] => [
  { inputs: [ints([7]), ints([7], (i) => (i % 3) + 1)], run: (a, b) => call(given(a), given(b)) },
  {
    // No quotient is whole: there floorDiv and mod jump.
    inputs: [ints([2, 3]), floats([3], (i) => 0.45 + 0.37 * i)],
    run: (a, b) => call(given(a), given(b)),
  },
  { inputs: [bools([5]), ints([5], (i) => i + 1)], run: (a, b) => call(given(a), given(b)) },
  { label: "number", inputs: [floats([5], positive)], run: (a) => call(given(a), 2.5625) },
  { label: "number first", inputs: [floats([5], positive)], run: (b) => call(2.5625, given(b)) },
];

const floorMod = (a: number, b: number): number => a - b * Math.floor(a / b);

export const elementwiseRows: Readonly<Record<string, Row>> = {
  add: binaryRow(sl.add, {
    tolerance: "arithmetic",
    element: (a, b) => a + b,
    samples: mixed(sl.add),
  }),
  sub: binaryRow(sl.sub, {
    tolerance: "arithmetic",
    element: (a, b) => a - b,
    samples: mixed(sl.sub),
  }),
  mul: binaryRow(sl.mul, {
    tolerance: "arithmetic",
    element: (a, b) => a * b,
    samples: mixed(sl.mul),
  }),
  div: rowOf(binaryRow(sl.div, { tolerance: "arithmetic", element: (a, b) => a / b }), {
    samples: [
      ...binaryRow(sl.div, { tolerance: "arithmetic", element: (a, b) => a / b }).samples,
      { inputs: [floats([5]), ints([5], (i) => i + 1)], run: (a, b) => sl.div(given(a), given(b)) },
    ],
  }),
  divNoNan: binaryRow(sl.divNoNan, {
    tolerance: "arithmetic",
    element: (a, b) => (b === 0 ? 0 : a / b),
    samples: [
      {
        label: "zeros",
        inputs: [floats([7]), ints([7], (i) => i % 3)],
        run: (a, b) => sl.divNoNan(given(a), given(b)),
      },
    ],
  }),
  floorDiv: binaryRow(sl.floorDiv, {
    tolerance: "exact",
    element: (a, b) => Math.floor(a / b),
    samples: mixed(sl.floorDiv),
  }),
  mod: binaryRow(sl.mod, { tolerance: "arithmetic", element: floorMod, samples: mixed(sl.mod) }),
  pow: binaryRow(sl.pow, {
    tolerance: "transcendental",
    element: (a, b) => a ** b,
    at: positive,
    samples: [
      { label: "square", inputs: [floats([7])], run: (x) => sl.pow(given(x), 2) },
      { label: "cube of negatives", inputs: [floats([7])], run: (x) => sl.pow(given(x), 3) },
      { inputs: [ints([7]), ints([7], (i) => i % 4)], run: (a, b) => sl.pow(given(a), given(b)) },
    ],
  }),
  maximum: binaryRow(sl.maximum, {
    tolerance: "exact",
    element: Math.max,
    samples: mixed(sl.maximum),
  }),
  minimum: binaryRow(sl.minimum, {
    tolerance: "exact",
    element: Math.min,
    samples: mixed(sl.minimum),
  }),
  squaredDifference: binaryRow(sl.squaredDifference, {
    tolerance: "arithmetic",
    element: (a, b) => (a - b) ** 2,
  }),
  atan2: binaryRow(sl.atan2, { tolerance: "transcendental", element: Math.atan2, second: wave2 }),
  neg: unaryRow(sl.neg, {
    tolerance: "exact",
    element: (x) => -x,
    samples: [{ inputs: [ints([7])], run: (x) => sl.neg(given(x)) }],
  }),
  abs: unaryRow(sl.abs, {
    tolerance: "exact",
    element: Math.abs,
    samples: [{ inputs: [ints([7])], run: (x) => sl.abs(given(x)) }],
  }),
  sign: unaryRow(sl.sign, { tolerance: "exact", element: Math.sign }),
  square: unaryRow(sl.square, {
    tolerance: "arithmetic",
    element: (x) => x * x,
    samples: [{ inputs: [ints([7])], run: (x) => sl.square(given(x)) }],
  }),
  reciprocal: unaryRow(sl.reciprocal, { tolerance: "arithmetic", element: (x) => 1 / x }),
  exp: unaryRow(sl.exp, { tolerance: "transcendental", element: Math.exp }),
  expm1: unaryRow(sl.expm1, { tolerance: "transcendental", element: Math.expm1 }),
  log: unaryRow(sl.log, { tolerance: "transcendental", element: Math.log, at: positive }),
  log1p: unaryRow(sl.log1p, { tolerance: "transcendental", element: Math.log1p, at: positive }),
  sqrt: unaryRow(sl.sqrt, { tolerance: "arithmetic", element: Math.sqrt, at: positive }),
  rsqrt: unaryRow(sl.rsqrt, {
    tolerance: "arithmetic",
    element: (x) => 1 / Math.sqrt(x),
    at: positive,
  }),
  erf: unaryRow(sl.erf, { tolerance: "transcendental", element: erf }),
  floor: unaryRow(sl.floor, { tolerance: "exact", element: Math.floor }),
  ceil: unaryRow(sl.ceil, { tolerance: "exact", element: Math.ceil }),
  round: unaryRow(sl.round, {
    tolerance: "exact",
    element: (x) => Math.round(x),
    samples: [
      {
        label: "halves",
        inputs: [floats([9], (i) => i - 4.5)],
        run: (x) => sl.round(given(x)),
        jumps: true,
      },
    ],
  }),
  clipByValue: {
    ...unaryRow((x) => sl.clipByValue(x, -0.5, 0.75), {
      tolerance: "exact",
      element: (x) => Math.min(0.75, Math.max(-0.5, x)),
      samples: [
        { inputs: [ints([13])], run: (x) => sl.clipByValue(given(x), -3, 4) },
        {
          label: "fractions and infinity",
          inputs: [ints([13])],
          run: (x) => sl.clipByValue(given(x), -2.5, Number.POSITIVE_INFINITY),
        },
        { label: "bool", inputs: [bools([5])], run: (x) => sl.clipByValue(given(x), 0, 1) },
      ],
    }),
    refusals: [
      ...notATensor((x) => sl.clipByValue(x, 0, 1)),
      { error: sl.ArgumentError, says: "min <= max", run: () => sl.clipByValue([1], 2, 1) },
    ],
  },
  sin: unaryRow(sl.sin, { tolerance: "transcendental", element: Math.sin }),
  cos: unaryRow(sl.cos, { tolerance: "transcendental", element: Math.cos }),
  tan: unaryRow(sl.tan, { tolerance: "transcendental", element: Math.tan, at: inside }),
  asin: unaryRow(sl.asin, { tolerance: "transcendental", element: Math.asin, at: inside }),
  acos: unaryRow(sl.acos, { tolerance: "transcendental", element: Math.acos, at: inside }),
  atan: unaryRow(sl.atan, { tolerance: "transcendental", element: Math.atan }),
  sinh: unaryRow(sl.sinh, { tolerance: "transcendental", element: Math.sinh }),
  cosh: unaryRow(sl.cosh, { tolerance: "transcendental", element: Math.cosh }),
  asinh: unaryRow(sl.asinh, { tolerance: "transcendental", element: Math.asinh }),
  acosh: unaryRow(sl.acosh, { tolerance: "transcendental", element: Math.acosh, at: aboveOne }),
  atanh: unaryRow(sl.atanh, { tolerance: "transcendental", element: Math.atanh, at: inside }),
  addN: {
    tolerance: "arithmetic",
    gradient: "gradient",
    samples: [[[3]], [[2, 3], [3]], [[2], [2], [], [2]]].map((shapes) => ({
      inputs: shapes.map((shape) => floats(shape)),
      run: (...xs) => sl.addN(xs),
    })),
    refusals: [
      { error: sl.ArgumentError, says: "empty", run: () => sl.addN([]) },
      {
        error: sl.ShapeError,
        says: "[2]",
        run: () =>
          sl.addN([
            [1, 2],
            [1, 2, 3],
          ]),
      },
    ],
  },
};

function wave2(i: number): number {
  return 1.2 * Math.cos(2.3 * i + 0.8) + 0.05;
}
