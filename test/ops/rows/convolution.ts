import * as sl from "sluice";
import { floats, given, ints, notATensor, type Refusal, type Row, type Sample } from "../row.ts";

const cosine = (i: number): number => Math.cos(1.1 * i + 0.2);

type Call = (x: sl.Tensor, filter: sl.Tensor) => sl.Tensor;

const convolved = (
  [x, filter]: readonly [readonly number[], readonly number[]],
  label: string,
  call: Call,
): Sample => ({
  label,
  inputs: [floats(x), floats(filter, cosine)],
  run: (a, b) => call(given(a), given(b)),
});

const pooled = (
  shape: readonly number[],
  label: string,
  call: (x: sl.Tensor) => sl.Tensor,
): Sample => ({ label, inputs: [floats(shape)], run: (x) => call(given(x)) });

type Pool = (
  x: sl.TensorLike,
  size: number | readonly [number, number],
  strides: number | readonly [number, number],
  pad: "valid" | "same" | number,
) => sl.Tensor;

const poolSamples = (pool: Pool): Sample[] => [
  pooled([4, 6, 2], "one image", (x) => pool(x, 2, 2, "valid")),
  pooled([2, 5, 7, 2], "a rest", (x) => pool(x, 2, 2, "valid")),
  pooled([1, 5, 6, 1], "overlapping", (x) => pool(x, [3, 2], [1, 2], "valid")),
  pooled([1, 5, 6, 2], "same", (x) => pool(x, [3, 2], [2, 2], "same")),
  pooled([2, 3, 3, 1], "pad 1", (x) => pool(x, 3, 2, 1)),
  pooled([1, 2, 3, 2], "window of one", (x) => pool(x, 1, 1, "valid")),
  { label: "int32", inputs: [ints([4, 4, 1])], run: (x) => pool(given(x), 2, 2, "valid") },
];

const poolRefusals = (pool: Pool): Refusal[] => [
  { error: sl.ShapeError, says: "rank 4", run: () => pool([[1, 2]], 1, 1, "valid") },
  {
    error: sl.ShapeError,
    says: "on an axis of 2",
    run: () => pool(sl.ones([2, 2, 1]), 3, 1, "valid"),
  },
  {
    error: sl.ArgumentError,
    says: "filterSize",
    run: () => pool(sl.ones([2, 2, 1]), 0, 1, "valid"),
  },
  {
    error: sl.ArgumentError,
    says: "strides",
    run: () => pool(sl.ones([2, 2, 1]), 1, 1.5, "valid"),
  },
  {
    error: sl.ArgumentError,
    says: "less than a window",
    run: () => pool(sl.ones([4, 4, 1]), 2, 1, 2),
  },
  {
    error: sl.ArgumentError,
    says: '"full"',
    run: () => pool(sl.ones([4, 4, 1]), 2, 1, "full" as "same"),
  },
  ...notATensor((x) => pool(x, 1, 1, "valid")),
];

export const convolutionRows: Readonly<Record<string, Row>> = {
  conv1d: {
    tolerance: "matMul",
    gradient: "matMul",
    samples: [
      convolved(
        [
          [5, 2],
          [3, 2, 2],
        ],
        "one example",
        (x, f) => sl.conv1d(x, f, 1, "valid"),
      ),
      convolved(
        [
          [2, 6, 1],
          [2, 1, 3],
        ],
        "valid",
        (x, f) => sl.conv1d(x, f, 1, "valid"),
      ),
      convolved(
        [
          [2, 5, 2],
          [4, 2, 1],
        ],
        "same",
        (x, f) => sl.conv1d(x, f, 1, "same"),
      ),
      convolved(
        [
          [1, 7, 2],
          [3, 2, 2],
        ],
        "stride 2, same",
        (x, f) => sl.conv1d(x, f, 2, "same"),
      ),
      convolved(
        [
          [2, 7, 2],
          [3, 2, 1],
        ],
        "stride 2, pad 2",
        (x, f) => sl.conv1d(x, f, 2, 2),
      ),
      convolved(
        [
          [1, 9, 1],
          [3, 1, 2],
        ],
        "dilation 3",
        (x, f) => sl.conv1d(x, f, 1, "valid", "NWC", 3),
      ),
      convolved(
        [
          [3, 1, 2],
          [1, 2, 3],
        ],
        "one tap",
        (x, f) => sl.conv1d(x, f, 1, "same"),
      ),
      convolved(
        [
          [2, 67, 3],
          [5, 3, 9],
        ],
        "several tiles",
        (x, f) => sl.conv1d(x, f, 1, "same"),
      ),
      {
        label: "int32",
        inputs: [ints([4, 1]), floats([2, 1, 2])],
        run: (x, f) => sl.conv1d(given(x), given(f), 1, "valid"),
      },
    ],
    refusals: [
      {
        error: sl.ShapeError,
        says: "rank 3",
        run: () => sl.conv1d(sl.ones([5]), sl.ones([1, 5, 1]), 1, "same"),
      },
      {
        error: sl.ShapeError,
        says: "2 input channels",
        run: () => sl.conv1d(sl.ones([5, 2]), sl.ones([3, 1, 1]), 1, "same"),
      },
      {
        error: sl.ShapeError,
        says: "rank 3",
        run: () => sl.conv1d(sl.ones([5, 2]), sl.ones([2, 1]), 1, "same"),
      },
      {
        error: sl.ShapeError,
        says: "5 elements (3, 2 apart) on an axis of 4",
        run: () => sl.conv1d(sl.ones([4, 1]), sl.ones([3, 1, 1]), 1, "valid", "NWC", 2),
      },
      {
        error: sl.ArgumentError,
        says: "for one of the two",
        run: () => sl.conv1d(sl.ones([9, 1]), sl.ones([2, 1, 1]), 2, "valid", "NWC", 2),
      },
      {
        error: sl.ArgumentError,
        says: "strides",
        run: () => sl.conv1d(sl.ones([9, 1]), sl.ones([2, 1, 1]), 0, "valid"),
      },
      {
        error: sl.ArgumentError,
        says: "pad",
        run: () => sl.conv1d(sl.ones([9, 1]), sl.ones([2, 1, 1]), 1, -1),
      },
      {
        error: sl.ArgumentError,
        says: "channels last",
        run: () => sl.conv1d(sl.ones([9, 1]), sl.ones([2, 1, 1]), 1, "same", "NCW" as "NWC"),
      },
      ...notATensor((x) => sl.conv1d(x, sl.ones([1, 1, 1]), 1, "valid")),
      ...notATensor((x) => sl.conv1d(sl.ones([3, 1]), x, 1, "valid")),
    ],
  },
  conv2d: {
    tolerance: "matMul",
    gradient: "matMul",
    samples: [
      convolved(
        [
          [4, 5, 2],
          [3, 2, 2, 2],
        ],
        "one image",
        (x, f) => sl.conv2d(x, f, 1, "valid"),
      ),
      convolved(
        [
          [2, 3, 4, 1],
          [3, 3, 1, 2],
        ],
        "same",
        (x, f) => sl.conv2d(x, f, 1, "same"),
      ),
      convolved(
        [
          [1, 6, 5, 1],
          [3, 2, 1, 2],
        ],
        "strides",
        (x, f) => sl.conv2d(x, f, [2, 3], "same"),
      ),
      convolved(
        [
          [1, 4, 4, 1],
          [2, 2, 1, 2],
        ],
        "pad 1",
        (x, f) => sl.conv2d(x, f, 1, 1),
      ),
      convolved(
        [
          [1, 6, 5, 1],
          [2, 2, 1, 2],
        ],
        "dilations",
        (x, f) => sl.conv2d(x, f, 1, "valid", "NHWC", [3, 2]),
      ),
      convolved(
        [
          [2, 12, 11, 3],
          [3, 3, 3, 5],
        ],
        "several tiles",
        (x, f) => sl.conv2d(x, f, 1, "same"),
      ),
    ],
    refusals: [
      {
        error: sl.ShapeError,
        says: "rank 4",
        run: () => sl.conv2d(sl.ones([5, 1]), sl.ones([1, 1, 1, 1]), 1, "same"),
      },
      {
        error: sl.ShapeError,
        says: "axis of 2",
        run: () => sl.conv2d(sl.ones([5, 2, 1]), sl.ones([3, 3, 1, 1]), 1, "valid"),
      },
      {
        error: sl.ArgumentError,
        says: "2 of them",
        run: () => sl.conv2d(sl.ones([5, 2, 1]), sl.ones([1, 1, 1, 1]), [1, 0], "valid"),
      },
      {
        error: sl.ArgumentError,
        says: "channels last",
        run: () =>
          sl.conv2d(sl.ones([5, 2, 1]), sl.ones([1, 1, 1, 1]), 1, "valid", "NCHW" as "NHWC"),
      },
      ...notATensor((x) => sl.conv2d(x, sl.ones([1, 1, 1, 1]), 1, "valid")),
    ],
  },
  maxPool: {
    tolerance: "exact",
    gradient: "gradient",
    samples: poolSamples(sl.maxPool),
    refusals: poolRefusals(sl.maxPool),
  },
  avgPool: {
    tolerance: "reduction",
    gradient: "gradient",
    samples: poolSamples(sl.avgPool),
    refusals: poolRefusals(sl.avgPool),
  },
};
