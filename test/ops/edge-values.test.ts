import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { erf } from "../../src/ops/special.ts";
import { expectClose } from "../helpers/compare.ts";
import { type ToleranceName, tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";

const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

/** Zeros, small, overflow of exp on both sides, the ends of float32, and what is no number. */
const POINTS = [
  ...[0, -0, 1e-6, -1e-6, 1e-3, 0.5, -0.5, 1, -1, 20, -20, 88.5, -88.5, 100, -100, 1e4, -1e4],
  ...[1e19, -1e19, 3e38, -3e38, nan, infinite, -infinite],
].map(Math.fround);

type Formula = (x: number) => number;

const FUNCTIONS: Readonly<
  Record<string, readonly [(x: sl.Tensor) => sl.Tensor, Formula, ToleranceName?]>
> = {
  abs: [sl.abs, Math.abs, "exact"],
  neg: [sl.neg, (x) => -x, "exact"],
  sign: [sl.sign, Math.sign, "exact"],
  floor: [sl.floor, Math.floor, "exact"],
  ceil: [sl.ceil, Math.ceil, "exact"],
  square: [sl.square, (x) => x * x],
  reciprocal: [sl.reciprocal, (x) => 1 / x],
  exp: [sl.exp, Math.exp],
  expm1: [sl.expm1, Math.expm1],
  log: [sl.log, Math.log],
  log1p: [sl.log1p, Math.log1p],
  sqrt: [sl.sqrt, Math.sqrt],
  rsqrt: [sl.rsqrt, (x) => 1 / Math.sqrt(x)],
  erf: [sl.erf, erf],
  atan: [sl.atan, Math.atan],
  asin: [sl.asin, Math.asin],
  acos: [sl.acos, Math.acos],
  sinh: [sl.sinh, Math.sinh],
  cosh: [sl.cosh, Math.cosh],
  asinh: [sl.asinh, Math.asinh],
  acosh: [sl.acosh, Math.acosh],
  atanh: [sl.atanh, Math.atanh],
  tanh: [sl.tanh, Math.tanh],
  sigmoid: [sl.sigmoid, (x) => 1 / (1 + Math.exp(-x))],
  logSigmoid: [sl.logSigmoid, (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))],
  softplus: [sl.softplus, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
  relu: [sl.relu, (x) => Math.max(x, 0), "exact"],
  relu6: [sl.relu6, (x) => Math.min(6, Math.max(x, 0)), "exact"],
  elu: [sl.elu, (x) => (x > 0 ? x : Math.expm1(x))],
};

describe("values at the edges of float32", () => {
  test.each(Object.entries(FUNCTIONS))("%s", async (_name, [call, formula, tolerance]) => {
    const actual = await call(sl.tensor(POINTS)).data();
    const expected = POINTS.map((x) => Math.fround(formula(x)));
    // An adapter may flush numbers below the smallest normal one; the tables' atol covers that.
    expectClose(actual, expected, { ...tolerances[tolerance ?? "transcendental"] });
  });

  test("tanh, expm1, log1p, sin and asinh keep their relative accuracy near 0", async () => {
    const points = [1e-8, -3e-6, 1e-4, -5e-3].map(Math.fround);
    for (const [call, formula] of [
      [sl.tanh, Math.tanh],
      [sl.expm1, Math.expm1],
      [sl.log1p, Math.log1p],
      [sl.sin, Math.sin],
      [sl.asinh, Math.asinh],
      [sl.sinh, Math.sinh],
      [sl.atan, Math.atan],
    ] as const) {
      expectClose(await call(sl.tensor(points)).data(), points.map(formula), tolerances.nearZero);
    }
  });

  test("sin and cos reduce arguments up to 10,000", async () => {
    const points = Array.from({ length: 200 }, (_, i) => Math.fround(i * i * 0.25 - 17.3 * i));
    const x = sl.tensor(points);
    expectClose(await sl.sin(x).data(), points.map(Math.sin), tolerances.trigonometry);
    expectClose(await sl.cos(x).data(), points.map(Math.cos), tolerances.trigonometry);
  });

  test("log tells numbers below the smallest normal one", async () => {
    const points = [1e-40, 1e-45, 1.17e-38, 1.18e-38, 3e-42].map(Math.fround);
    const expected = points.map(Math.log); // log(1e-40) = -92.1
    expectClose(await sl.log(sl.tensor(points)).data(), expected, tolerances.transcendental);
    expect([...(await sl.log(sl.tensor([0, -0, -1e-40])).data())]).toEqual([
      -infinite,
      -infinite,
      nan,
    ]);
  });

  test("maximum, minimum and the reductions let NaN through from either side", async () => {
    const a = sl.tensor([nan, 1, 2, nan]);
    const b = sl.tensor([1, nan, 3, nan]);
    expect([...(await sl.maximum(a, b).data())]).toEqual([nan, nan, 3, nan]);
    expect([...(await sl.minimum(a, b).data())]).toEqual([nan, nan, 2, nan]);
    const rows = sl.tensor([
      [1, nan, 2],
      [3, 4, -infinite],
    ]);
    expect([...(await rows.max(1).data())]).toEqual([nan, 4]);
    expect([...(await rows.min(1).data())]).toEqual([nan, -infinite]);
    expect([...(await rows.sum(1).data())]).toEqual([nan, -infinite]);
  });

  test("NaN differs from everything, is true, and stays NaN in step", async () => {
    const x = sl.tensor([nan, nan, 1, 0, -0, infinite, -infinite]);
    const y = sl.tensor([nan, 1, nan, -0, 0, infinite, infinite]);
    const read = async (t: sl.Tensor): Promise<number[]> => [...(await t.data())];
    expect(await read(x.notEqual(x))).toEqual([1, 1, 0, 0, 0, 0, 0]);
    expect(await read(x.notEqual(y))).toEqual([1, 1, 1, 0, 0, 0, 1]);
    expect(await read(x.mul(1).notEqual(y))).toEqual([1, 1, 1, 0, 0, 0, 1]);
    expect(await read(sl.logicalNot(x.equal(y)))).toEqual([1, 1, 1, 0, 0, 0, 1]);
    expect(await read(x.toBool())).toEqual([1, 1, 1, 0, 0, 1, 1]);
    expect(await read(x.mul(1).toBool())).toEqual([1, 1, 1, 0, 0, 1, 1]);
    expect(await read(sl.any([nan, 0]))).toEqual([1]);
    expect(await read(sl.tensor([nan, 0, -0, 0.5], undefined, "bool"))).toEqual([1, 0, 0, 1]);
    expect(await read(sl.step(x))).toEqual([nan, nan, 1, 0, 0, 1, 0]);
    expect(await read(sl.step([nan, -2, 3], 0.5))).toEqual([nan, 0.5, 1]);
    const slope = sl.grad((v: sl.Tensor) => sl.step(v).add(v).sum())(sl.tensor([nan, -2, 3]));
    expect(await read(slope)).toEqual([1, 1, 1]);
  });

  test("the interpreter of the tests tells NaN as the GPU does", async () => {
    const x = sl.tensor([nan, 1, 0, -0]);
    const results = [x.notEqual(x), x.notEqual(0), x.toBool(), sl.step(x), x.equal(x)];
    const host = evaluate(results.map((result) => result.value));
    for (const [i, result] of results.entries()) {
      expect([...(await result.data())]).toEqual([...(host[i] ?? [])]);
    }
  });

  test("softmax, logSoftmax and logSumExp stay finite where the logits are large", async () => {
    const logits = sl.tensor([
      [3e38, 3e38, 0],
      [-3e38, -3e38, -3e38],
      [1e4, -1e4, 88.8],
    ]);
    const third = 1 / 3;
    const expected = [0.5, 0.5, 0, third, third, third, 1, 0, 0];
    expectClose(await sl.softmax(logits).data(), expected, tolerances.softmax);
    const total = [3e38, -3e38, 1e4].map(Math.fround);
    expectClose(await sl.logSumExp(logits, 1).data(), total, tolerances.logSoftmax);
    const log = [...(await sl.logSoftmax(logits).data())];
    expect(log.every(Number.isFinite)).toBe(true);
  });

  test("a logit of -Infinity has no share, and logSumExp of none is -Infinity", async () => {
    const logits = sl.tensor([[0, -infinite, 0]]);
    expectClose(await sl.softmax(logits).data(), [0.5, 0, 0.5], tolerances.softmax);
    const nothing = sl.tensor([[-infinite, -infinite]]);
    expect([...(await sl.logSumExp(nothing, 1).data())]).toEqual([-infinite]);
  });

  test("powers of zero and of negative numbers follow IEEE 754", async () => {
    const base = sl.tensor([0, 0, 0, -2, -2, -2, -8, 2, nan, 1e-20, 1e20]);
    const exponent = sl.tensor([0, 2, -1, 3, 2, -1, 1 / 3, nan, 2, 2, 2]);
    const expected = [1, 0, infinite, -8, 4, -0.5, nan, nan, nan, 0, infinite];
    expectClose(await sl.pow(base, exponent).data(), expected, tolerances.transcendental);
  });

  test("int32 wraps around, and its division by zero gives the dividend", async () => {
    const big = sl.tensor([2 ** 31 - 1, -(2 ** 31), 65_536], undefined, "int32");
    expect([...(await sl.add(big, big).data())]).toEqual([-2, 0, 131_072]);
    expect([...(await sl.mul(big, big).data())]).toEqual([1, 0, 0]);
    expect([...(await sl.neg(big).data())]).toEqual([-(2 ** 31 - 1), -(2 ** 31), -65_536]);
    const zero = sl.zeros([3], "int32");
    expect([...(await sl.div(big, zero).data())]).toEqual([2 ** 31 - 1, -(2 ** 31), 65_536]);
    expect([...(await sl.mod(big, zero).data())]).toEqual([0, 0, 0]);
  });

  test("constants give what tensors of the same numbers give", async () => {
    const [zero, one] = [sl.zeros([1]), sl.ones([1])];
    const two = one.add(one);
    const cases: readonly (readonly [sl.Tensor, number])[] = [
      [one.div(zero), infinite],
      [one.neg().div(zero), -infinite],
      [zero.div(zero), nan],
      [zero.reciprocal(), infinite],
      [one.neg().sqrt(), nan],
      [zero.rsqrt(), infinite],
      [zero.acosh(), nan],
      [one.atanh(), infinite],
      [two.asin(), nan],
      [one.exp().exp().exp().exp(), infinite],
      [one.exp().exp().exp().exp().log(), infinite],
      [zero.neg(), -0],
      [zero.neg().reciprocal(), -infinite],
      // What is left of a constant in a kernel with other operands.
      [sl.tensor([2]).mul(zero.neg()), -0],
      [sl.tensor([2]).mul(one.div(zero)), infinite],
      [sl.tensor([2]).sub(one.div(zero).exp()), -infinite],
      [sl.tensor([2]).add(zero.div(zero)), nan],
    ];
    for (const [actual, expected] of cases) expect([...(await actual.data())]).toEqual([expected]);
  });

  test("the gradient of mod is that of the quotient which mod itself takes off", async () => {
    // The float32 quotient of the third pair is 9, though 0.1 goes into 0.9 only 8 times.
    const pairs = [0.5, 0.7, 0.9, 1].map((x) => [x, 0.1] as const);
    const a = sl.tensor(pairs.map(([x]) => x));
    const b = sl.tensor(pairs.map(([, y]) => y));
    const [, db] = sl.grads((x: sl.Tensor, y: sl.Tensor) => sl.mod(x, y).sum())([a, b]);
    const quotients = [...(await sl.floorDiv(a, b).data())];
    expect(quotients[2]).toBe(8);
    expect([...((await db?.data()) ?? [])]).toEqual(quotients.map((q) => -q));
  });

  test("float32 division by zero is an infinity or NaN, as in JavaScript", async () => {
    const quotient = sl.div(sl.tensor([1, -1, 0]), sl.tensor([0, 0, 0]));
    expect([...(await quotient.data())]).toEqual([infinite, -infinite, nan]);
  });
});
