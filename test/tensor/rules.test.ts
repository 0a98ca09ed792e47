import { describe, expect, test } from "vitest";
import { ArgumentError, DisposedError, StaleReadError, TraceError } from "../../src/errors.ts";
import { sgd } from "../../src/optimizers/index.ts";
import {
  add,
  compile,
  counters,
  customGrad,
  grads,
  memory,
  mul,
  randomUniform,
  setSeed,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  valueAndGrads,
  variable,
  variableGrads,
} from "../../src/tensor/index.ts";

describe("variables", () => {
  test("assignments run in the order in which they were made", async () => {
    const x = variable([1, 2]);
    x.assign(mul(x, 10));
    x.assign(add(x, 1));
    expect([...(await x.data())]).toEqual([11, 21]);
    x.dispose();
  });

  test("a lazy tensor that reads an older content is refused, and names the variable", async () => {
    const x = variable([1], true, "stale/weight");
    const before = add(x, 1);
    x.assign([5]);
    await expect(before.data()).rejects.toThrow(StaleReadError);
    await expect(before.data()).rejects.toThrow(/stale\/weight/);
    x.dispose();
  });

  test("what was read before the change stays readable", async () => {
    const x = variable([1]);
    const before = add(x, 1);
    await before.data();
    x.assign([5]);
    expect([...(await mul(before, 2).data())]).toEqual([4]);
    x.dispose();
  });

  test("using a disposed one is an error that says so", () => {
    const x = variable([1]);
    x.dispose();
    expect(() => add(x, 1)).toThrow(DisposedError);
  });
});

describe("groups", () => {
  test("reading one of several gradients evaluates all, in one submit", async () => {
    const x = variable([1, 2], true, "group/x");
    const { value, grads: named } = variableGrads(() => sum(square(x)));
    const submits = counters().submits;
    await value.data();
    x.assign([7, 7]);
    // Without the group this would be a stale read.
    expect([...(await (named["group/x"] as Tensor).data())]).toEqual([2, 4]);
    expect(counters().submits - submits).toBeLessThanOrEqual(3);
    for (const one of [value, ...Object.values(named)]) one.dispose();
    x.dispose();
  });
});

describe("gradients", () => {
  test("a tensor given twice counts as two arguments", async () => {
    const x = tensor([3]);
    const [a, b] = grads((p, q) => sum(mul(square(p as Tensor), q as Tensor)))([x, x]);
    expect((await a?.data())?.[0]).toBeCloseTo(18, 5); // 2pq
    expect((await b?.data())?.[0]).toBeCloseTo(9, 5); // p²
  });

  test("an argument that the value does not depend on is named", () => {
    const f = valueAndGrads((a) => sum(square(a as Tensor)));
    expect(() => f([tensor([1]), tensor([2])])).toThrow(ArgumentError);
    expect(() => f([tensor([1]), tensor([2])])).toThrow(/argument 1/);
  });

  test("a gradient of one's own takes the place of the graph's", async () => {
    const thrice = customGrad((x, save) => {
      save([x]);
      return {
        value: square(x),
        gradFunc: (dy, [saved]) => mul(mul(dy, saved as Tensor), 3),
      };
    });
    const [dx] = grads((x) => sum(thrice(x as Tensor)))([tensor([2])]);
    expect([...((await dx?.data()) ?? [])]).toEqual([6]); // 3x, not 2x
  });
});

describe("compile", () => {
  test("replays with new data, new variable contents and nothing new on the GPU", async () => {
    const w = variable([1, 1]);
    const step = compile((x: Tensor) => {
      w.assign(add(w, x));
      return sum(w);
    });
    expect((await step(tensor([1, 2])).data())[0]).toBe(5);
    const before = counters();
    for (let i = 0; i < 20; i++) step(tensor([i, 1])).dispose();
    expect((await step(tensor([0, 0])).data())[0]).toBe(5 + 190 + 20);
    const after = counters();
    expect(after.plansCreated - before.plansCreated).toBeLessThanOrEqual(1); // the read of the result
    expect(after.bindGroupsCreated).toBe(before.bindGroupsCreated);
    expect(after.pipelinesCreated).toBe(before.pipelinesCreated);
    step.dispose();
    w.dispose();
  });

  test("numbers are part of what was recorded, tensors are not", async () => {
    const scaled = compile((x: Tensor, by: number) => mul(x, by));
    expect([...(await scaled(tensor([2]), 3).data())]).toEqual([6]);
    expect([...(await scaled(tensor([4]), 3).data())]).toEqual([12]);
    expect([...(await scaled(tensor([4]), 5).data())]).toEqual([20]);
    scaled.dispose();
  });

  test("draws new random numbers at each call, the same as without compiling", async () => {
    const draw = (): Tensor => randomUniform([4]);
    const compiled = compile(draw);
    setSeed(11);
    const eager = [await draw().data(), await draw().data()];
    setSeed(11);
    expect([await compiled().data(), await compiled().data()]).toEqual(eager);
    expect(eager[0]).not.toEqual(eager[1]);
    compiled.dispose();
  });

  test("keeps what it captured: lazy tensors, host data", async () => {
    const w = variable([2]);
    const lazy = mul(w, 10);
    const host = tensor([1]);
    const plus = compile((x: Tensor) => add(add(x, lazy), host));
    expect([...(await plus(tensor([0])).data())]).toEqual([21]);
    w.assign([100]);
    expect([...(await plus(tensor([0])).data())]).toEqual([21]);
    plus.dispose();
    expect([...(await host.data())]).toEqual([1]);
    lazy.dispose();
    w.dispose();
  });

  test("refuses to wait, and functions that do", () => {
    const waits = compile((x: Tensor) => {
      void x.array();
      return x;
    });
    expect(() => waits(tensor([1]))).toThrow(TraceError);
    expect(() => compile(async () => tensor([1]))()).toThrow(TraceError);
  });
});

describe("memory", () => {
  test("a loop of gradients and updates owns at step 2,000 what it owned at step 100", async () => {
    const w = variable([1, 2, 3], true, "loop/w");
    const step = async (i: number): Promise<void> => {
      const { value, grads: named } = variableGrads(() => sum(square(add(w, i / 1000))));
      w.assign(add(w, mul(named["loop/w"] as Tensor, -0.001)));
      value.dispose();
      for (const one of Object.values(named)) one.dispose();
      if (i % 100 === 0) await w.data();
    };
    let at100 = memory();
    for (let i = 1; i <= 2000; i++) {
      await step(i);
      if (i === 100) at100 = memory();
    }
    expect(memory()).toEqual(at100);
    w.dispose();
  });

  test("reading without disposing leaves nothing behind on the GPU", async () => {
    const x = tensor([1, 2, 3]);
    await add(x, 0.5).data();
    const before = memory();
    for (let i = 0; i < 500; i++) await add(x, i).data();
    expect(memory()).toEqual(before);
  });
});

describe("a loop that disposes of nothing", () => {
  /** Tensors owned after `rounds` more rounds; nothing is disposed. */
  async function ownedAfter(rounds: number, round: () => Promise<unknown>): Promise<number> {
    for (let i = 0; i < rounds; i++) await round();
    return memory().numTensors;
  }

  test("does not pile up gradients when it reads the loss", async () => {
    const x = variable([1, 2], true, "undisposed/x");
    const optimizer = sgd(0.01);
    const round = async () => {
      const { value, grads: named } = variableGrads(() => sum(square(x)));
      optimizer.applyGradients(named);
      return value.data();
    };
    const early = await ownedAfter(10, round);
    expect(await ownedAfter(50, round)).toBe(early);
    x.dispose();
  });

  test("may update by hand: loss and gradients stay readable", async () => {
    const x = variable([1, 2], true, "by hand/x");
    const y = variable([3], true, "by hand/y");
    const { value, grads: named } = variableGrads(() => add(sum(square(x)), sum(square(y))));
    for (const one of [x, y]) one.assign(sub(one, mul(named[one.name] as Tensor, 0.5)));
    expect(await value.array()).toBe(14);
    expect([...(await (named["by hand/y"] as Tensor).data())]).toEqual([6]);
    expect([...(await x.data()), ...(await y.data())]).toEqual([0, 0, 0]);
    x.dispose();
    y.dispose();
  });

  test("can still read the gradients afterwards", async () => {
    const x = variable([1, 2], true, "undisposed/y");
    const { value, grads: named } = variableGrads(() => sum(square(x)));
    expect(await value.array()).toBe(5);
    x.assign([7, 7]);
    expect([...(await (named["undisposed/y"] as Tensor).data())]).toEqual([2, 4]);
    x.dispose();
  });

  test("does not pile up the outputs of a compiled function when it reads one", async () => {
    const step = compile((a: Tensor) => [mul(a, 2), add(a, 1)] as const);
    const a = tensor([1, 2]);
    const round = () => step(a)[0].data();
    const early = await ownedAfter(10, round);
    expect(await ownedAfter(50, round)).toBe(early);
    step.dispose();
  });
});
