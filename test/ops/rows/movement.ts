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

type Call = (x: sl.Tensor) => sl.Tensor | readonly sl.Tensor[];

const one = (input: Input, call: Call, label?: string): Sample => ({
  inputs: [input],
  run: (x) => call(given(x)),
  ...(label === undefined ? {} : { label }),
});

const row = (samples: readonly Sample[], refusals: Row["refusals"]): Row => ({
  tolerance: "exact",
  gradient: "gradient",
  samples,
  refusals,
});

const shapeError = (says: string | RegExp, run: () => unknown): Row["refusals"][number] => ({
  error: sl.ShapeError,
  says,
  run,
});

export const movementRows: Readonly<Record<string, Row>> = {
  cast: {
    tolerance: "exact",
    gradient: null,
    samples: [
      one(floats([7]), (x) => sl.cast(x, "int32")),
      one(floats([2, 3]), (x) => sl.cast(x, "bool")),
      one(
        floats([5], (i) => i % 2),
        (x) => sl.cast(x, "bool"),
      ),
      one(ints([7]), (x) => sl.cast(x, "float32")),
      one(ints([2, 3]), (x) => sl.cast(x, "bool")),
      one(bools([257]), (x) => sl.cast(x, "float32")),
      one(bools([]), (x) => sl.cast(x, "int32")),
      one(floats([3]), (x) => sl.cast(x, "float32")),
      one(
        floats([3], (i) => (i - 1) * 3e9),
        (x) => sl.cast(x, "int32"),
        "saturates",
      ),
    ],
    refusals: [...notATensor((x) => sl.cast(x, "int32"))],
  },
  reshape: row(
    [
      one(floats([]), (x) => sl.reshape(x, [1, 1])),
      one(floats([6]), (x) => sl.reshape(x, [2, 3])),
      one(floats([2, 3]), (x) => sl.reshape(x, [-1])),
      one(floats([2, 3, 4]), (x) => sl.reshape(x, [4, -1, 3])),
      one(floats([1]), (x) => sl.reshape(x, [])),
      one(ints([2, 6]), (x) => sl.reshape(x, [3, 4])),
      one(bools([4]), (x) => sl.reshape(x, [2, 2])),
      one(floats([3, 4]), (x) => sl.reshape(sl.transpose(x), [2, 6]), "of a transposed matrix"),
      one(floats([13, 7]), (x) => sl.reshape(x, [7, 13])),
    ],
    [
      shapeError("6 elements", () => sl.reshape([1, 2, 3, 4, 5, 6], [4])),
      shapeError("one -1", () => sl.reshape([1, 2, 3, 4], [-1, -1])),
      shapeError("divide 4", () => sl.reshape([1, 2, 3, 4], [3, -1])),
      shapeError("whole numbers", () => sl.reshape([1, 2], [0.5, 4])),
      ...notATensor((x) => sl.reshape(x, [1])),
    ],
  ),
  transpose: row(
    [
      one(floats([]), (x) => sl.transpose(x)),
      one(floats([5]), (x) => sl.transpose(x)),
      one(floats([2, 3]), (x) => sl.transpose(x)),
      one(floats([2, 3, 4]), (x) => sl.transpose(x)),
      one(floats([2, 3, 4]), (x) => sl.transpose(x, [1, 0, 2])),
      one(floats([2, 1, 3, 5]), (x) => sl.transpose(x, [2, 0, 3, 1])),
      one(ints([3, 2]), (x) => sl.transpose(x)),
      one(bools([3, 2]), (x) => sl.transpose(x)),
      one(floats([13, 67]), (x) => sl.transpose(x)),
    ],
    [
      shapeError("each axis", () => sl.transpose([[1, 2]], [0])),
      shapeError("each axis", () => sl.transpose([[1, 2]], [0, 0])),
      shapeError("each axis", () => sl.transpose([[1, 2]], [0, 2])),
      ...notATensor((x) => sl.transpose(x)),
    ],
  ),
  expandDims: row(
    [
      one(floats([]), (x) => sl.expandDims(x)),
      one(floats([3]), (x) => sl.expandDims(x)),
      one(floats([3]), (x) => sl.expandDims(x, 1)),
      one(floats([2, 3]), (x) => sl.expandDims(x, -1)),
      one(floats([2, 3]), (x) => sl.expandDims(x, -3)),
      one(ints([2, 3]), (x) => sl.expandDims(x, 1)),
      one(bools([3]), (x) => sl.expandDims(x)),
      one(floats([2, 3, 2]), (x) => sl.expandDims(x, 3)),
    ],
    [
      shapeError("axis 2", () => sl.expandDims([1], 2)),
      shapeError("axis -3", () => sl.expandDims([1], -3)),
      shapeError("axis 0.5", () => sl.expandDims([1], 0.5)),
    ],
  ),
  squeeze: row(
    [
      one(floats([1]), (x) => sl.squeeze(x)),
      one(floats([3]), (x) => sl.squeeze(x)),
      one(floats([1, 3, 1]), (x) => sl.squeeze(x)),
      one(floats([1, 3, 1]), (x) => sl.squeeze(x, 0)),
      one(floats([1, 3, 1]), (x) => sl.squeeze(x, [-1])),
      one(floats([2, 1, 1, 3]), (x) => sl.squeeze(x, [1, 2])),
      one(ints([1, 1]), (x) => sl.squeeze(x)),
      one(bools([1, 4]), (x) => sl.squeeze(x)),
    ],
    [
      shapeError("size 1", () => sl.squeeze([[1, 2]], 1)),
      shapeError("axis 3", () => sl.squeeze([[1, 2]], 3)),
    ],
  ),
  broadcastTo: row(
    [
      one(floats([]), (x) => sl.broadcastTo(x, [2, 3])),
      one(floats([3]), (x) => sl.broadcastTo(x, [3])),
      one(floats([3]), (x) => sl.broadcastTo(x, [2, 3])),
      one(floats([3, 1]), (x) => sl.broadcastTo(x, [2, 3, 4])),
      one(floats([1, 3, 1]), (x) => sl.broadcastTo(x, [5, 3, 2])),
      one(ints([2, 1]), (x) => sl.broadcastTo(x, [2, 3])),
      one(bools([1]), (x) => sl.broadcastTo(x, [7])),
      one(floats([1, 13]), (x) => sl.broadcastTo(x, [65, 13])),
    ],
    [
      shapeError("does not stretch", () => sl.broadcastTo([1, 2], [3])),
      shapeError("does not stretch", () => sl.broadcastTo([[1, 2]], [2])),
    ],
  ),
  tile: row(
    [
      one(floats([]), (x) => sl.tile(x, [])),
      one(floats([3]), (x) => sl.tile(x, [1])),
      one(floats([3]), (x) => sl.tile(x, [4])),
      one(floats([2, 3]), (x) => sl.tile(x, [2, 1])),
      one(floats([2, 3]), (x) => sl.tile(x, [3, 2])),
      one(floats([2, 1, 3]), (x) => sl.tile(x, [1, 4, 2])),
      one(ints([2]), (x) => sl.tile(x, [3])),
      one(bools([2, 2]), (x) => sl.tile(x, [1, 3])),
    ],
    [
      shapeError("one number an axis", () => sl.tile([1, 2], [2, 2])),
      { error: sl.ArgumentError, says: "-1", run: () => sl.tile([1, 2], [-1]) },
    ],
  ),
  reverse: row(
    [
      one(floats([]), (x) => sl.reverse(x)),
      one(floats([7]), (x) => sl.reverse(x)),
      one(floats([2, 3]), (x) => sl.reverse(x)),
      one(floats([2, 3]), (x) => sl.reverse(x, 1)),
      one(floats([2, 3, 4]), (x) => sl.reverse(x, [0, -1])),
      one(floats([2, 1, 3, 2]), (x) => sl.reverse(x, [])),
      one(ints([5]), (x) => sl.reverse(x)),
      one(bools([5]), (x) => sl.reverse(x)),
    ],
    [shapeError("axis 2", () => sl.reverse([[1, 2]], 2))],
  ),
  flatten: row(
    [[], [1], [7], [2, 3], [3, 1, 5], [2, 1, 3, 2], [13, 5]].map((shape) =>
      one(floats(shape), (x) => sl.flatten(x)),
    ),
    notATensor((x) => sl.flatten(x)),
  ),
  clone: row(
    [[], [7], [2, 3]].map((shape) => one(floats(shape), (x) => sl.clone(x))),
    notATensor((x) => sl.clone(x)),
  ),
  stopGradient: {
    tolerance: "exact",
    gradient: null,
    samples: [
      one(floats([]), (x) => sl.stopGradient(x)),
      one(floats([2, 3]), (x) => sl.stopGradient(x)),
      one(ints([7]), (x) => sl.stopGradient(x)),
      one(
        floats([4], (i) => i / 4),
        (x) => sl.add(sl.stopGradient(sl.add(x, 1)), x),
        "in an expression",
      ),
    ],
    refusals: notATensor((x) => sl.stopGradient(x)),
  },
  slice: row(
    [
      one(floats([7]), (x) => sl.slice(x, 2)),
      one(floats([7]), (x) => sl.slice(x, 2, 3)),
      one(floats([5, 7]), (x) => sl.slice(x, [1, 2], [3, 4])),
      one(floats([5, 7]), (x) => sl.slice(x, [4])),
      one(floats([5, 7]), (x) => sl.slice(x, [0, 3], [-1, 1])),
      one(floats([3, 4, 5]), (x) => sl.slice(x, [1, 0, 2], [1, 4, 3])),
      one(floats([2, 3, 1, 4]), (x) => sl.slice(x, [0, 1], [2, 2])),
      one(ints([7]), (x) => sl.slice(x, 1, 2)),
      one(bools([7]), (x) => sl.slice(x, 1, 5)),
      one(floats([67, 13]), (x) => sl.slice(x, [3, 1], [61, 11])),
    ],
    [
      shapeError("leave", () => sl.slice([1, 2, 3], 2, 2)),
      shapeError("stridedSlice", () => sl.slice([1, 2, 3], 4)),
      shapeError("leave", () => sl.slice([1, 2, 3], -1, 1)),
      shapeError("at most one number", () => sl.slice([1, 2, 3], [0, 0])),
    ],
  ),
  stridedSlice: row(
    [
      one(floats([7]), (x) => sl.stridedSlice(x, [1], [6], [2])),
      one(floats([7]), (x) => sl.stridedSlice(x, [-1], [0], [-2])),
      one(floats([7]), (x) => sl.stridedSlice(x, [0], [0], [-1], 1, 1)),
      one(floats([5, 7]), (x) => sl.stridedSlice(x, [0, 1], [5, 7], [3, 2])),
      one(floats([5, 7]), (x) => sl.stridedSlice(x, [1], [-1])),
      one(floats([5, 7]), (x) => sl.stridedSlice(x, [3, 100], [1, -100], [-1, -3])),
      one(floats([3, 4, 5]), (x) => sl.stridedSlice(x, [0, 1, 0], [3, 4, 5], [2, 2, 2])),
      one(ints([9]), (x) => sl.stridedSlice(x, [0], [9], [4])),
      one(bools([9]), (x) => sl.stridedSlice(x, [8], [2], [-3])),
      one(
        floats([3, 4, 5]),
        (x) => sl.stridedSlice(x, [0, 0, 1], [0, 0, 4], [1, 1, 2], 0, 0, 1, 2),
        "x[..., newaxis, 1:4:2]",
      ),
      one(
        floats([3, 4, 5]),
        (x) => sl.stridedSlice(x, [-1, 3], [0, 0], [1, -1], 0, 2, 0, 0, 1),
        "x[-1, 3::-1]",
      ),
    ],
    [
      {
        error: sl.ArgumentError,
        says: "other than 0",
        run: () => sl.stridedSlice([1], [0], [1], [0]),
      },
      shapeError("at most one number", () => sl.stridedSlice([1], [0, 0], [1])),
      shapeError("-3 to 2", () => sl.stridedSlice([1, 2, 3], [3], [4], [1], 0, 0, 0, 0, 1)),
      shapeError("stride above 0", () => sl.stridedSlice([1, 2, 3], [1], [2], [-1], 0, 0, 0, 0, 1)),
      {
        error: sl.ArgumentError,
        says: "one at most",
        run: () => sl.stridedSlice([[1]], [0, 0], [0, 0], [1, 1], 0, 0, 3),
      },
    ],
  ),
  pad: row(
    [
      one(floats([3]), (x) => sl.pad(x, [[0, 0]])),
      one(floats([3]), (x) => sl.pad(x, [[2, 1]])),
      one(floats([2, 3]), (x) =>
        sl.pad(x, [
          [1, 0],
          [0, 2],
        ]),
      ),
      one(floats([2, 3]), (x) =>
        sl.pad(
          x,
          [
            [1, 1],
            [2, 2],
          ],
          7.5,
        ),
      ),
      one(floats([2, 1, 3]), (x) =>
        sl.pad(x, [
          [0, 1],
          [1, 1],
          [2, 0],
        ]),
      ),
      one(ints([3]), (x) => sl.pad(x, [[1, 1]], 4)),
      one(bools([3]), (x) => sl.pad(x, [[1, 1]])),
      one(
        floats([3], (i) => i / 4),
        (x) => sl.pad(sl.add(x, 1), [[2, 1]]),
        "of an expression",
      ),
      { label: "of a constant", inputs: [], run: () => sl.pad(sl.ones([3]), [[2, 1]]) },
      { label: "of a number", inputs: [], run: () => sl.pad(sl.fill([3], 2.5), [[2, 1]]) },
      one(floats([13, 7]), (x) =>
        sl.pad(x, [
          [3, 2],
          [1, 5],
        ]),
      ),
    ],
    [
      shapeError("for each of 1 axes", () =>
        sl.pad(
          [1],
          [
            [0, 0],
            [0, 0],
          ],
        ),
      ),
      shapeError("whole numbers", () => sl.pad([1], [[-1, 0]])),
    ],
  ),
  mirrorPad: row(
    [
      one(floats([4]), (x) => sl.mirrorPad(x, [[3, 2]], "reflect")),
      one(floats([4]), (x) => sl.mirrorPad(x, [[4, 2]], "symmetric")),
      one(floats([4]), (x) => sl.mirrorPad(x, [[0, 1]], "reflect")),
      one(floats([3, 4]), (x) =>
        sl.mirrorPad(
          x,
          [
            [1, 1],
            [2, 0],
          ],
          "reflect",
        ),
      ),
      one(floats([3, 4]), (x) =>
        sl.mirrorPad(
          x,
          [
            [1, 2],
            [2, 3],
          ],
          "symmetric",
        ),
      ),
      one(ints([4]), (x) => sl.mirrorPad(x, [[1, 1]], "reflect")),
      one(bools([4]), (x) => sl.mirrorPad(x, [[1, 1]], "symmetric")),
    ],
    [
      shapeError("from 0 to 1", () => sl.mirrorPad([1, 2], [[2, 0]], "reflect")),
      shapeError("one an axis", () => sl.mirrorPad([1, 2], [], "reflect")),
    ],
  ),
};
