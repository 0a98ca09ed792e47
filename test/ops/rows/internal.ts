import { DTypeError, ShapeError, Tensor } from "sluice";
import type { Value } from "../../../src/graph/node.ts";
import { ops } from "../../../src/ops/index.ts";
import { floats, ints, type Row, type Sample } from "../row.ts";

/** Ops that have no public function of their own: layers and losses call them. */
const call =
  (op: (...xs: Value[]) => Value | readonly Value[]) =>
  (...xs: Tensor[]): Tensor[] =>
    [op(...xs.map((x) => x.value))].flat().map(Tensor.of);

const layerNorm = call((...[x, gamma, beta]) =>
  ops.layerNorm(need(x), need(gamma), need(beta), 1e-3),
);
const layerNormGradient = call((...[x, gamma, dy]) =>
  ops.layerNormGradient(need(x), need(gamma), need(dy), 1e-3),
);
const crossEntropy = call((...[logits, labels]) =>
  ops.sparseCrossEntropy(need(logits), need(labels)),
);
const crossEntropyGradient = call((...[logits, labels, dy]) =>
  ops.sparseCrossEntropyGradient(need(logits), need(labels), need(dy)),
);

const cosine = (i: number): number => Math.cos(1.1 * i + 0.2);

const normalized = (shapes: readonly (readonly number[])[], withRows: boolean): Sample[] =>
  shapes.map((shape) => ({
    inputs: [
      floats(shape),
      floats(shape.slice(-1), cosine),
      floats(withRows ? shape : shape.slice(-1), (i) => Math.sin(2.7 * i)),
    ],
    run: withRows ? layerNormGradient : layerNorm,
  }));

const labelled = (shapes: readonly (readonly number[])[], withRows: boolean): Sample[] =>
  shapes.map((shape) => {
    const rows = shape.slice(0, -1);
    const labels = ints(rows, (i) => (i * 3 + 1) % (shape.at(-1) ?? 1));
    return {
      inputs: [floats(shape), labels, ...(withRows ? [floats(rows, cosine)] : [])],
      run: withRows ? crossEntropyGradient : crossEntropy,
    };
  });

const scattered = (ids: readonly number[], rest: readonly number[], rows: number): Sample => ({
  label: `into ${rows} rows`,
  inputs: [ints(ids, (i) => (i * 5 + 2) % rows), floats([...ids, ...rest])],
  run: call((...[index, updates]) => ops.scatterAdd(need(index), need(updates), rows)),
});

const NORM_SHAPES = [[1], [5], [2, 3], [3, 2, 7], [2, 33], [4, 65], [3, 257]];
const CLASS_SHAPES = [[1], [5], [2, 3], [2, 3, 7], [3, 33], [67, 5], [3, 257]];

export const internalTable: Readonly<Record<string, Row>> = {
  layerNorm: {
    tolerance: "normalization",
    gradient: "normalization",
    samples: normalized(NORM_SHAPES, false),
    refusals: [
      refusal(ShapeError, "5 features", () => layerNorm(zeros([2, 5]), zeros([4]), zeros([5]))),
      refusal(ShapeError, "rank 1", () => layerNorm(zeros([]), zeros([]), zeros([]))),
    ],
  },
  layerNormGradient: {
    tolerance: "normalization",
    gradient: "normalization",
    samples: normalized(NORM_SHAPES.slice(1), true),
    refusals: [
      refusal(ShapeError, "dy", () => layerNormGradient(zeros([2, 5]), zeros([5]), zeros([5]))),
    ],
  },
  sparseCrossEntropy: {
    tolerance: "logSoftmax",
    gradient: "gradient",
    samples: labelled(CLASS_SHAPES, false),
    refusals: [
      refusal(DTypeError, "labels", () => crossEntropy(zeros([2, 5]), zeros([2]))),
      refusal(ShapeError, "one label", () => crossEntropy(zeros([2, 5]), zeros([3], "int32"))),
    ],
  },
  sparseCrossEntropyGradient: {
    tolerance: "gradient",
    gradient: "gradient",
    samples: labelled(CLASS_SHAPES, true),
    refusals: [
      refusal(ShapeError, "dy", () =>
        crossEntropyGradient(zeros([2, 5]), zeros([2], "int32"), zeros([3])),
      ),
    ],
  },
  scatterAdd: {
    tolerance: "reduction",
    gradient: "gradient",
    samples: [
      scattered([1], [], 1),
      scattered([5], [], 3),
      scattered([4], [3], 7),
      scattered([2, 3], [2], 4),
      scattered([65], [5], 3),
      scattered([7], [257], 9),
      {
        label: "rows that are not there",
        jumps: true,
        inputs: [ints([5], (i) => i - 1), floats([5, 2])],
        run: call((...[index, updates]) => ops.scatterAdd(need(index), need(updates), 3)),
      },
    ],
    refusals: [
      refusal(ShapeError, "begin with", () =>
        Tensor.of(ops.scatterAdd(zeros([3], "int32").value, zeros([2]).value, 4)),
      ),
      refusal(DTypeError, "int32", () =>
        Tensor.of(ops.scatterAdd(zeros([3]).value, zeros([3]).value, 4)),
      ),
    ],
  },
};

function refusal(
  error: Row["refusals"][number]["error"],
  says: string,
  run: () => unknown,
): Row["refusals"][number] {
  return { error, says, run };
}

function zeros(shape: readonly number[], dtype: "float32" | "int32" = "float32"): Tensor {
  return Tensor.of(ops.literal(0, shape, dtype));
}

function need(x: Value | undefined): Value {
  if (x === undefined) throw new RangeError("the sample lacks an input");
  return x;
}
