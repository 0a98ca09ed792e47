import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { collectLosses } from "../../src/layers/call-context.ts";
import { layers } from "../../src/layers/index.ts";
import type { CallOptions } from "../../src/layers/layer-types.ts";
import * as regularizers from "../../src/regularizers/index.ts";
import { getRegularizer, type RegularizerLike } from "../../src/regularizers/resolve.ts";
import {
  add,
  ones,
  scalar,
  sum,
  type Tensor,
  tensor,
  variableGrads,
} from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";

const numbers = async (tensors: readonly Tensor[]): Promise<number[]> =>
  (await Promise.all(tensors.map((one) => one.data()))).map((values) => Number(values[0]));

describe("weight regularizers", () => {
  test("give one scalar for each trainable weight that has one", async () => {
    const layer = layers.dense({
      units: 1,
      kernelRegularizer: "l2",
      biasRegularizer: (bias) => sum(bias.abs()).mul(10),
      weights: [[[1], [-2]], [3]],
    });
    layer.ensureBuilt([null, 2]);
    // 0.01 · (1 + 4) and 10 · 3
    expectClose(await numbers(layer.losses), [0.05, 30], tolerances.arithmetic);
    layer.trainable = false;
    expect(layer.losses).toHaveLength(0);
    layer.dispose();
  });

  test("have gradients", async () => {
    const layer = layers.dense({
      units: 1,
      name: "r",
      kernelRegularizer: "l1_l2",
      weights: [[[1], [-2]], [3]],
    });
    layer.ensureBuilt([null, 2]);
    const [kernel] = layer.weights;
    if (kernel === undefined) throw new Error("a kernel is expected");
    const total = () => layer.losses.reduce((all, one) => add(all, one), scalar(0));
    const { grads } = variableGrads(total, [kernel]);
    // 0.01·sign(w) + 0.02·w
    expectClose((await grads["r/kernel"]?.data()) ?? [], [0.03, -0.05], tolerances.arithmetic);
    layer.dispose();
  });

  test("have Keras's factors, and names in both spellings", async () => {
    const x = tensor([1, -3]);
    const penalty = async (like: RegularizerLike) => {
      const found = getRegularizer(like);
      if (found === null || typeof found === "function") throw new Error("an object is expected");
      return Number((await found.apply(x).data())[0]);
    };
    const expected: [RegularizerLike, number][] = [
      ["l1", 0.04],
      ["l2", 0.1],
      ["l1l2", 0.14],
      ["l1_l2", 0.14],
      [regularizers.l1({ l1: 0.5 }), 2],
      [regularizers.l2({ l2: 0.5 }), 5],
      [regularizers.l1l2({ l2: 0.5 }), 5],
      [{ className: "L1L2", config: { l1: 1, l2: 0 } }, 4],
    ];
    for (const [like, value] of expected) {
      expectClose([await penalty(like)], [value], tolerances.arithmetic);
    }
    expect(() => getRegularizer("l3" as "l2")).toThrow(/regularizer: there is no "l3"/);
    expect(() => regularizers.l2({ l2: -1 })).toThrow(ArgumentError);
  });
});

describe("the orthogonal regularizer", () => {
  /** factor · ½·Σ|cos| / pairs over ordered pairs: keras/src/regularizers/regularizers.py, in float64. */
  const penaltyOf = (vectors: readonly (readonly number[])[], factor: number): number => {
    const dot = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((total, x, i) => total + x * (b[i] ?? 0), 0);
    let total = 0;
    let pairs = 0;
    vectors.forEach((a, i) => {
      for (const b of vectors.slice(i + 1)) {
        total += Math.abs(dot(a, b)) / Math.sqrt(dot(a, a) * dot(b, b));
        pairs++;
      }
    });
    return (factor * total) / pairs;
  };
  const rows = [
    [1, 2, -3],
    [0.5, -1, 2],
    [3, 1, 0.25],
    [-2, 0.5, 1],
  ];
  const columns = [0, 1, 2].map((j) => rows.map((row) => row[j] ?? 0));
  const penalize = async (like: RegularizerLike, x: Tensor) => {
    const found = getRegularizer(like);
    if (found === null || typeof found === "function") throw new Error("an object is expected");
    return (await found.apply(x).data())[0] ?? Number.NaN;
  };

  test("is the mean of the cosines, of rows or of columns", async () => {
    const x = tensor(rows);
    expectClose([await penalize("orthogonal", x)], [penaltyOf(rows, 0.01)], tolerances.matMul);
    const byColumns = regularizers.orthogonal({ factor: 0.5, mode: "columns" });
    expectClose([await penalize(byColumns, x)], [penaltyOf(columns, 0.5)], tolerances.matMul);
    expect(byColumns.getConfig()).toEqual({ factor: 0.5, mode: "columns" });
    const described = { className: "OrthogonalRegularizer", config: byColumns.getConfig() };
    expectClose([await penalize(described, x)], [penaltyOf(columns, 0.5)], tolerances.matMul);
  });

  test("is 0 for one vector alone, for right angles, and finite with a row of zeros", async () => {
    expect(await penalize("orthogonal", tensor([[1, 2]]))).toBe(0);
    expect(
      await penalize(
        "orthogonal",
        tensor([
          [1, 2],
          [-4, 2],
        ]),
      ),
    ).toBe(0);
    // Rows of length 5e-7 have a direction still: those below Keras's epsilon, 1e-7, have not (ops.normalize).
    const small = tensor([
      [3e-7, 4e-7],
      [4, 3],
    ]);
    expectClose([await penalize("orthogonal", small)], [0.01 * 0.96], tolerances.matMul);
    const layer = layers.dense({
      units: 2,
      name: "zeros",
      kernelRegularizer: "orthogonal",
      weights: [
        [
          [0, 0],
          [1, 2],
          [2, 1],
        ],
        [0, 0],
      ],
    });
    layer.ensureBuilt([null, 3]);
    const { value, grads } = variableGrads(
      () => layer.losses.reduce(add),
      [layer.weight("kernel")],
    );
    expectClose(await value.data(), [(0.01 * 0.8) / 3], tolerances.matMul);
    const gradient = (await grads["zeros/kernel"]?.data()) ?? [];
    expect(Array.from(gradient).every(Number.isFinite)).toBe(true);
    layer.dispose();
  });

  test("refuses what is no matrix, and unknown modes", () => {
    expect(() => regularizers.orthogonal().apply(tensor([1, 2]))).toThrow(ShapeError);
    expect(() => regularizers.orthogonal({ mode: "row" as "rows" })).toThrow(
      'Did you mean "rows"?',
    );
  });
});

describe("collectLosses", () => {
  class Penalized extends layers.Layer {
    static override readonly className = "Penalized";
    readonly inner = layers.dense({ units: 1, activityRegularizer: "l2", weights: [[[3]], [0]] });
    override call(x: Tensor, _kwargs: CallOptions): Tensor {
      this.addLoss(sum(x));
      return this.inner.apply(x);
    }
  }

  test("gathers what layers inside add to the loss, and nothing outside of it", async () => {
    const layer = new Penalized();
    const { result, losses } = collectLosses(() => layer.apply(ones([2, 1])));
    // Σx = 2; the output is 3, 3, so 0.01 · 18.
    expectClose(await numbers(losses), [2, 0.18], tolerances.arithmetic);
    expect(await result.array()).toEqual([[3], [3]]);
    layer.apply(ones([2, 1]));
    expect(collectLosses(() => ones([1])).losses).toHaveLength(0);
    layer.dispose();
  });
});

describe("training", () => {
  class Seen extends layers.Layer {
    static override readonly className = "Seen";
    readonly flags: unknown[] = [];
    override call(x: Tensor, { training }: CallOptions): Tensor {
      this.flags.push(training);
      return x.add(1);
    }
  }
  class Outer extends layers.Layer {
    static override readonly className = "Outer";
    readonly inner = new Seen();
    override call(x: Tensor): Tensor {
      return this.inner.apply(x);
    }
  }

  test("reaches layers inside, which need not hand it down", () => {
    const outer = new Outer();
    outer.apply(ones([1]), { training: true });
    outer.apply(ones([1]));
    outer.inner.apply(ones([1]), { training: true });
    expect(outer.inner.flags).toEqual([true, false, true]);
  });
});
