import fc from "fast-check";
import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { ops } from "../../src/ops/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { floats, makeInput } from "./row.ts";

/*
 * Laws that hold for any shape, checked on the GPU. fast-check prints the seed and the smallest
 * case of a failure.
 */

const size = fc.integer({ min: 1, max: 9 });
const RUNS = { numRuns: 15 };

const matrix = (rows: number, columns: number, phase = 0): sl.Tensor =>
  makeInput(floats([rows, columns], (i) => Math.sin(1.3 * i + phase)));

async function expectSame(
  a: sl.Tensor,
  b: sl.Tensor,
  name: keyof typeof tolerances,
): Promise<void> {
  const shape = a.shape.join();
  if (shape !== b.shape.join()) throw new Error(`shapes [${shape}] and [${b.shape}] differ`);
  expectClose(await a.data(), await b.data(), tolerances[name]);
}

describe("laws", () => {
  test("(A·B)ᵀ = Bᵀ·Aᵀ", async () => {
    await fc.assert(
      fc.asyncProperty(size, size, size, async (m, k, n) => {
        const [a, b] = [matrix(m, k), matrix(k, n, 1)];
        const turned = b.transpose().matMul(a.transpose());
        await expectSame(a.matMul(b).transpose(), turned, "matMul");
      }),
      RUNS,
    );
  });

  test("softmax adds up to 1 and does not see a shift", async () => {
    await fc.assert(
      fc.asyncProperty(size, size, fc.integer({ min: -50, max: 50 }), async (m, n, shift) => {
        const x = matrix(m, n).mul(4);
        await expectSame(x.softmax().sum(1), sl.ones([m]), "softmax");
        await expectSame(x.add(shift).softmax(), x.softmax(), "samePrecision");
      }),
      RUNS,
    );
  });

  test("what split cuts concat joins, bit for bit", async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.array(size, { minLength: 1, maxLength: 9 }), async (m, widths) => {
        const x = matrix(
          m,
          widths.reduce((a, b) => a + b, 0),
        );
        await expectSame(sl.concat(x.split(widths, 1), 1), x, "exact");
        await expectSame(sl.stack(x.unstack(1), 1), x, "exact");
      }),
      RUNS,
    );
  });

  test("cumsum forwards and backwards add up to the sum and the element", async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.integer({ min: 1, max: 80 }), async (m, n) => {
        const x = matrix(m, n);
        const both = x.cumsum(1).add(x.cumsum(1, false, true));
        await expectSame(both, x.add(x.sum(1, true)), "reduction");
      }),
      RUNS,
    );
  });

  test("a sum over all axes is a sum of sums", async () => {
    await fc.assert(
      fc.asyncProperty(size, size, size, async (a, b, c) => {
        const x = makeInput(floats([a, b, c], Math.sin));
        await expectSame(x.sum(), x.sum(2).sum(0).sum(), "reduction");
        await expectSame(
          x.sum([0, 2]),
          x
            .transpose([1, 0, 2])
            .reshape([b, a * c])
            .sum(1),
          "reduction",
        );
      }),
      RUNS,
    );
  });

  test("gather by a permutation, and by its inverse, gives back the rows", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
        size,
        async (order, n) => {
          const x = matrix(7, n);
          const inverse = order.map((_, i) => order.indexOf(i));
          await expectSame(x.gather(order).gather(inverse), x, "exact");
        },
      ),
      RUNS,
    );
  });

  test("the gradient is linear in what comes from above", async () => {
    await fc.assert(
      fc.asyncProperty(size, size, async (m, n) => {
        const f = (x: sl.Tensor): sl.Tensor => x.softmax().mul(x.tanh());
        const [x, dy, dz] = [matrix(m, n), matrix(m, n, 2), matrix(m, n, 3)];
        const apart = sl.grad(f)(x, dy).add(sl.grad(f)(x, dz).mul(2));
        await expectSame(sl.grad(f)(x, dy.add(dz.mul(2))), apart, "gradient");
      }),
      RUNS,
    );
  });

  test("topk gives what sorting gives, ties by position", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (values, hasInfinity) => {
          const row = hasInfinity ? [...values, Number.NEGATIVE_INFINITY] : values;
          const order = row
            .map((value, i) => ({ value, i }))
            .sort((a, b) => (a.value === b.value ? a.i - b.i : b.value > a.value ? 1 : -1));
          const top = sl.topk(row, row.length);
          const expected = order.map(({ i }) => i);
          expectClose(await top.indices.data(), expected, tolerances.exact);
          const sorted = order.map(({ value }) => value);
          expectClose(await top.values.data(), sorted, tolerances.exact);
        },
      ),
      RUNS,
    );
  });

  test("stridedSlice is Python's x[begin:end:stride]", () => {
    const place = fc.integer({ min: -12, max: 12 });
    const stride = fc.integer({ min: -4, max: 4 }).filter((by) => by !== 0);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        place,
        place,
        stride,
        (length, begin, end, by) => {
          const list = Array.from({ length }, (_, i) => i);
          const cut = sl.stridedSlice(list, [begin], [end], [by]);
          const [data] = evaluate([cut.value]);
          expectClose(data ?? [], pythonSlice(list, { begin, end, by }), tolerances.exact);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("reshape, transpose, slice and pad move bits that are no numbers unharmed", async () => {
    const special = sl.tensor([Number.NaN, -0, Number.POSITIVE_INFINITY, 3e38]);
    const moved = special
      .reshape([2, 2])
      .transpose()
      .pad([
        [0, 1],
        [1, 0],
      ])
      .reverse(0)
      .slice([1, 1]);
    const data = await sl.concat([moved, moved], 1).data();
    const large = Math.fround(3e38);
    const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;
    expect([...data]).toEqual([-0, large, -0, large, nan, infinite, nan, infinite]);
  });

  test("the table's overlay keeps what a pad surrounds", () => {
    const x = makeInput(floats([3])).value;
    const joined = ops.overlay(ops.pad(x, [[0, 3]]), ops.pad(x, [[3, 0]]));
    const [twice] = evaluate([joined]);
    const [once] = evaluate([x]);
    expectClose(twice ?? [], [...(once ?? []), ...(once ?? [])], tolerances.exact);
  });
});

function pythonSlice(
  list: readonly number[],
  { begin, end, by }: { begin: number; end: number; by: number },
): number[] {
  // As the language reference defines it: clamp, then walk.
  const length = list.length;
  const clamp = (x: number, low: number, high: number): number =>
    Math.min(Math.max(x < 0 ? x + length : x, low), high);
  const [low, high] = by > 0 ? [0, length] : [-1, length - 1];
  const result: number[] = [];
  const last = clamp(end, low, high);
  for (let i = clamp(begin, low, high); by > 0 ? i < last : i > last; i += by) {
    result.push(list[i] ?? Number.NaN);
  }
  return result;
}
