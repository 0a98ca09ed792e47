import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
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
