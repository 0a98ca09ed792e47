import { DTypeError, ShapeError, Tensor } from "sluice";
import type { Value } from "../../../src/graph/node.ts";
import { ops } from "../../../src/ops/index.ts";
import type { CtcInputs } from "../../../src/ops/ops.ts";
import { floats, ints, type Row, type Sample, wave } from "../row.ts";

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
const rmsNorm = call((...[x, gamma]) => ops.rmsNorm(need(x), need(gamma), 1e-3));
const rmsNormGradient = call((...[x, gamma, dy]) =>
  ops.rmsNormGradient(need(x), need(gamma), need(dy), 1e-3),
);
const crossEntropy = call((...[logits, labels]) =>
  ops.sparseCrossEntropy(need(logits), need(labels)),
);
const crossEntropyGradient = call((...[logits, labels, dy]) =>
  ops.sparseCrossEntropyGradient(need(logits), need(labels), need(dy)),
);

const smoothEntropy = call((...[logits, labels]) =>
  ops.sparseCrossEntropy(need(logits), need(labels), 0.3),
);
const smoothEntropyGradient = call((...[logits, labels, dy]) =>
  ops.sparseCrossEntropyGradient(need(logits), need(labels), need(dy), 0.3),
);

const ctcLoss = call((...[logProbs, labels, inputLengths, labelLengths]) =>
  ops.ctcLoss(ctcInputs([logProbs, labels, inputLengths, labelLengths])),
);
const ctcLossGradient = call((...[logProbs, labels, inputLengths, labelLengths, dy]) =>
  ops.ctcLossGradient(ctcInputs([logProbs, labels, inputLengths, labelLengths]), need(dy)),
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

const scaled = (shapes: readonly (readonly number[])[], withRows: boolean): Sample[] =>
  shapes.map((shape) => ({
    inputs: [
      floats(shape),
      floats(shape.slice(-1), cosine),
      ...(withRows ? [floats(shape, (i) => Math.sin(2.7 * i))] : []),
    ],
    run: withRows ? rmsNormGradient : rmsNorm,
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

const smoothed = (shapes: readonly (readonly number[])[], withRows: boolean): Sample[] =>
  labelled(shapes, withRows).map((sample) => ({
    ...sample,
    label: "smoothed",
    run: withRows ? smoothEntropyGradient : smoothEntropy,
  }));

/** Rows of [B, T, C] with [B, L] labels: repeated ones, empty ones, rows that end before T and L. */
const aligned = (shapes: readonly (readonly number[])[], withRows: boolean): Sample[] =>
  shapes.map(([rows = 0, steps = 0, classes = 0, width = 0]) => ({
    inputs: [
      floats([rows, steps, classes], (i) => wave(i) - 2),
      ints([rows, width], (i) => (Math.floor(i / 2) % (classes - 1)) + 1),
      ints([rows], (b) => steps - (b % 2)),
      ints([rows], (b) => Math.min(width - (b % 3), Math.floor((steps - 1) / 2))),
      ...(withRows ? [floats([rows], cosine)] : []),
    ],
    run: withRows ? ctcLossGradient : ctcLoss,
  }));

const scattered = (ids: readonly number[], rest: readonly number[], rows: number): Sample => ({
  label: `into ${rows} rows`,
  inputs: [ints(ids, (i) => (i * 5 + 2) % rows), floats([...ids, ...rest])],
  run: call((...[index, updates]) => ops.scatterAdd(need(index), need(updates), rows)),
});

const append = (cache: Tensor, rows: Tensor): Value =>
  ops.cacheAppend(cache.value, rows.value, zeros([], "int32").value);

const NORM_SHAPES = [[1], [5], [2, 3], [3, 2, 7], [2, 33], [4, 65], [3, 257]];
// B, T, C, L: one step, one label, states beyond a workgroup's 64 invocations, steps beyond several shifts of 8.
const CTC_SHAPES = [
  [1, 1, 2, 1],
  [2, 4, 3, 2],
  [3, 5, 4, 2],
  [2, 27, 3, 4],
  [3, 70, 5, 34],
];
const CLASS_SHAPES = [[1], [5], [2, 3], [2, 3, 7], [3, 33], [67, 5], [3, 257]];

/** Rows [B, T, ..rest] for a cache [B, S, ..rest] at a position: inside, at both ends, and beyond them. */
const appended = (positions: readonly number[], [b, t, s, ...rest]: number[]): Sample[] =>
  positions.map((position) => ({
    label: `at ${position}`,
    inputs: [
      floats([b ?? 1, s ?? 1, ...rest]),
      floats([b ?? 1, t ?? 1, ...rest], cosine),
      ints([], () => position),
    ],
    run: call((...[cache, rows, at]) => ops.cacheAppend(need(cache), need(rows), need(at))),
  }));

export const internalTable: Readonly<Record<string, Row>> = {
  cacheAppend: {
    tolerance: "exact",
    gradient: "gradient",
    samples: [
      ...appended([0, 3, 4, 5, 9, -1], [2, 2, 5, 3]),
      ...appended([7], [3, 1, 20, 2, 17]),
      ...appended([1], [1, 1, 2]),
    ],
    refusals: [
      refusal(ShapeError, "[2,1,4]", () => append(zeros([2, 5, 3]), zeros([2, 1, 4]))),
      refusal(ShapeError, "second axis", () => append(zeros([2, 5, 3]), zeros([1, 1, 3]))),
      refusal(DTypeError, "same dtype", () => append(zeros([2, 5]), zeros([2, 1], "int32"))),
      refusal(DTypeError, "position", () =>
        ops.cacheAppend(zeros([2, 5]).value, zeros([2, 1]).value, zeros([1]).value),
      ),
    ],
  },
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
  rmsNorm: {
    tolerance: "normalization",
    gradient: "normalization",
    samples: scaled(NORM_SHAPES, false),
    refusals: [
      refusal(ShapeError, "5 features", () => rmsNorm(zeros([2, 5]), zeros([4]))),
      refusal(ShapeError, "rank 1", () => rmsNorm(zeros([]), zeros([]))),
    ],
  },
  rmsNormGradient: {
    tolerance: "normalization",
    gradient: "normalization",
    samples: scaled(NORM_SHAPES.slice(1), true),
    refusals: [
      refusal(ShapeError, "dy", () => rmsNormGradient(zeros([2, 5]), zeros([5]), zeros([5]))),
    ],
  },
  sparseCrossEntropy: {
    tolerance: "logSoftmax",
    gradient: "gradient",
    samples: [...labelled(CLASS_SHAPES, false), ...smoothed(CLASS_SHAPES, false)],
    refusals: [
      refusal(DTypeError, "labels", () => crossEntropy(zeros([2, 5]), zeros([2]))),
      refusal(ShapeError, "one label", () => crossEntropy(zeros([2, 5]), zeros([3], "int32"))),
    ],
  },
  sparseCrossEntropyGradient: {
    tolerance: "gradient",
    gradient: "gradient",
    samples: [...labelled(CLASS_SHAPES, true), ...smoothed(CLASS_SHAPES, true)],
    refusals: [
      refusal(ShapeError, "dy", () =>
        crossEntropyGradient(zeros([2, 5]), zeros([2], "int32"), zeros([3])),
      ),
    ],
  },
  ctcLoss: {
    tolerance: "loss",
    gradient: "gradient",
    samples: aligned(CTC_SHAPES, false),
    refusals: [
      refusal(ShapeError, "[B,T,C]", () => ctcLoss(zeros([2, 5]), ...ctcZeros(2, 3))),
      refusal(ShapeError, "[B,L]", () => ctcLoss(zeros([3, 5, 4]), ...ctcZeros(2, 3))),
      refusal(ShapeError, "size 0", () => ctcLoss(zeros([2, 5, 4]), ...ctcZeros(2, 0))),
      refusal(ShapeError, "lengths", () =>
        ctcLoss(zeros([2, 5, 4]), zeros([2, 3], "int32"), zeros([3], "int32"), zeros([2], "int32")),
      ),
      refusal(DTypeError, "int32", () =>
        ctcLoss(zeros([2, 5, 4]), zeros([2, 3]), zeros([2], "int32"), zeros([2], "int32")),
      ),
      refusal(DTypeError, "float32", () => ctcLoss(zeros([2, 5, 4], "int32"), ...ctcZeros(2, 3))),
    ],
  },
  ctcLossGradient: {
    tolerance: "gradient",
    gradient: "gradient",
    samples: aligned(CTC_SHAPES.slice(0, 3), true),
    refusals: [
      refusal(ShapeError, "dy", () =>
        ctcLossGradient(zeros([2, 5, 4]), ...ctcZeros(2, 3), zeros([3])),
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

function ctcZeros(rows: number, width: number): [Tensor, Tensor, Tensor] {
  return [zeros([rows, width], "int32"), zeros([rows], "int32"), zeros([rows], "int32")];
}

function ctcInputs(inputs: readonly (Value | undefined)[]): CtcInputs {
  const [logProbs, labels, inputLengths, labelLengths] = inputs.map(need);
  return {
    logProbs: need(logProbs),
    labels: need(labels),
    inputLengths: need(inputLengths),
    labelLengths: need(labelLengths),
  };
}

function need(x: Value | undefined): Value {
  if (x === undefined) throw new RangeError("the sample lacks an input");
  return x;
}
