import * as sl from "sluice";
import {
  bools,
  floats,
  given,
  type Input,
  ints,
  notATensor,
  type Row,
  type Sample,
} from "../row.ts";

/** Positions that stay inside `limits`, some of them twice. */
const positions = (shape: readonly number[], limits: readonly number[]): Input => {
  const depth = limits.length;
  return ints(
    shape,
    (i) => (Math.floor(i / depth) * 5 + (i % depth) * 3) % (limits[i % depth] ?? 1),
  );
};

const picked = (x: Input, ids: Input, label = ""): Sample => ({
  label,
  inputs: [x, ids],
  run: (value, index) => sl.gatherND(given(value), given(index)),
});

const scattered = (ids: Input, updates: Input, shape: readonly number[]): Sample => ({
  label: `into [${shape}]`,
  inputs: [ids, updates],
  run: (index, values) => sl.scatterND(given(index), given(values), shape),
});

const segments = (x: Input, ids: Input, count: number): Sample => ({
  label: `${count} segments`,
  inputs: [x, ids],
  run: (value, index) => sl.unsortedSegmentSum(given(value), given(index), count),
});

const counted = (ids: Input, weights: Input, size: number): Sample => ({
  label: `up to ${size}`,
  inputs: [ids, weights],
  run: (x, each) => sl.bincount(given(x), given(each), size),
});

export const scatterRows: Readonly<Record<string, Row>> = {
  gatherND: {
    tolerance: "exact",
    gradient: "gradient",
    samples: [
      picked(floats([7]), positions([4, 1], [7])),
      picked(floats([3, 4]), positions([5, 2], [3, 4])),
      picked(floats([3, 4]), positions([2, 1], [3])),
      picked(floats([2, 3, 5]), positions([2, 4, 2], [2, 3])),
      picked(floats([2, 3, 5]), positions([3], [2, 3, 5]), "one element"),
      picked(ints([3, 4]), positions([5, 2], [3, 4])),
      picked(bools([3, 4]), positions([5, 2], [3, 4])),
      {
        ...picked(
          floats([3, 4]),
          ints([4, 2], (i) => [0, 1, 1, -1, -1, 2, 0, 4][i] ?? 0),
          "positions outside",
        ),
        jumps: true, // NaN has no differences
      },
    ],
    refusals: [
      {
        error: sl.DTypeError,
        says: "expected int32",
        run: () => sl.gatherND([1], sl.zeros([1, 1])),
      },
      { error: sl.ArgumentError, says: "0.5", run: () => sl.gatherND([1], [[0.5]]) },
      { error: sl.ShapeError, says: "1 to 1 positions", run: () => sl.gatherND([1], [[0, 0]]) },
      { error: sl.ShapeError, says: "positions", run: () => sl.gatherND([1], 0) },
      {
        error: sl.ShapeError,
        says: "no elements",
        run: () => sl.gatherND(sl.zeros([0, 2]), [[0]]),
      },
      ...notATensor((x) => sl.gatherND(x, [[0]])),
    ],
  },
  scatterND: {
    tolerance: "arithmetic",
    gradient: "gradient",
    samples: [
      scattered(positions([4, 1], [7]), floats([4]), [7]),
      scattered(positions([9, 2], [3, 4]), floats([9]), [3, 4]),
      scattered(positions([5, 1], [3]), floats([5, 4]), [3, 4]),
      scattered(positions([2, 4, 2], [2, 30]), floats([2, 4, 5]), [2, 30, 5]),
      scattered(positions([4, 1], [7]), ints([4]), [7]),
      scattered(
        ints([4, 2], (i) => [0, 1, 1, -1, -1, 2, 0, 4][i] ?? 0),
        floats([4]),
        [3, 4],
      ),
    ],
    refusals: [
      { error: sl.ShapeError, says: "shape [2]", run: () => sl.scatterND([[0], [1]], [1], [3]) },
      { error: sl.ShapeError, says: "positions", run: () => sl.scatterND([[0, 0]], [1], [3]) },
      { error: sl.ShapeError, says: "-1", run: () => sl.scatterND([[0]], [1], [-1]) },
      { error: sl.DTypeError, says: "int32", run: () => sl.scatterND([[0]], [true], [3]) },
      { error: sl.ArgumentError, says: "NaN", run: () => sl.scatterND([[Number.NaN]], [1], [3]) },
      ...notATensor((x) => sl.scatterND([[0]], x, [3])),
    ],
  },
  unsortedSegmentSum: {
    tolerance: "arithmetic",
    gradient: "gradient",
    samples: [
      segments(
        floats([7]),
        ints([7], (i) => (i * 5) % 3),
        3,
      ),
      segments(
        floats([5, 2]),
        ints([5], (i) => (i * 3) % 4),
        6,
      ),
      segments(
        floats([2, 3, 2]),
        ints([2, 3], (i) => i % 2),
        2,
      ),
      segments(
        floats([65]),
        ints([65], (i) => (i * 7) % 40),
        40,
      ),
      segments(
        floats([4]),
        ints([4], (i) => i - 1),
        2,
      ),
      segments(
        ints([7]),
        ints([7], (i) => i % 2),
        2,
      ),
    ],
    refusals: [
      {
        error: sl.ShapeError,
        says: "an id for each",
        run: () => sl.unsortedSegmentSum([1, 2, 3], [0, 1], 2),
      },
      {
        error: sl.ArgumentError,
        says: "received 0",
        run: () => sl.unsortedSegmentSum([1], [0], 0),
      },
      {
        error: sl.DTypeError,
        says: "expected int32",
        run: () => sl.unsortedSegmentSum([1], sl.tensor([0]), 1),
      },
      ...notATensor((x) => sl.unsortedSegmentSum(x, [0], 1)),
    ],
  },
  bincount: {
    tolerance: "arithmetic",
    gradient: "gradient",
    samples: [
      counted(
        ints([9], (i) => i % 4),
        floats([9]),
        4,
      ),
      {
        label: "counts",
        inputs: [ints([9], (i) => i % 4)],
        run: (x) => sl.bincount(given(x), [], 3),
      },
      counted(ints([2, 3]), ints([2, 3]), 5),
    ],
    refusals: [
      { error: sl.ShapeError, says: "one for each", run: () => sl.bincount([1, 2], [1], 3) },
      { error: sl.ArgumentError, says: "size", run: () => sl.bincount([1, 2], [], 0) },
      { error: sl.ArgumentError, says: "1.5", run: () => sl.bincount([1.5], [], 3) },
    ],
  },
};
