import { describe, expect, test } from "vitest";
import type { Node } from "../../src/graph/node.ts";
import { bodyNodes } from "../../src/graph/scan-body.ts";
import { topologicalOrder } from "../../src/graph/traverse.ts";
import {
  counters,
  explain,
  grads,
  ones,
  randomNormal,
  scan,
  type Tensor,
  zeros,
} from "../../src/tensor/index.ts";
import { simplified } from "../compiler/plans.ts";

/** h' = tanh(h·w + x), its last state's sum, and all gradients of that. */
function training(steps: number): Tensor[] {
  return grads((w, xs) => {
    const [h] = scan(
      (h, x) => [
        h
          .matMul(w as Tensor)
          .add(x)
          .tanh(),
        null,
      ],
      zeros([2, 3]),
      xs as Tensor,
    );
    return h.sum();
  })([ones([3, 3]), ones([steps, 2, 3])]);
}

/** All nodes of a graph, those of bodies as well. */
function nodeCount(nodes: readonly Node[]): number {
  return nodes.reduce(
    (sum, node) => sum + 1 + (node.body ? nodeCount(bodyNodes(node.body)) : 0),
    0,
  );
}

describe("the graph of a loop", () => {
  test("has as many nodes for 1,000 steps as for 10, gradients included", () => {
    const counts = [10, 1000].map((steps) =>
      nodeCount(topologicalOrder(training(steps).map(({ value }) => value))),
    );
    expect(counts[0]).toBe(counts[1]);
    expect(counts[0]).toBeLessThan(100);
  });

  test("what is the same at each step is computed once, before it", () => {
    const w = randomNormal([3, 3]);
    const [h] = scan(
      (h, x) => [h.matMul(w.exp().add(w)).add(x), null],
      zeros([2, 3]),
      ones([5, 2, 3]),
    );
    const { nodes } = simplified(h.value);
    const [loop] = nodes.filter(({ op }) => op === "scan");
    const inside = bodyNodes(loop?.body as NonNullable<Node["body"]>).map(({ op }) => op);
    expect(inside).toEqual(["matMul", "add"]);
    expect(nodes.map(({ op }) => op)).toContain("exp");
  });

  test("a piece times a matrix is one product before the loop, a matrix's gradient one after it", () => {
    const found = grads((w, u, xs) => {
      const step = (h: Tensor, x: Tensor): Tensor =>
        h
          .matMul(u as Tensor)
          .add(x.matMul(w as Tensor))
          .tanh();
      const [h] = scan((h, x) => [step(h, x), null], zeros([2, 3]), xs as Tensor);
      return h.sum();
    })([randomNormal([4, 3]), randomNormal([3, 3]), randomNormal([7, 2, 4])]);
    const { nodes } = simplified(...found.map(({ value }) => value));
    const loops = nodes.flatMap(({ body }) => (body ? [bodyNodes(body)] : []));
    const products = (list: readonly Node[]): string[] =>
      list
        .filter(({ op }) => op === "matMul")
        .map(({ inputs }) => inputs.map(({ shape }) => shape.join("x")).join(" "));
    // h·U forwards; dz·Uᵀ backwards, where h·U is computed for all steps at once.
    expect(loops.map(products)).toEqual([["2x3 3x3"], ["2x3 3x3"]]);
    // x·W, h·U, then dU, dW and dx: over 7·2 rows.
    expect(products(nodes).sort()).toEqual(
      ["14x3 14x3", "14x3 3x3", "14x3 4x3", "14x4 14x3", "14x4 4x3"].sort(),
    );
  });

  test("two loops with one body are one, two bodies are two", () => {
    const xs = ones([5, 2]);
    const loop = (by: number): Tensor =>
      scan((c, x) => [c.add(x.mul(by)), null], zeros([2]), xs)[0];
    const one = loop(1);
    const count = (...results: Tensor[]): number =>
      simplified(...results.map(({ value }) => value)).nodes.filter(({ op }) => op === "scan")
        .length;
    expect(count(one.add(1), one.mul(2))).toBe(1);
    expect(count(loop(1), loop(2))).toBe(2);
  });
});

describe("the plan of a loop", () => {
  test("another number of steps compiles no shader", async () => {
    await Promise.all(training(4).map((one) => one.data()));
    const { pipelinesCreated } = counters();
    await Promise.all(training(9).map((one) => one.data()));
    await Promise.all(training(33).map((one) => one.data()));
    expect(counters().pipelinesCreated).toBe(pipelinesCreated);
  });

  test("is explained once, with the number of its steps", async () => {
    const [h] = scan(
      (h, x) => [h.matMul(randomNormal([3, 3])).add(x), null],
      zeros([2, 3]),
      ones([40, 2, 3]),
    );
    const explanation = await explain(h);
    const rows = String(explanation).split("\n");
    expect(explanation.dispatches.length).toBeGreaterThan(40);
    expect(rows.filter((row) => row.includes("40 times:"))).toHaveLength(1);
    expect(rows.length).toBeLessThan(12);
  });

  test("its memory does not grow with the steps, but what is stacked; nor do its bind groups", async () => {
    const plan = async (steps: number): Promise<number> => {
      const [h] = scan(
        (h, x) => [
          h
            .matMul(ones([3, 3]))
            .add(x)
            .tanh(),
          null,
        ],
        zeros([2, 3]),
        ones([2, 3]).reshape([1, 2, 3]).tile([steps, 1, 1]),
      );
      const { bindGroupsCreated } = counters();
      await h.data();
      return counters().bindGroupsCreated - bindGroupsCreated;
    };
    expect(await plan(20)).toBe(await plan(50));
    const { scratch } = await explain(
      scan((c) => [c.add(1), null], zeros([64]), null, { length: 500 })[0],
    );
    expect(scratch.length).toBeLessThanOrEqual(4);
  });
});
