import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/graph/node.ts";
import { ops, registry } from "../../src/ops/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { differencesOf, gradientsOf } from "./finite-difference.ts";
import { floats, makeInput } from "./row.ts";
import { internalTable } from "./rows/internal.ts";
import { describeRows } from "./table-tests.ts";

describeRows(internalTable);

const leaf = (shape: readonly number[], at?: (i: number) => number): Value =>
  makeInput(floats(shape, at)).value;

describe("the table of ops", () => {
  test("every op has a gradient or a reference, and is filed under its own name", () => {
    for (const [name, op] of registry) {
      expect(op.name).toBe(name);
      // The gradient of a loop belongs to autograd, which knows bodies.
      if (op.lowering.kind === "scan") continue;
      expect(op.gradient ?? op.reference, name).toBeDefined();
      if (op.lowering.kind === "expand") expect(op.reference, name).toBeDefined();
    }
  });

  test("every function of the table is there", () => {
    for (const [name, value] of Object.entries(ops)) {
      const isFunction = typeof value === "function" || name.endsWith("Op") || name.endsWith("Ops");
      expect(isFunction, name).toBe(true);
    }
  });
});

describe("references", () => {
  // Each of these has a plain rule in the interpreter; the reference has to agree with it.
  const cases: Record<string, () => Value> = {
    concat: () =>
      ops.concat(
        Array.from({ length: 40 }, (_, i) => leaf([2, 1 + (i % 3)])),
        1,
      ),
    mean: () => ops.mean(leaf([3, 5, 2]), [0, 2], true),
    softmax: () => ops.softmax(leaf([3, 5])),
    logSoftmax: () => ops.logSoftmax(leaf([3, 5])),
    customGrad: () => ops.stopGradient(leaf([3])),
  };
  for (const length of [1, 5, 32, 33, 70, 1100]) {
    for (const [exclusive, reverse] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]) {
      const small = (i: number): number => 1 + 0.1 * Math.sin(i);
      const name = `${length}${exclusive ? " exclusive" : ""}${reverse ? " reverse" : ""}`;
      cases[`cumsum ${name}`] = () => ops.cumsum(leaf([2, length, 2]), 1, exclusive, reverse);
      cases[`cumprod ${name}`] = () => ops.cumprod(leaf([2, length], small), 1, exclusive, reverse);
    }
  }

  test.each(Object.entries(cases))("of %s", (_name, make) => {
    const { node } = make();
    const reference = registry.get(node.op)?.reference?.(ops, node.inputs, node) ?? node.outputs;
    const [expected, actual] = [evaluate(node.outputs), evaluate(reference)];
    actual.forEach((data, i) => {
      expectClose(data, expected[i] ?? [], tolerances.float64);
    });
  });
});

describe("second order", () => {
  // Three steps in two heads that share one head of keys, which is part of the queries.
  const attended = (x: Value, { layout, causal }: { layout: "BNTD" | "BTND"; causal: boolean }) => {
    const [front, back] = layout === "BNTD" ? [2, 3] : [3, 2];
    const query = ops.reshape(ops.concat([x, ops.square(x)], 1), [1, front, back, 2]);
    const ofHead = layout === "BNTD" ? [1, 1, 3, 2] : [1, 3, 1, 2];
    const key = ops.slice(query, [0, 0, 0, 0], ofHead, [1, 1, 1, 1]);
    const bias = ops.reshape(ops.sum(x, [0]), [1, 1, 1, 3]);
    const settings = { layout, causal, scale: 0.7, window: null, dropout: 0 };
    const [y = x] = ops.attention({ query, key, value: key, bias }, settings);
    return y;
  };
  const cases: Readonly<Record<string, (x: Value) => Value>> = {
    tanh: ops.tanh,
    sigmoid: ops.sigmoid,
    softplus: ops.softplus,
    erf: ops.erf,
    exp: ops.exp,
    prod: (x) => ops.prod(x, [1]),
    cumprod: (x) => ops.cumprod(x, 1),
    div: (x) => ops.div(x, ops.add(ops.square(x), ops.literal(1))),
    softmax: ops.softmax,
    logSoftmax: ops.logSoftmax,
    layerNorm: (x) => ops.layerNorm(x, leaf([3], Math.cos), leaf([3]), 1e-3),
    rmsNorm: (x) => ops.rmsNorm(x, leaf([3], Math.cos), 1e-3),
    matMul: (x) => ops.matMul(x, ops.transpose(x)),
    attention: (x) => attended(x, { layout: "BNTD", causal: false }),
    "attention, causal, time before heads": (x) => attended(x, { layout: "BTND", causal: true }),
    sparseCrossEntropy: (x) => ops.sparseCrossEntropy(x, ops.range(2)),
    "sparseCrossEntropy, smoothed": (x) => ops.sparseCrossEntropy(x, ops.range(2), 0.3),
    slice: (x) => ops.square(ops.slice(x, [0, 2], [2, 2], [1, -2])),
    windows: (x) => ops.square(ops.windows(x, { axis: 1, size: 2, step: 1, dilation: 1 })),
    windowMax: (x) => ops.square(ops.windowMax(x, { axis: 1, size: 2, step: 1, dilation: 1 })),
  };

  test.each(Object.entries(cases))("gradient of the gradient of %s", (_name, f) => {
    const x = leaf([2, 3]);
    const first = gradientsOf([f(x)], [x]);
    const [analytic] = evaluate(gradientsOf(first, [x]));
    const [numeric] = differencesOf(first, [x]);
    expectClose(analytic ?? [], numeric ?? [], tolerances.finiteDifference);
  });
});

describe("ties and kinks", () => {
  test("of equal elements of a window the first gets the gradient, in each window", async () => {
    const windows = { axis: 0, size: 3, step: 1, dilation: 1 };
    const x = sl.tensor([2, 2, 1, 2, 2]);
    const dx = sl.grad((v) => sl.Tensor.of(ops.windowMax(v.value, windows)))(x);
    // [2,2,1], [2,1,2] and [1,2,2]: the elements 0, 1 and 3
    expect([...(await dx.data())]).toEqual([1, 1, 0, 1, 0]);
  });

  test("equal extremes share the gradient evenly", async () => {
    const x = sl.tensor([
      [1, 3, 3],
      [2, 2, 2],
    ]);
    const third = 1 / 3;
    const dx = sl.grad((v) => v.max(1))(x);
    expectClose(await dx.data(), [0, 0.5, 0.5, third, third, third], tolerances.arithmetic);
  });

  test("of two equal operands maximum and minimum give the gradient to the first", async () => {
    for (const f of [sl.maximum, sl.minimum]) {
      const [da, db] = sl.grads((a, b) => f(a as sl.Tensor, b as sl.Tensor))([[2], [2]]);
      expect(await da?.array()).toEqual([1]);
      expect(await db?.array()).toEqual([0]);
    }
  });

  test("at their kinks relu and abs have the gradient 0, clipByValue 1", async () => {
    expect(
      await sl
        .grad((x) => x.relu())([0, -1, 1])
        .array(),
    ).toEqual([0, 0, 1]);
    expect(
      await sl
        .grad((x) => x.abs())([0, -1, 1])
        .array(),
    ).toEqual([0, -1, 1]);
    const clip = sl.grad((x) => x.clipByValue(0, 1));
    expect(await clip([-0.5, 0, 0.5, 1, 1.5]).array()).toEqual([0, 1, 1, 1, 0]);
  });

  test("where gives no gradient to the branch that is not taken, even an infinite one", async () => {
    const f = (x: sl.Tensor): sl.Tensor => sl.where(x.greater(0), x.mul(3), x.mul(5));
    expect(await sl.grad(f)([2, -2]).array()).toEqual([3, 5]);
    const safe = sl.grad((x) => sl.divNoNan(sl.scalar(1), x));
    expect(await safe([0, 2]).array()).toEqual([0, -0.25]);
  });

  test("a power of zero has a finite gradient", async () => {
    const dx = sl.grads((a, b) => sl.pow(a as sl.Tensor, b as sl.Tensor));
    const [da, db] = dx([
      [0, 0, 3],
      [2, 0, 0],
    ]);
    expect(await da?.array()).toEqual([0, 0, 0]);
    expectClose((await db?.data()) ?? [], [0, 0, Math.log(3)], tolerances.transcendental);
  });
});
