import * as sl from "sluice";
import { describe, expect, test } from "vitest";

describe("dtypes of results", () => {
  test("clipByValue keeps int32, beyond 2^24 too, and drops the fractions of its bounds", async () => {
    const x = sl.tensor([-5, 0, 1, 2 ** 24 + 1, 2 ** 31 - 1], undefined, "int32");
    const held = x.clipByValue(-2.5, 2 ** 24 + 3);
    expect(held.dtype).toBe("int32");
    expect([...(await held.data())]).toEqual([-2, 0, 1, 2 ** 24 + 1, 2 ** 24 + 3]);
    const free = x.clipByValue(-Infinity, Infinity);
    expect([...(await free.data())]).toEqual([...(await x.data())]);
    expect(sl.clipByValue([1], 0, 1).dtype).toBe("float32");
  });

  test("the product of int32 matrices is float32, and goes back exactly", async () => {
    const a = sl.tensor2d([[300, -7]], [1, 2], "int32");
    const product = a.matMul(a, false, true);
    expect(product.dtype).toBe("float32");
    expect(await product.toInt().array()).toEqual([[90_049]]);
  });
});

describe("clone", () => {
  test("has a handle of its own", async () => {
    const x = sl.tensor([1, 2]).add(1);
    const copy = x.clone();
    x.dispose();
    expect([...(await copy.data())]).toEqual([2, 3]);
    const again = copy.clone();
    copy.dispose();
    expect([...(await again.data())]).toEqual([2, 3]);
    again.dispose();
  });

  test("lets gradients through, and is what tensor(tensor) points to", async () => {
    const slope = sl.grad((v: sl.Tensor) => v.clone().square().sum())(sl.tensor([3]));
    expect([...(await slope.data())]).toEqual([6]);
    expect(() => sl.tensor(sl.tensor([1]) as never)).toThrow(/clone\(\)/);
  });
});

describe("matMul over no elements", () => {
  test("is zeros, of variables too, and gives gradients of their shapes", async () => {
    const kernel = sl.variable(sl.zeros([0, 8]), true, "empty/kernel");
    const bias = sl.variable(sl.ones([8]), true, "empty/bias");
    const forward = (): sl.Tensor => sl.matMul(sl.zeros([1, 3, 0]), kernel).add(bias);
    expect([...(await forward().data())]).toEqual(new Array(24).fill(1));
    const { value, grads } = sl.variableGrads(() => forward().sum());
    expect([...(await value.data())]).toEqual([24]);
    expect(grads["empty/kernel"]?.shape).toEqual([0, 8]);
    expect([...((await grads["empty/kernel"]?.data()) ?? [1])]).toEqual([]);
    expect([...((await grads["empty/bias"]?.data()) ?? [])]).toEqual(new Array(8).fill(3));
    kernel.dispose();
    bias.dispose();
  });

  test("sums over rows that are not there, in the gradient", async () => {
    const slope = sl.grad((w: sl.Tensor) => sl.matMul(sl.zeros([0, 2]), w).sum())(sl.ones([2, 3]));
    expect(await slope.array()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});
