import * as sl from "sluice";
import { floats, given, ints, notATensor, type Row, type Sample } from "../row.ts";

const made = (run: () => sl.Tensor, label: string): Sample => ({ inputs: [], run, label });

/** Each of a float of one seed: the host's generator gives the numbers that are expected. */
const seeded = (call: (shape: readonly number[], seed: number) => sl.Tensor): readonly Sample[] =>
  [[], [1], [7], [2, 3], [3, 1, 5], [257], [65, 13]].map((shape, i) =>
    made(() => call(shape, 11 * i - 7), `[${shape}], seed ${11 * i - 7}`),
  );

export const creationRows: Readonly<Record<string, Row>> = {
  range: {
    tolerance: "arithmetic",
    gradient: null,
    samples: [
      made(() => sl.range(0, 5), "0 to 5"),
      made(() => sl.range(2, 9, 3), "by 3"),
      made(() => sl.range(5, 0), "down"),
      made(() => sl.range(1, 0, -0.25), "by -0.25"),
      made(() => sl.range(-3, 4, 2, "int32"), "int32"),
      made(() => sl.range(0, 257), "0 to 257"),
    ],
    refusals: [
      { error: sl.ArgumentError, says: "by 0", run: () => sl.range(0, 1, 0) },
      { error: sl.ArgumentError, says: "by -1", run: () => sl.range(0, 5, -1) },
      { error: sl.ArgumentError, says: "finite", run: () => sl.range(0, Infinity) },
    ],
  },
  linspace: {
    tolerance: "arithmetic",
    gradient: null,
    samples: [
      made(() => sl.linspace(0, 1, 1), "1"),
      made(() => sl.linspace(0, 1, 2), "2"),
      made(() => sl.linspace(-1, 3, 7), "7"),
      made(() => sl.linspace(3, -1, 65), "down"),
    ],
    refusals: [
      { error: sl.ArgumentError, says: "received 0", run: () => sl.linspace(0, 1, 0) },
      { error: sl.ArgumentError, says: "2.5", run: () => sl.linspace(0, 1, 2.5) },
    ],
  },
  eye: {
    tolerance: "exact",
    gradient: null,
    samples: [
      made(() => sl.eye(1), "1"),
      made(() => sl.eye(3), "3"),
      made(() => sl.eye(2, 5), "2 x 5"),
      made(() => sl.eye(5, 2, [], "int32"), "5 x 2 int32"),
      made(() => sl.eye(2, 3, [4, 2]), "batch"),
      made(() => sl.eye(3, 3, [], "bool"), "bool"),
      made(() => sl.eye(17), "17"),
    ],
    refusals: [{ error: sl.ArgumentError, says: "-1", run: () => sl.eye(-1) }],
  },
  oneHot: {
    tolerance: "exact",
    gradient: null,
    samples: [
      { inputs: [ints([], () => 1)], run: (x) => sl.oneHot(given(x), 3) },
      { inputs: [ints([4], (i) => i)], run: (x) => sl.oneHot(given(x), 4) },
      { inputs: [ints([2, 3])], run: (x) => sl.oneHot(given(x), 5) },
      { inputs: [ints([4])], run: (x) => sl.oneHot(given(x), 5, 2.5, -1, "float32") },
      { inputs: [ints([4])], run: (x) => sl.oneHot(given(x), 5, 1, 0, "bool") },
      { inputs: [ints([2, 1, 3])], run: (x) => sl.oneHot(given(x), 1) },
      made(() => sl.oneHot([2, 0], 3), "plain numbers"),
    ],
    refusals: [
      { error: sl.ArgumentError, says: "received 0", run: () => sl.oneHot([1], 0) },
      ...notATensor((x) => sl.oneHot(x, 2)),
    ],
  },
  randomUniform: {
    tolerance: "exact",
    gradient: null,
    samples: [
      ...seeded((shape, seed) => sl.randomUniform(shape, 0, 1, "float32", seed)),
      made(() => sl.randomUniform([13], -8, 8, "float32", 3), "-8 to 8"),
      made(() => sl.randomUniform([13], -8, 8, "int32", 3), "int32"),
    ],
    refusals: [
      { error: sl.ArgumentError, says: "min <= max", run: () => sl.randomUniform([2], 1, 0) },
      { error: sl.ShapeError, says: "-1", run: () => sl.randomUniform([-1]) },
      {
        error: sl.ArgumentError,
        says: "seed 0.5",
        run: () => sl.randomUniform([1], 0, 1, "float32", 0.5),
      },
    ],
  },
  randomUniformInt: {
    tolerance: "exact",
    gradient: null,
    samples: [
      ...seeded((shape, seed) => sl.randomUniformInt(shape, -5, 12, seed)),
      made(() => sl.randomUniformInt([13], 3, 4, 1), "one number"),
    ],
    refusals: [
      { error: sl.ArgumentError, says: "from 1 to 1", run: () => sl.randomUniformInt([2], 1, 1) },
      { error: sl.ArgumentError, says: "0.5", run: () => sl.randomUniformInt([2], 0.5, 3) },
      { error: sl.ShapeError, says: "-1", run: () => sl.randomUniformInt([-1], 0, 3) },
    ],
  },
  randomStandardNormal: {
    tolerance: "random",
    gradient: null,
    samples: seeded((shape, seed) => sl.randomStandardNormal(shape, "float32", seed)),
    refusals: [
      { error: sl.ShapeError, says: "0.5", run: () => sl.randomStandardNormal([0.5]) },
      {
        error: sl.DTypeError,
        says: "foo",
        run: () => sl.randomStandardNormal([1], "foo" as never),
      },
    ],
  },
  meshgrid: {
    tolerance: "exact",
    gradient: "gradient",
    samples: [
      { inputs: [floats([3]), floats([2])], run: (x, y) => sl.meshgrid(given(x), given(y)) },
      { inputs: [floats([1]), ints([5])], run: (x, y) => sl.meshgrid(given(x), given(y)) },
      {
        label: "ij",
        inputs: [floats([3]), floats([2])],
        run: (x, y) => sl.meshgrid(given(x), given(y), { indexing: "ij" }),
      },
      { inputs: [floats([3])], run: (x) => sl.meshgrid(given(x)) },
    ],
    refusals: [
      {
        error: sl.ArgumentError,
        says: '"xy" or "ij"',
        run: () => sl.meshgrid([1], [2], { indexing: "yx" as never }),
      },
    ],
  },
  randomNormal: {
    tolerance: "random",
    gradient: null,
    samples: [
      ...seeded((shape, seed) => sl.randomNormal(shape, 0, 1, "float32", seed)),
      made(() => sl.randomNormal([13], 5, 2, "float32", 3), "mean 5, stddev 2"),
    ],
    refusals: [
      { error: sl.ArgumentError, says: "stddev", run: () => sl.randomNormal([2], 0, -1) },
      { error: sl.ShapeError, says: "0.5", run: () => sl.randomNormal([0.5]) },
    ],
  },
  truncatedNormal: {
    tolerance: "random",
    gradient: null,
    samples: [
      ...seeded((shape, seed) => sl.truncatedNormal(shape, 0, 1, "float32", seed)),
      made(() => sl.truncatedNormal([13], 5, 2, "float32", 3), "mean 5, stddev 2"),
    ],
    refusals: [
      { error: sl.ArgumentError, says: "stddev", run: () => sl.truncatedNormal([2], 0, -1) },
    ],
  },
  dropout: {
    tolerance: "arithmetic",
    gradient: "gradient",
    samples: [
      ...[[], [1], [7], [2, 3], [2, 1, 3, 2], [257]].map((shape) => ({
        inputs: [floats(shape)],
        run: (x?: sl.Tensor) => sl.dropout(given(x), 0.4, undefined, 5),
      })),
      { inputs: [floats([7])], run: (x) => sl.dropout(given(x), 0) },
      {
        label: "noiseShape",
        inputs: [floats([3, 4, 2])],
        run: (x) => sl.dropout(given(x), 0.5, [3, 1, 2], 5),
      },
      {
        label: "noiseShape of lower rank",
        inputs: [floats([3, 4])],
        run: (x) => sl.dropout(given(x), 0.5, [4], 5),
      },
    ],
    refusals: [
      { error: sl.ArgumentError, says: "[0, 1)", run: () => sl.dropout([1], 1) },
      { error: sl.ArgumentError, says: "[0, 1)", run: () => sl.dropout([1], -0.1) },
      { error: sl.ShapeError, says: "noiseShape", run: () => sl.dropout([1, 2], 0.5, [3]) },
      ...notATensor((x) => sl.dropout(x, 0.5)),
    ],
  },
  multinomial: {
    tolerance: "exact",
    gradient: null,
    samples: [
      { inputs: [floats([5])], run: (x) => sl.multinomial(given(x), 7, 3) },
      { inputs: [floats([2, 5])], run: (x) => sl.multinomial(given(x), 1, 3) },
      { inputs: [floats([2, 3, 4])], run: (x) => sl.multinomial(given(x), 5, 9) },
      {
        label: "probabilities",
        inputs: [floats([2, 4], (i) => 0.1 + 0.1 * (i % 3))],
        run: (x) => sl.multinomial(given(x), 9, 4, true),
      },
    ],
    refusals: [
      { error: sl.ArgumentError, says: "numSamples", run: () => sl.multinomial([1], 0) },
      { error: sl.ShapeError, says: "scalar", run: () => sl.multinomial(1, 1) },
    ],
  },
};
