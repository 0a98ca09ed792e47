import * as sl from "sluice";
import type { ToleranceName } from "../../helpers/tolerances.ts";
import {
  bools,
  floats,
  given,
  type Input,
  ints,
  notATensor,
  positive,
  type Refusal,
  type Row,
  type Sample,
} from "../row.ts";

type Axis = number | readonly number[] | null;
type Reduce = (x: sl.TensorLike, axis?: Axis, keepDims?: boolean) => sl.Tensor;

/** All axes, one, several that are neighbours and that are not, kept; short runs and long ones. */
const CASES: readonly (readonly [readonly number[], Axis, boolean])[] = [
  [[], null, false],
  [[7], null, false],
  [[7], 0, true],
  [[2, 3], null, false],
  [[2, 3], 0, false],
  [[2, 3], -1, true],
  [[3, 1, 5], [0, 2], false],
  [[3, 4, 5], 1, false],
  [[3, 4, 5], [1, 2], true],
  [[2, 3, 2, 2], [0, 1, 3], false],
  [[2, 3], [], false],
  [[13, 67], 0, false],
  [[13, 67], 1, false],
  [[257], 0, false],
];

const reduced = (call: Reduce, at?: (i: number) => number): Sample[] =>
  CASES.map(([shape, axis, keepDims]) => ({
    label: `axis ${axis}${keepDims ? ", kept" : ""}`,
    inputs: [floats(shape, at)],
    run: (x) => call(given(x), axis, keepDims),
  }));

const outside = (call: (x: sl.TensorLike, axis: number) => unknown): Refusal[] => [
  { error: sl.ShapeError, says: "axis 2", run: () => call([[1, 2]], 2) },
  { error: sl.ShapeError, says: "axis -3", run: () => call([[1, 2]], -3) },
  ...notATensor((x) => call(x, 0)),
];

const reduceRow = (call: Reduce, tolerance: ToleranceName, more: Partial<Row> = {}): Row => ({
  tolerance,
  gradient: "gradient",
  samples: reduced(call),
  refusals: outside(call),
  ...more,
});

const whole = (call: (x: sl.Tensor) => sl.Tensor, input: Input): Sample => ({
  inputs: [input],
  run: (x) => call(given(x)),
});

const cumulativeRow = (
  call: (x: sl.TensorLike, axis?: number, exclusive?: boolean, reverse?: boolean) => sl.Tensor,
  at?: (i: number) => number,
): Row => ({
  tolerance: "reduction",
  gradient: "gradient",
  samples: [
    ...[false, true].flatMap((exclusive) =>
      [false, true].map((reverse) => ({
        label: `${exclusive ? "exclusive" : ""} ${reverse ? "reverse" : ""}`,
        inputs: [floats([3, 5], at)],
        run: (x?: sl.Tensor) => call(given(x), 1, exclusive, reverse),
      })),
    ),
    whole((x) => call(x), floats([1], at)),
    whole((x) => call(x), floats([7], at)),
    whole((x) => call(x, -2), floats([2, 3, 2], at)),
    whole((x) => call(x), floats([33, 2], at)),
    whole((x) => call(x, 1), floats([2, 67], at)),
    whole(
      (x) => call(x),
      ints([7], (i) => i + 1),
    ),
  ],
  refusals: outside(call),
});

export const reductionRows: Readonly<Record<string, Row>> = {
  sum: reduceRow(sl.sum, "reduction", {
    samples: [
      ...reduced(sl.sum),
      whole((x) => sl.sum(x, 0), ints([5, 2])),
      whole((x) => sl.sum(x), bools([13])),
    ],
  }),
  mean: reduceRow(sl.mean, "reduction", {
    samples: [...reduced(sl.mean), whole((x) => sl.mean(x), ints([7]))],
  }),
  prod: reduceRow(sl.prod, "reduction", {
    samples: [
      ...reduced(sl.prod, (i) => 1 + 0.2 * Math.sin(i)),
      whole(
        (x) => sl.prod(x, 1),
        floats([3, 4], (i) => (i < 5 && i % 4 < 2 ? 0 : i / 5)),
      ),
      whole(
        (x) => sl.prod(x),
        ints([5], (i) => i + 1),
      ),
    ],
  }),
  max: reduceRow(sl.max, "exact", {
    samples: [...reduced(sl.max), whole((x) => sl.max(x, 0), ints([5, 2]))],
  }),
  min: reduceRow(sl.min, "exact", {
    samples: [...reduced(sl.min), whole((x) => sl.min(x, 0), ints([5, 2]))],
  }),
  any: reduceRow(sl.any, "exact", {
    gradient: null,
    samples: [
      ...reduced(sl.any, (i) => (i % 4 === 1 ? 1 : 0)),
      whole(
        (x) => sl.any(x, 1),
        bools([3, 2], (i) => (i === 3 ? 1 : 0)),
      ),
    ],
  }),
  all: reduceRow(sl.all, "exact", {
    gradient: null,
    samples: [
      ...reduced(sl.all, (i) => (i % 4 === 1 ? 0 : 1)),
      whole(
        (x) => sl.all(x, 1),
        bools([3, 2], (i) => (i === 3 ? 0 : 1)),
      ),
    ],
  }),
  logSumExp: reduceRow(sl.logSumExp, "logSoftmax"),
  argMax: argRow(sl.argMax),
  argMin: argRow(sl.argMin),
  norm: {
    tolerance: "reduction",
    gradient: "gradient",
    samples: [
      ...(["euclidean", "fro", 1, 2, Infinity, -Infinity] as const).flatMap((ord) => [
        whole((x) => sl.norm(x, ord), floats([7])),
        whole((x) => sl.norm(x, ord, 1, true), floats([2, 3, 2])),
      ]),
      whole((x) => sl.norm(x), floats([])),
    ],
    refusals: [
      ...outside((x, axis) => sl.norm(x, 2, axis)),
      { error: sl.ArgumentError, says: "order 3", run: () => sl.norm([1], 3) },
    ],
  },
  moments: {
    tolerance: "reduction",
    gradient: "gradient",
    samples: CASES.map(([shape, axis, keepDims]) => ({
      label: `axis ${axis}`,
      inputs: [floats(shape, positive)],
      run: (x) => Object.values(sl.moments(given(x), axis, keepDims)),
    })),
    refusals: outside(sl.moments),
  },
  cumsum: cumulativeRow(sl.cumsum),
  cumprod: cumulativeRow(sl.cumprod, (i) => 1 + 0.2 * Math.sin(i)),
  topk: {
    tolerance: "exact",
    gradient: "gradient",
    samples: [
      [[5], 1],
      [[5], 5],
      [[2, 7], 3],
      [[2, 1, 4], 2],
      [[13, 17], 2],
    ].map(([shape, k]) => ({
      label: `k ${k}`,
      inputs: [floats(shape as number[])],
      run: (x?: sl.Tensor) => Object.values(sl.topk(given(x), k as number)),
    })),
    refusals: [
      { error: sl.ArgumentError, says: "from 1 to 2", run: () => sl.topk([1, 2], 3) },
      { error: sl.ArgumentError, says: "k is 0", run: () => sl.topk([1, 2], 0) },
      { error: sl.ShapeError, says: "scalar", run: () => sl.topk(1) },
    ],
  },
};

function argRow(call: (x: sl.TensorLike, axis?: number) => sl.Tensor): Row {
  return {
    tolerance: "exact",
    gradient: null,
    samples: [
      whole((x) => call(x), floats([1])),
      whole((x) => call(x), floats([7])),
      whole((x) => call(x), floats([2, 3])),
      whole((x) => call(x, 1), floats([2, 3])),
      whole((x) => call(x, -2), floats([3, 4, 5])),
      whole((x) => call(x, 1), ints([5, 7])),
      whole(
        (x) => call(x),
        floats([9], (i) => i % 3),
      ),
      whole(
        (x) => call(x, 1),
        floats([5, 67], (i) => (i * 7) % 11),
      ),
      whole(
        (x) => call(x),
        floats([67, 5], (i) => (i * 7) % 11),
      ),
      whole((x) => call(x), floats([257])),
    ],
    refusals: [
      ...outside(call),
      { error: sl.ShapeError, says: "no elements", run: () => call(sl.zeros([0, 2])) },
    ],
  };
}
