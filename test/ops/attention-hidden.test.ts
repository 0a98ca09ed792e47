import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { NAMES, run, three, waves } from "./attention-runs.ts";

describe("what a query of attention does not see", () => {
  test("causal means causal: what changes after a query leaves it bit-equal", async () => {
    const [q, k, v] = three([1, 2, 13, 8]);
    const before = await sl.scaledDotProductAttention(q, k, v, { causal: true }).array();
    const late = sl.range(0, 13).greater(7).reshape([13, 1]);
    const other = (x: sl.Tensor): sl.Tensor => sl.where(late, x.mul(-3).add(5), x);
    const after = await sl
      .scaledDotProductAttention(other(q), other(k), other(v), { causal: true })
      .array();
    const until = (nested: unknown): unknown =>
      (nested as number[][][][]).map((heads) => heads.map((rows) => rows.slice(0, 8)));
    expect(until(after)).toEqual(until(before));
    expect(after).not.toEqual(before);
  });

  test("padding may hold anything: NaN behind keyLengths reaches nothing", async () => {
    const [q, k, v] = three([2, 2, 6, 8]);
    const isPadding = sl.tensor([6, 3]).toInt().reshape([2, 1, 1, 1]);
    const behind = sl.range(0, 6).reshape([6, 1]).greaterEqual(isPadding);
    const spoilt = (x: sl.Tensor): sl.Tensor => sl.where(behind, Number.NaN, x);
    const clean = (x: sl.Tensor): sl.Tensor => sl.where(behind, 0, x);
    const options = { keyLengths: [6, 3] };
    const expected = run([q, clean(k), clean(v)], options);
    const actual = run([q, spoilt(k), spoilt(v)], options);
    for (const i of [0, 1]) {
      expect(await actual[i]?.data(), NAMES[i]).toEqual(await expected[i]?.data());
    }
    // Keys that nobody sees have no gradient.
    for (const i of [2, 3]) {
      const [, second] = ((await actual[i]?.array()) ?? []) as number[][][][];
      for (const head of second ?? []) {
        expect(
          head
            .slice(3)
            .flat()
            .every((x) => x === 0),
          NAMES[i],
        ).toBe(true);
      }
    }
  });

  test("NaN in what a query does not see reaches neither its result nor its gradient", async () => {
    // Rows 0 to 4 do not see row 5, which lies in the tile of row 4 and in the block of keys 4 to 7. Of the result, and of the
    // gradient of queries, rows 0 to 4 are asked for: rows behind see row 5, and so they and the gradients of keys are NaN.
    const [q, k, v] = three([1, 2, 9, 8]);
    const spoilt = sl.range(0, 9).equal(5).reshape([9, 1]);
    const late = sl.range(0, 9).greater(4).reshape([9, 1]);
    const visible = [
      { causal: true },
      { causal: true, window: 3 },
      { mask: sl.range(0, 9).notEqual(5).logicalOr(late) },
      { causal: true, bias: waves([9, 9], 0.3) },
    ];
    for (const options of visible) {
      const all = async (k: sl.Tensor, v: sl.Tensor): Promise<unknown[]> => {
        const results = (q: sl.Tensor): sl.Tensor =>
          sl.scaledDotProductAttention(q, k, v, options).slice([0, 0, 0, 0], [1, 2, 5, 8]);
        const dq = sl.grad((q) =>
          results(q)
            .mul(waves([1, 2, 5, 8], 0.7))
            .sum(),
        )(q);
        return [await results(q).array(), await dq.slice([0, 0, 0, 0], [1, 2, 5, 8]).array()];
      };
      const nan = (x: sl.Tensor): sl.Tensor => sl.where(spoilt, Number.NaN, x);
      const expected = await all(k, v);
      expect(await all(k, nan(v))).toEqual(expected);
      expect(await all(nan(k), v)).toEqual(expected);
      expect(await all(nan(k), nan(v))).toEqual(expected);
    }
  });

  test("NaN in a query reaches no gradient of a key that it does not see", async () => {
    const [q, k, v] = three([1, 2, 9, 8]);
    const first = sl.range(0, 9).equal(0).reshape([9, 1]);
    for (const options of [
      { causal: true },
      { mask: first.logicalNot().logicalOr(first.reshape([9])) },
    ]) {
      const [, , ...expected] = run([q, k, v], options);
      const [, , ...actual] = run([sl.where(first, Number.NaN, q), k, v], options);
      for (const [i, one] of actual.entries()) {
        const behind = (x: sl.Tensor | undefined) => x?.slice([0, 0, 1, 0], [1, 2, 8, 8]).data();
        expect(await behind(one), NAMES[i + 2]).toEqual(await behind(expected[i]));
      }
    }
  });

  test("key lengths in a tensor that go beyond the keys count as all and as none of them", async () => {
    const xs = three([2, 1, 5, 4]);
    const beyond = run(xs, { keyLengths: sl.tensor([2_000_000_000, -7], [2], "int32") });
    const within = run(xs, { keyLengths: [5, 0] });
    for (const [i, one] of beyond.entries()) {
      expect(await one.data(), NAMES[i]).toEqual(await within[i]?.data());
    }
  });

  test("NaN in a key that is seen is not hidden", async () => {
    const [q, k, v] = three([1, 1, 5, 4]);
    const first = sl.range(0, 5).equal(0).reshape([5, 1]);
    const y = sl.scaledDotProductAttention(q, sl.where(first, Number.NaN, k), v, { causal: true });
    expect((await y.data()).every(Number.isNaN)).toBe(true);
  });

  test("a query that sees no key gives zeros and has zero gradients", async () => {
    const xs = three([1, 2, 5, 8]);
    const mask = sl.range(0, 5).notEqual(2).reshape([5, 1]);
    const [y, dq, dk, dv] = run(xs, { mask });
    const third = async (x: sl.Tensor | undefined): Promise<number[]> =>
      (((await x?.array()) ?? []) as number[][][][]).flatMap((heads) =>
        heads.flatMap((rows) => rows[2] ?? []),
      );
    expect((await third(y)).every((x) => x === 0)).toBe(true);
    expect((await third(dq)).every((x) => x === 0)).toBe(true);
    for (const x of [y, dq, dk, dv]) expect((await x?.data())?.every(Number.isFinite)).toBe(true);
    expect((await third(dk)).every((x) => x !== 0)).toBe(true);
  });
});
