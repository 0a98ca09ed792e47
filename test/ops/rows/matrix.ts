import * as sl from "sluice";
import { floats, given, ints, notATensor, type Row, type Sample } from "../row.ts";

const cosine = (i: number): number => Math.cos(1.1 * i + 0.2);

const pair = (
  [a, b]: readonly [readonly number[], readonly number[]],
  call: (a: sl.Tensor, b: sl.Tensor) => sl.Tensor,
  label?: string,
): Sample => ({
  inputs: [floats(a), floats(b, cosine)],
  run: (x, y) => call(given(x), given(y)),
  ...(label === undefined ? {} : { label }),
});

const einsum = (equation: string, ...shapes: readonly (readonly number[])[]): Sample => ({
  label: equation,
  inputs: shapes.map((shape, k) => floats(shape, (i) => Math.sin(1.3 * i + k + 0.3))),
  run: (...xs) => sl.einsum(equation, ...xs),
});

const alongAxis = (call: (x: sl.TensorLike, axis?: number) => sl.Tensor): Sample[] =>
  (
    [
      [[1], -1],
      [[7], -1],
      [[7], 0],
      [[2, 5], 1],
      [[2, 5], 0],
      [[2, 3, 4], 1],
      [[2, 1, 3, 33], -1],
      [[5, 67], -1],
      [[3, 257], -1],
    ] as const
  ).map(([shape, axis]) => ({
    label: `axis ${axis}`,
    inputs: [floats(shape)],
    run: (x) => call(given(x), axis),
  }));

export const matrixRows: Readonly<Record<string, Row>> = {
  matMul: {
    tolerance: "matMul",
    gradient: "matMul",
    samples: [
      ...[
        [
          [1, 1],
          [1, 1],
        ],
        [
          [2, 3],
          [3, 4],
        ],
        [
          [1, 7],
          [7, 1],
        ],
        [
          [2, 3, 4],
          [4, 5],
        ],
        [
          [2, 3, 4],
          [2, 4, 5],
        ],
        [
          [2, 1, 3, 4],
          [3, 4, 2],
        ],
        [
          [3, 4],
          [2, 4, 5],
        ],
        [
          [13, 17],
          [17, 19],
        ],
        [
          [65, 33],
          [33, 67],
        ],
      ].map(([a = [], b = []]) => pair([a, b], (x, y) => sl.matMul(x, y))),
      pair(
        [
          [3, 2],
          [3, 4],
        ],
        (x, y) => sl.matMul(x, y, true),
        "transposeA",
      ),
      pair(
        [
          [2, 3],
          [4, 3],
        ],
        (x, y) => sl.matMul(x, y, false, true),
        "transposeB",
      ),
      pair(
        [
          [3, 2],
          [4, 3],
        ],
        (x, y) => sl.matMul(x, y, true, true),
        "both",
      ),
      pair(
        [
          [2, 5, 3],
          [2, 5, 4],
        ],
        (x, y) => sl.matMul(x, y, true),
        "stack, transposeA",
      ),
      pair(
        [
          [2, 3, 5],
          [4, 5],
        ],
        (x, y) => sl.matMul(x, y, false, true),
        "stack, transposeB",
      ),
      pair(
        [
          [129, 5],
          [129, 7],
        ],
        (x, y) => sl.matMul(x, y, true),
        "long sum",
      ),
      pair(
        [
          [2, 3],
          [4, 3],
        ],
        (x, y) => sl.matMul(x, sl.transpose(y)),
        "of a transposed matrix",
      ),
      pair(
        [
          [5, 3],
          [3, 4],
        ],
        (x, y) => sl.relu(sl.add(sl.matMul(x, y), 0.5)),
        "with an epilogue",
      ),
      pair(
        [
          [1, 3, 0],
          [0, 8],
        ],
        (x, y) => sl.matMul(x, y),
        "nothing to sum",
      ),
      pair(
        [
          [2, 0, 3],
          [4, 0],
        ],
        (x, y) => sl.add(sl.matMul(x, y, true, true), 1),
        "nothing to sum, both transposed",
      ),
      pair(
        [
          [0, 3],
          [3, 4],
        ],
        (x, y) => sl.matMul(x, y),
        "no rows",
      ),
    ],
    refusals: [
      {
        error: sl.ShapeError,
        says: "inner sizes 2 and 3",
        run: () => sl.matMul([[1, 2]], [[1], [2], [3]]),
      },
      {
        error: sl.ShapeError,
        says: "inner sizes 2 and 1",
        run: () => sl.matMul(sl.ones([2, 3, 2]), [[1, 2]]),
      },
      {
        error: sl.ShapeError,
        says: "transposeA true",
        run: () => sl.matMul([[1, 2]], [[1], [2]], true),
      },
      { error: sl.ShapeError, says: "rank 2 or more", run: () => sl.matMul([1, 2], [[1], [2]]) },
      {
        error: sl.ShapeError,
        says: "broadcast",
        run: () => sl.matMul(sl.ones([2, 1, 1]), sl.ones([3, 1, 1])),
      },
      ...notATensor((x) => sl.matMul(x, [[1]])),
    ],
  },
  dot: {
    tolerance: "matMul",
    gradient: "matMul",
    samples: [
      pair([[5], [5]], sl.dot),
      pair([[1], [1]], sl.dot),
      pair([[2, 3], [3]], sl.dot),
      pair([[3], [3, 4]], sl.dot),
      pair(
        [
          [2, 3],
          [3, 4],
        ],
        sl.dot,
      ),
      pair([[257], [257]], sl.dot),
    ],
    refusals: [
      { error: sl.ShapeError, says: "last size", run: () => sl.dot([1, 2], [1, 2, 3]) },
      { error: sl.ShapeError, says: "rank 1 or 2", run: () => sl.dot(1, [1]) },
    ],
  },
  outerProduct: {
    tolerance: "arithmetic",
    gradient: "gradient",
    samples: [
      pair([[1], [1]], sl.outerProduct),
      pair([[3], [5]], sl.outerProduct),
      pair([[13], [67]], sl.outerProduct),
    ],
    refusals: [{ error: sl.ShapeError, says: "rank 1", run: () => sl.outerProduct([[1]], [1]) }],
  },
  einsum: {
    tolerance: "matMul",
    gradient: "matMul",
    samples: [
      einsum("i->i", [5]),
      einsum("ij->ji", [2, 3]),
      einsum("ij->", [2, 3]),
      einsum("ijk->ki", [2, 3, 4]),
      einsum("i,i->", [5], [5]),
      einsum("i,j->ij", [3], [4]),
      einsum("ij,jk->ik", [2, 3], [3, 4]),
      einsum("ij,kj->ki", [2, 3], [4, 3]),
      einsum("bij,bjk->bik", [2, 3, 4], [2, 4, 2]),
      einsum("bqhd,bkhd->bhqk", [2, 3, 2, 4], [2, 5, 2, 4]),
      einsum("ijk,j->i", [2, 3, 4], [3]),
    ],
    refusals: [
      { error: sl.ArgumentError, says: "two operands", run: () => sl.einsum("ij", [[1]]) },
      { error: sl.ArgumentError, says: "two operands", run: () => sl.einsum("ii->i", [[1]]) },
      { error: sl.ArgumentError, says: "two operands", run: () => sl.einsum("ij->ik", [[1]]) },
      { error: sl.ArgumentError, says: "as many tensors", run: () => sl.einsum("i,i->", [1]) },
      { error: sl.ShapeError, says: "an axis for each", run: () => sl.einsum("ij->ij", [1]) },
      { error: sl.ShapeError, says: "one size", run: () => sl.einsum("i,i->", [1], [1, 2]) },
    ],
  },
  softmax: {
    tolerance: "softmax",
    gradient: "gradient",
    samples: alongAxis(sl.softmax),
    refusals: [
      { error: sl.ShapeError, says: "scalar", run: () => sl.softmax(1) },
      { error: sl.ShapeError, says: "axis 1", run: () => sl.softmax([1], 1) },
      ...notATensor((x) => sl.softmax(x)),
    ],
  },
  logSoftmax: {
    tolerance: "logSoftmax",
    gradient: "gradient",
    samples: [
      ...alongAxis(sl.logSoftmax),
      { inputs: [ints([7])], run: (x) => sl.logSoftmax(given(x)) },
    ],
    refusals: [
      { error: sl.ShapeError, says: "scalar", run: () => sl.logSoftmax(1) },
      { error: sl.ShapeError, says: "axis 1", run: () => sl.logSoftmax([1], 1) },
    ],
  },
};
