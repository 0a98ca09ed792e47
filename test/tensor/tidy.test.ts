import { describe, expect, test } from "vitest";
import { ArgumentError, TraceError } from "../../src/errors.ts";
import { adamw, sgd } from "../../src/optimizers/index.ts";
import {
  add,
  compile,
  grad,
  keep,
  memory,
  mul,
  profile,
  square,
  sum,
  type Tensor,
  tensor,
  tidy,
  variable,
  variableGrads,
} from "../../src/tensor/index.ts";

describe("tidy", () => {
  test("ends what was made inside and is not returned", async () => {
    let inner: Tensor | undefined;
    const result = tidy(() => {
      inner = add(tensor([1, 2]), 1);
      return { y: mul(inner, 2), list: [square(inner)] };
    });
    expect(inner?.isDisposed).toBe(true);
    expect([...(await result.y.data())]).toEqual([4, 6]);
    expect([...(await (result.list[0] as Tensor).data())]).toEqual([4, 9]);
  });

  test("leaves variables, what was there before, and what keep() was called with", async () => {
    const before = tensor([5]);
    const made = tidy(() => {
      mul(before, 2);
      return { w: variable([1]), kept: tidy(() => [keep(mul(before, 3))].length) };
    });
    expect(before.isDisposed).toBe(false);
    expect([...(await made.w.data())]).toEqual([1]);
    made.w.dispose();
    let kept: Tensor | undefined;
    tidy(() => {
      kept = keep(mul(before, 4));
    });
    expect([...(await (kept as Tensor).data())]).toEqual([20]);
  });

  test("inside another leaves its results to the outer one", () => {
    let middle: Tensor | undefined;
    tidy(() => {
      middle = tidy(() => add(tensor([1]), 1));
      expect(middle.isDisposed).toBe(false);
      return 0;
    });
    expect(middle?.isDisposed).toBe(true);
  });

  test("computes a lazy result before the memory that it is made of ends", async () => {
    const double = compile((x: Tensor) => mul(x, 2));
    const y = tidy(() => add(double(tensor([1, 2])), 1));
    expect([...(await y.data())]).toEqual([3, 5]);
    double.dispose();
  });

  test("ends what was made when the function throws", () => {
    let inner: Tensor | undefined;
    const fail = () =>
      tidy(() => {
        inner = add(tensor([1]), 1);
        throw new Error("mine");
      });
    expect(fail).toThrow("mine");
    expect(inner?.isDisposed).toBe(true);
  });

  test("in a training loop leaves neither gradients nor losses behind, whatever their size", async () => {
    const w = variable(new Float32Array(600_000), true, "tidy/w");
    const optimizer = sgd(0.1);
    const step = () =>
      tidy(() => {
        const { value, grads: named } = variableGrads(() => sum(square(add(w, 1))));
        optimizer.applyGradients(named);
        return value;
      });
    const losses: number[] = [];
    const owned: number[] = [];
    for (let i = 0; i < 6; i++) {
      losses.push((await step().data())[0] as number);
      owned.push(memory().numBytes);
    }
    expect(new Set(owned).size).toBe(1);
    expect(losses.every((loss, i) => i === 0 || loss < (losses[i - 1] as number))).toBe(true);
    w.dispose();
    optimizer.dispose();
  });

  test("refuses what is no function, and what is asynchronous", () => {
    expect(() => tidy(3 as never)).toThrow(TraceError);
    expect(() => tidy(async () => 1)).toThrow(/async/);
  });
});

describe("keep", () => {
  test("refuses what is no tensor", () => {
    expect(() => keep(3 as never)).toThrow(/keep: received 3.*Expected a tensor/);
  });

  test("carries a state out of the function that is minimized", async () => {
    const w = variable([2], true, "keep/w");
    const optimizer = sgd(0.1);
    let state: Tensor = tensor([1]);
    for (let i = 0; i < 3; i++) {
      optimizer.minimize(() => {
        const next = mul(w, state);
        state = keep(next);
        return sum(square(next));
      });
    }
    // w: 2, 2 - 0.2·2·1² = 1.6, 1.6 - 0.2·1.6·2² = 0.32; states 2, 3.2, 1.024
    expect((await state.data())[0]).toBeCloseTo(1.024, 5);
    w.dispose();
    optimizer.dispose();
  });
});

describe("gradients by name", () => {
  test("of variables that share a name: minimize does not mix them up", async () => {
    const a = variable([1, 2], true, "same");
    const b = variable([1, 2], true, "same");
    sgd(0.1).minimize(() => add(sum(mul(a, 10)), sum(b)));
    expect([...(await a.data())]).toEqual([0, 1]);
    expect([...(await b.data())].map((x) => Math.round(x * 10) / 10)).toEqual([0.9, 1.9]);
    expect(() => variableGrads(() => add(sum(a), sum(b)))).toThrow(ArgumentError);
    expect(() => variableGrads(() => add(sum(a), sum(b)))).toThrow(
      /several variables called "same"/,
    );
    const { grads: ofB } = variableGrads(() => sum(mul(b, 2)));
    sgd(0.5).applyGradients(ofB);
    expect((await b.data())[0]).toBeCloseTo(-0.1, 6);
    expect([...(await a.data())]).toEqual([0, 1]);
    a.dispose();
    b.dispose();
  });

  test("scaled by hand before the update: the loss stays readable", async () => {
    const w = variable([3], true, "scaled/w");
    const { value, grads: named } = variableGrads(() => sum(square(w)));
    sgd(1).applyGradients({ "scaled/w": mul(named["scaled/w"] as Tensor, 0.25) });
    expect(await value.array()).toBe(9);
    expect([...(await w.data())]).toEqual([1.5]);
    w.dispose();
  });

  test("a variable that the loss does not reach neither moves nor decays", async () => {
    const reached = variable([1], true, "reached");
    const other = variable([2], true, "other");
    adamw(0.1, 0.5).minimize(() => sum(square(reached)), false, [reached, other]);
    expect([...(await other.data())]).toEqual([2]);
    expect((await reached.data())[0]).not.toBe(1);
    adamw(0.1).minimize(() => sum(square(other)), false, other);
    expect((await other.data())[0]).toBeLessThan(2);
    reached.dispose();
    other.dispose();
  });
});

test("data() in a function that is being compiled throws at once, waited for or not", () => {
  const step = compile((x: Tensor) => {
    void x.data();
    return add(x, 1);
  });
  expect(() => step(tensor([1]))).toThrow(TraceError);
});

test("profile computes the tensors that the function gives", async () => {
  const { kernels, result } = await profile(() => add(square(tensor([1, 2])), 1));
  expect(kernels.length).toBeGreaterThan(0);
  expect([...(await result.data())]).toEqual([2, 5]);
  const slope = grad((x: Tensor) => square(x));
  expect((await profile(() => slope(3))).kernels.length).toBeGreaterThan(0);
});
