import { describe, expect, test } from "vitest";
import type { Node } from "../../src/graph/node.ts";
import { bodyNodes } from "../../src/graph/scan-body.ts";
import { topologicalOrder } from "../../src/graph/traverse.ts";
import { layers } from "../../src/layers/index.ts";
import { adam } from "../../src/optimizers/index.ts";
import {
  randomNormal,
  scope,
  setSeed,
  slice,
  type Tensor,
  variableGrads,
  zeros,
} from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "../train/support.ts";

const [B, I, H] = [4, 3, 5];

/** Zhou et al. 2016, "Minimal Gated Unit for Recurrent Neural Networks", equations 8 to 10. */
class MinimalGatedUnit extends layers.RNNCell {
  static override readonly className = "MinimalGatedUnitOfATest";
  get stateSize() {
    return H;
  }
  override build([, features]: [null, number]) {
    this.addWeight("kernel", [features, H], "float32", "glorotUniform");
    this.addWeight("forget_kernel", [features, H], "float32", "glorotUniform");
    this.addWeight("recurrent", [H, H], "float32", "orthogonal");
    this.addWeight("forget_recurrent", [H, H], "float32", "orthogonal");
    this.addWeight("forget_bias", [H], "float32", "ones");
  }
  override call(x: Tensor, [h]: [Tensor]) {
    const w = (name: string) => this.weight(name);
    const f = x
      .matMul(w("forget_kernel"))
      .add(h.matMul(w("forget_recurrent")))
      .add(w("forget_bias"))
      .sigmoid();
    const n = x
      .matMul(w("kernel"))
      .add(h.mul(f).matMul(w("recurrent")))
      .tanh();
    const output = h.mul(f.neg().add(1)).add(f.mul(n));
    return { output, states: [output] };
  }
}

function made(): { cell: MinimalGatedUnit; layer: ReturnType<typeof layers.rnn> } {
  setSeed(11);
  const cell = new MinimalGatedUnit();
  const layer = kept(layers.rnn({ cell, returnSequences: true }));
  layer.build([B, null, I]);
  return { cell, layer };
}

/** What rnn does, step after step in JavaScript. */
function unrolled(cell: MinimalGatedUnit, x: Tensor): Tensor[] {
  let h: Tensor = zeros([B, H]);
  const outputs: Tensor[] = [];
  for (let t = 0; t < (x.shape[1] ?? 0); t++) {
    h = cell.call(slice(x, [0, t, 0], [B, 1, I]).reshape([B, I]), [h]).output;
    outputs.push(h);
  }
  return outputs;
}

const meanSquare = (outputs: readonly Tensor[]): Tensor =>
  outputs.map((one) => one.square().mean()).reduce((a, b) => a.add(b));

describe("a cell of ten lines", () => {
  test("learns through rnn what it learns unrolled: 20 steps of Adam, all weights", async () => {
    const x = randomNormal([B, 7, I], 0, 1, "float32", 1);
    const learned: (readonly ArrayLike<number>[])[] = [];
    for (const way of ["scan", "unrolled"]) {
      const { cell, layer } = made();
      const optimizer = adam(0.01);
      for (let step = 0; step < 20; step++) {
        scope("step", () => {
          const { grads } = variableGrads(() => {
            if (way === "unrolled") return meanSquare(unrolled(cell, x));
            return layer.apply(x).square().mean([0, 2]).sum();
          });
          optimizer.applyGradients(grads);
        });
      }
      learned.push(await Promise.all(layer.weights.map((weight) => weight.data())));
      optimizer.dispose();
    }
    const [byScan, byHand] = learned as [ArrayLike<number>[], ArrayLike<number>[]];
    byScan.forEach((weight, i) => {
      expectClose(weight, byHand[i] ?? [], tolerances.trainingWeights);
    });
  });

  test("gives a graph of one size for 5 steps and for 500, gradients included", () => {
    const { layer } = made();
    const sizeOf = (time: number): number => {
      const { value, grads } = variableGrads(() =>
        layer
          .apply(zeros([B, time, I]))
          .square()
          .sum(),
      );
      return nodeCount(topologicalOrder([value, ...Object.values(grads)].map((one) => one.value)));
    };
    expect(sizeOf(5)).toBe(sizeOf(500));
    expect(sizeOf(5)).toBeLessThan(250);
  });
});

/** All nodes of a graph, those of bodies as well. */
function nodeCount(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { body }) => sum + 1 + (body ? nodeCount(bodyNodes(body)) : 0), 0);
}
