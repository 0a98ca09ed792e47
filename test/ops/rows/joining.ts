import * as sl from "sluice";
import { bools, floats, given, ints, notATensor, type Row, type Sample } from "../row.ts";

const joined = (
  shapes: readonly (readonly number[])[],
  run: (xs: readonly sl.Tensor[]) => sl.Tensor,
): Sample => ({
  inputs: shapes.map((shape, k) => floats(shape, (i) => Math.sin(i + 3 * k + 0.5))),
  run: (...xs) => run(xs),
});

const numbers = (count: number): readonly (readonly number[])[] =>
  Array.from({ length: count }, () => [2]);

const gathered = (
  [shape, ids]: readonly [readonly number[], readonly number[]],
  { axis = 0, batchDims = 0 } = {},
): Sample => ({
  label: `axis ${axis}, batchDims ${batchDims}`,
  inputs: [floats(shape), ints(ids, (i) => (i * 5 + 1) % (shape[axis] ?? 1))],
  run: (x, index) => sl.gather(given(x), given(index), axis, batchDims),
});

export const joiningRows: Readonly<Record<string, Row>> = {
  concat: {
    tolerance: "exact",
    gradient: "gradient",
    samples: [
      joined([[3]], (xs) => sl.concat(xs)),
      joined([[3], [2]], (xs) => sl.concat(xs)),
      joined(
        [
          [2, 3],
          [1, 3],
        ],
        (xs) => sl.concat(xs),
      ),
      joined(
        [
          [2, 3],
          [2, 1],
          [2, 2],
        ],
        (xs) => sl.concat(xs, 1),
      ),
      joined(
        [
          [2, 1, 3],
          [2, 4, 3],
        ],
        (xs) => sl.concat(xs, -2),
      ),
      joined(numbers(7), (xs) => sl.concat(xs)),
      joined(numbers(40), (xs) => sl.concat(xs)),
      {
        inputs: [ints([3]), ints([2])],
        run: (a, b) => sl.concat([given(a), given(b)]),
      },
      {
        inputs: [bools([3]), bools([2])],
        run: (a, b) => sl.concat([given(a), given(b)]),
      },
      {
        label: "dtypes meet",
        inputs: [bools([3]), floats([2])],
        run: (a, b) => sl.concat([given(a), given(b)]),
      },
      {
        label: "of expressions",
        inputs: [floats([3], (i) => i / 4), floats([2], (i) => i - 1)],
        run: (a, b) => sl.concat([sl.square(given(a)), sl.add(given(b), 1)]),
      },
    ],
    refusals: [
      { error: sl.ArgumentError, says: "empty", run: () => sl.concat([]) },
      { error: sl.ShapeError, says: "[1,2]", run: () => sl.concat([[[1, 2]], [[1]]]) },
      { error: sl.ShapeError, says: "axis 2", run: () => sl.concat([[[1, 2]]], 2) },
      { error: sl.ShapeError, says: "rank", run: () => sl.concat([[1, 2], [[1, 2]]]) },
      ...notATensor((x) => sl.concat([x, [1]])),
    ],
  },
  stack: {
    tolerance: "exact",
    gradient: "gradient",
    samples: [
      joined([[3]], (xs) => sl.stack(xs)),
      joined([[], [], []], (xs) => sl.stack(xs)),
      joined([[3], [3]], (xs) => sl.stack(xs)),
      joined([[3], [3]], (xs) => sl.stack(xs, 1)),
      joined(
        [
          [2, 3],
          [2, 3],
          [2, 3],
        ],
        (xs) => sl.stack(xs, -1),
      ),
      joined(
        [
          [2, 3],
          [2, 3],
        ],
        (xs) => sl.stack(xs, 1),
      ),
      joined(numbers(9), (xs) => sl.stack(xs)),
      { inputs: [ints([3]), ints([3])], run: (a, b) => sl.stack([given(a), given(b)]) },
    ],
    refusals: [
      { error: sl.ArgumentError, says: "empty", run: () => sl.stack([]) },
      { error: sl.ShapeError, says: "equal shapes", run: () => sl.stack([[1, 2], [1]]) },
      { error: sl.ShapeError, says: "axis 2", run: () => sl.stack([[1, 2]], 2) },
    ],
  },
  unstack: {
    tolerance: "exact",
    gradient: "gradient",
    samples: [
      [[3], 0],
      [[2, 3], 0],
      [[2, 3], 1],
      [[2, 1, 3], -1],
      [[4, 2], -2],
    ].map(([shape, axis]) => ({
      inputs: [floats(shape as number[])],
      run: (x?: sl.Tensor) => sl.unstack(given(x), axis as number),
    })),
    refusals: [
      { error: sl.ShapeError, says: "axis 1", run: () => sl.unstack([1, 2], 1) },
      { error: sl.ShapeError, says: "axis 0", run: () => sl.unstack(1) },
    ],
  },
  split: {
    tolerance: "exact",
    gradient: "gradient",
    samples: [
      { inputs: [floats([6])], run: (x) => sl.split(given(x), 3) },
      { inputs: [floats([6])], run: (x) => sl.split(given(x), [1, 2, 3]) },
      { inputs: [floats([2, 6])], run: (x) => sl.split(given(x), 2, 1) },
      { inputs: [floats([2, 6])], run: (x) => sl.split(given(x), [4, -1], -1) },
      { inputs: [floats([3, 4, 2])], run: (x) => sl.split(given(x), 4, 1) },
      { inputs: [ints([6])], run: (x) => sl.split(given(x), 2) },
      { inputs: [floats([5])], run: (x) => sl.split(given(x), 1) },
    ],
    refusals: [
      { error: sl.ShapeError, says: "4 equal parts", run: () => sl.split([1, 2, 3], 4) },
      { error: sl.ShapeError, says: "add up to 3", run: () => sl.split([1, 2, 3], [1, 1]) },
      { error: sl.ShapeError, says: "add up to 3", run: () => sl.split([1, 2, 3], [-1, -1, 3]) },
      { error: sl.ShapeError, says: "equal parts", run: () => sl.split([1, 2, 3], 0) },
      { error: sl.ShapeError, says: "axis 1", run: () => sl.split([1, 2, 3], 3, 1) },
    ],
  },
  gather: {
    tolerance: "exact",
    gradient: "gradient",
    samples: [
      gathered([[5], [3]]),
      gathered([[5], []]),
      gathered([[5, 3], [4]]),
      gathered([
        [5, 3],
        [2, 3],
      ]),
      gathered([
        [4, 2, 3],
        [2, 2],
      ]),
      gathered([[3, 5], [4]], { axis: 1 }),
      gathered(
        [
          [2, 3, 5],
          [2, 2],
        ],
        { axis: 1 },
      ),
      gathered([[2, 3, 5], [2]], { axis: 2 }),
      gathered(
        [
          [2, 5],
          [2, 3],
        ],
        { axis: 1, batchDims: 1 },
      ),
      gathered(
        [
          [2, 3, 5, 2],
          [2, 4],
        ],
        { axis: 2, batchDims: 1 },
      ),
      gathered([[13, 7], [67]]),
      {
        label: "rows that are not there",
        jumps: true,
        inputs: [floats([3, 2]), ints([4], (i) => 2 * i - 2)],
        run: (x, index) => sl.gather(given(x), given(index)),
      },
      {
        label: "of int32",
        inputs: [ints([5, 2]), ints([3], (i) => i + 1)],
        run: (x, index) => sl.gather(given(x), given(index)),
      },
    ],
    refusals: [
      { error: sl.DTypeError, says: "expected int32", run: () => sl.gather([1], sl.tensor([0])) },
      { error: sl.ShapeError, says: "axis 1", run: () => sl.gather([1], [0], 1) },
      { error: sl.ShapeError, says: "batchDims", run: () => sl.gather([[1], [2]], [[0]], 1, 1) },
    ],
  },
};
