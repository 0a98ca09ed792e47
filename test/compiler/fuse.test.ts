import { describe, expect, test } from "vitest";
import type { Value } from "../../src/graph/node.ts";
import { ops } from "../../src/ops/index.ts";
import { host, planFor, scalar } from "./plans.ts";

const count = (...outputs: readonly Value[]): number => planFor(...outputs).dispatches.length;
const kernels = (...outputs: readonly Value[]): string[] =>
  planFor(...outputs).dispatches.map(({ kernel }) => kernel.name);

describe("fusion of elementwise chains", () => {
  test("a chain is one dispatch, through casts, broadcasts and changes of view", () => {
    const x = host([4, 5]);
    const row = ops.exp(ops.reshape(host([5]), [1, 5]));
    const y = ops.mul(ops.transpose(ops.add(ops.neg(x), row)), ops.cast(ops.range(4), "float32"));
    expect(count(ops.slice(ops.relu(y), [1, 0], [3, 4], [1, 1]))).toBe(1);
  });

  test("values that were computed are joined and padded in one dispatch", () => {
    const joined = ops.concat([ops.exp(host([3])), ops.tanh(host([4])), ops.literal(2, [2])], 0);
    expect(count(ops.pad(joined, [[1, 2]]))).toBe(1);
  });

  test("a thousand operations become a few dispatches", () => {
    let x = host([8]);
    for (let i = 0; i < 1000; i++) x = i % 2 ? ops.add(x, scalar(i)) : ops.tanh(x);
    // An expression is cut at a depth of 96, an addition and its number counting as two.
    expect(count(x)).toBeGreaterThan(1);
    expect(count(x)).toBeLessThan(25);
  });

  test("a costly value with two users is stored once", () => {
    const x = host([64]);
    const costly = ops.tanh(ops.exp(x));
    const plan = planFor(ops.neg(costly), ops.square(costly));
    expect(plan.dispatches.length).toBe(3);
  });

  test("a cheap one is computed again instead", () => {
    const cheap = ops.neg(host([64]));
    expect(count(ops.exp(cheap), ops.tanh(cheap))).toBe(2);
  });

  test("more inputs than a kernel binds are split over several", () => {
    const sum = Array.from({ length: 20 }, () => host([6])).reduce(ops.add);
    const plan = planFor(sum);
    expect(plan.dispatches.length).toBeGreaterThanOrEqual(3);
    for (const { bindings } of plan.dispatches) expect(bindings.length).toBeLessThanOrEqual(8);
  });

  test("seven inputs fit into one", () => {
    expect(count(Array.from({ length: 7 }, () => host([6])).reduce(ops.add))).toBe(1);
  });
});

describe("fusion into reductions", () => {
  test("what is reduced is computed on the way, what follows on the result", () => {
    const x = host([9, 40]);
    expect(kernels(ops.mean(ops.square(ops.sub(x, host([40])))))).toEqual(["sum+mul"]);
    expect(count(ops.sqrt(ops.add(ops.sum(x, [1]), host([9]))))).toBe(1);
  });

  test("a result that is asked for as well stays apart", () => {
    const sum = ops.sum(host([9, 40]), [1]);
    expect(count(sum, ops.exp(sum))).toBe(2);
  });

  test("a result with two readers stays apart", () => {
    const sum = ops.sum(host([9, 40]), [1]);
    expect(count(ops.exp(sum), ops.tanh(sum))).toBe(3);
  });

  test("a result that is stretched again stays apart", () => {
    const x = host([9, 40]);
    expect(count(ops.sub(x, ops.max(x, [1], true)))).toBe(2);
  });

  test("a result that is read in another order stays apart", () => {
    const sum = ops.sum(host([2, 3, 40]), [2]);
    expect(count(ops.exp(ops.transpose(sum)))).toBe(2);
  });

  test("a result under another shape is still the same elements", () => {
    const sum = ops.sum(host([2, 3, 40]), [2]);
    expect(count(ops.exp(ops.reshape(sum, [6, 1])))).toBe(1);
  });

  test("reductions over axes apart are a dispatch for each run of axes", () => {
    expect(count(ops.sum(host([4, 5, 6]), [0, 2]))).toBe(2);
  });
});

describe("fusion into products", () => {
  const product = (): Value => ops.matMul(host([4, 6]), host([6, 5]));

  test("bias, activation and residual are computed on the result", () => {
    expect(kernels(ops.add(ops.relu(ops.add(product(), host([5]))), host([4, 5])))).toEqual([
      "matmul",
    ]);
  });

  test("the operands lie in memory: work on them is done before", () => {
    expect(count(ops.matMul(ops.exp(host([4, 6])), host([6, 5])))).toBe(2);
    const turned = kernels(ops.matMul(ops.transpose(host([6, 4])), host([6, 5])));
    expect(turned.every((name) => name.startsWith("matmul"))).toBe(true);
  });

  test("nothing is absorbed that is no float32, is stretched, or is read by others, too", () => {
    const used = product();
    expect(count(ops.cast(product(), "int32"))).toBe(2);
    expect(count(ops.add(product(), host([3, 4, 5])))).toBe(2);
    expect(count(ops.exp(used), ops.sum(used))).toBe(3);
  });

  test("one of two products takes in their sum", () => {
    expect(count(ops.add(product(), product()))).toBe(2);
  });

  test("an epilogue binds no more buffers than a kernel may", () => {
    const wide = Array.from({ length: 6 }, () => host([4, 5])).reduce(ops.add, product());
    for (const { bindings } of planFor(wide).dispatches) {
      expect(bindings.length).toBeLessThanOrEqual(8);
    }
  });
});
