import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { ops } from "../../src/ops/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { expectAlike, NAMES, run, runSimply, three, waves } from "./attention-runs.ts";
import { gradientsOf } from "./finite-difference.ts";

describe("attention at the edges of its tiles", () => {
  // Tiles are 4 rows and blocks 4 keys; a single query's keys come in chunks of 64.
  const LENGTHS = [
    [1, 1],
    [1, 63],
    [1, 64],
    [1, 65],
    [1, 129],
    [2, 1],
    [3, 4],
    [4, 3],
    [4, 4],
    [5, 5],
    [7, 9],
    [8, 8],
    [9, 7],
    [63, 65],
    [65, 63],
  ] as const;

  test.each(LENGTHS)("T %i, S %i equals the simple ops", async (t, s) => {
    const xs = [waves([2, 2, t, 8], 0.1), waves([2, 2, s, 8], 1.1), waves([2, 2, s, 8], 2.1)] as [
      sl.Tensor,
      sl.Tensor,
      sl.Tensor,
    ];
    for (const options of [{}, { causal: true }, { keyLengths: [s, Math.ceil(s / 2)] }]) {
      await expectAlike(run(xs, options), runSimply(xs, options));
    }
  });

  test("no queries and no keys", async () => {
    const none = sl.scaledDotProductAttention(
      sl.zeros([2, 1, 0, 4]),
      sl.zeros([2, 1, 3, 4]),
      sl.zeros([2, 1, 3, 4]),
    );
    expect(none.shape).toEqual([2, 1, 0, 4]);
    expect((await none.data()).length).toBe(0);
    const q = waves([2, 1, 3, 4], 0.1);
    const empty = sl.zeros([2, 1, 0, 4]);
    const [y, dq, dk] = run([q, empty, empty], {});
    expect(await y?.data()).toEqual(new Float32Array(24));
    expect(await dq?.data()).toEqual(new Float32Array(24));
    expect(dk?.shape).toEqual([2, 1, 0, 4]);
  });
});

describe("attention in the layout of layers", () => {
  test("time before heads gives what heads before time give, gradients too", async () => {
    const [q, k, v] = [
      waves([2, 4, 9, 8], 0.1),
      waves([2, 2, 7, 8], 1.1),
      waves([2, 2, 7, 4], 2.1),
    ];
    const order = [0, 2, 1, 3];
    const settings = { scale: 0.4, causal: true, window: null, dropout: 0 };
    const result = (q: sl.Tensor, k: sl.Tensor, v: sl.Tensor, layout: "BNTD" | "BTND") => {
      const inputs = { query: q.value, key: k.value, value: v.value };
      const [y] = ops.attention(inputs, { ...settings, layout });
      return sl.Tensor.of(y as NonNullable<typeof y>);
    };
    const swapped = [q, k, v].map((x) => sl.transpose(x, order));
    const weights = waves([2, 4, 9, 4], 0.7);
    const inOrder = sl.valueAndGrads((...[a, b, c]) =>
      result(a as sl.Tensor, b as sl.Tensor, c as sl.Tensor, "BNTD")
        .mul(weights)
        .sum(),
    )([q, k, v]);
    const inLayers = sl.valueAndGrads((...[a, b, c]) =>
      result(a as sl.Tensor, b as sl.Tensor, c as sl.Tensor, "BTND")
        .mul(sl.transpose(weights, order))
        .sum(),
    )(swapped);
    expectClose(await inLayers.value.data(), await inOrder.value.data(), tolerances.samePrecision);
    await expectAlike(
      inLayers.grads.map((x) => sl.transpose(x, order)),
      inOrder.grads,
    );
  });
});

describe("what attention promises", () => {
  test("large scores do not overflow", async () => {
    const [q, k, v] = three([1, 1, 6, 4]);
    const y = sl.scaledDotProductAttention(q.mul(1e4), k.mul(1e4), v);
    const expected = sl.matMul(sl.attentionScores(q.mul(1e4), k.mul(1e4)), v);
    expectClose(await y.data(), await expected.data(), tolerances.attention);
  });

  test("weights of large scores add up to 1 backwards as well", async () => {
    // Without the bits of forwards, exp(S - m) is e^8 where S is 1e8 and its last digit another. dV of ones, summed over the
    // keys, counts the queries: each has weights that add up to 1. 1/√8 is no power of two, so its products round.
    const [q, k, v] = three([1, 2, 6, 8]).map((x) => x.mul(1e4)) as [
      sl.Tensor,
      sl.Tensor,
      sl.Tensor,
    ];
    const bias = waves([6, 6], 0.3);
    for (const options of [{}, { causal: true }, { bias }]) {
      const dv = sl.grad((v) => sl.scaledDotProductAttention(q, k, v, options).sum())(v);
      const counts = await dv.sum(2).data();
      expectClose(counts, new Float32Array(16).fill(6), tolerances.gradient);
    }
  });

  test("permuting the batch permutes the result, bit for bit", async () => {
    const [q, k, v] = three([3, 2, 6, 8]);
    const order = sl.tensor([2, 0, 1]).toInt();
    const y = sl.scaledDotProductAttention(q, k, v, { causal: true });
    const [a, b, c] = [q, k, v].map((x) => sl.gather(x, order)) as [
      sl.Tensor,
      sl.Tensor,
      sl.Tensor,
    ];
    const permuted = sl.scaledDotProductAttention(a, b, c, { causal: true });
    expect(await permuted.data()).toEqual(await sl.gather(y, order).data());
  });

  test("dropout keeps the mean, draws anew, and the same under a seed", async () => {
    const [q, k] = [sl.zeros([1, 1, 64, 4]), sl.zeros([1, 1, 64, 4])];
    const v = sl.ones([1, 1, 64, 4]);
    const once = async (seed: number | null = null): Promise<number[]> =>
      Array.from(await sl.scaledDotProductAttention(q, k, v, { dropout: 0.5, seed }).data());
    const first = await once(3);
    expect(await once(3)).toEqual(first);
    expect(await once(4)).not.toEqual(first);
    expect(await once()).not.toEqual(await once());
    // Each result is the mean of 64 factors 0 or 2, with standard deviation 1/8; the mean of 64 of them has 1/64.
    const mean = first.reduce((sum, x) => sum + x, 0) / first.length;
    expect(Math.abs(mean - 1)).toBeLessThan(5 / 64);
  });

  test("dropout in a scan draws anew at each step, and backwards what it drew forwards", async () => {
    const [xs, k, v] = [
      waves([2, 1, 1, 8, 4], 0.1),
      waves([1, 1, 8, 4], 1.1),
      sl.ones([1, 1, 8, 4]),
    ];
    const options = { dropout: 0.5, seed: 3, causal: true };
    const attended = (q: sl.Tensor): sl.Tensor => sl.scaledDotProductAttention(q, k, v, options);
    const [, results] = sl.scan((carry, q) => [carry, attended(q)], sl.scalar(0), xs);
    // Equal queries at both steps differ by what is dropped alone.
    const twice = sl.zeros([2, 1, 1, 8, 4]);
    const [, dropped] = sl.scan((carry, q) => [carry, attended(q)], sl.scalar(0), twice);
    const [first, second] = (await dropped.array()) as number[][];
    expect(first).not.toEqual(second);
    // The first step drops what the same call drops outside, by the kernels.
    const outside = attended(sl.zeros([1, 1, 8, 4]));
    expectClose((first ?? []).flat(3), await outside.data(), tolerances.attention);
    const gradients = gradientsOf([results.value], [xs.value, k.value, v.value]);
    const expected = evaluate([results.value, ...gradients]);
    for (const [i, one] of [results.value, ...gradients].entries()) {
      const label = NAMES[i] ?? "";
      const actual = await sl.Tensor.of(one).data();
      expectClose(actual, expected[i] ?? [], { ...tolerances.gradient, label });
    }
  });

  test("a long attention is cut into dispatches of bounded cost, with the same bits as its rows alone", async () => {
    const [q, k, v] = three([1, 2, 1024, 64]);
    const whole = sl.scaledDotProductAttention(q, k, v);
    expect((await sl.explain(whole)).dispatches.length).toBeGreaterThan(1);
    const part = sl.scaledDotProductAttention(q.slice([0, 0, 128, 0], [1, 2, 64, 64]), k, v);
    const rows = whole.slice([0, 0, 128, 0], [1, 2, 64, 64]);
    expect(await part.data()).toEqual(await rows.data());
  });
});

describe("a bias so large that a float32 has no digits left beside it", () => {
  // Float64 keeps what float32 rounds away beside -1e9, so the products that are added to it are zeros here.
  const LARGE = [-1e9, -3e38, -3.4028234663852886e38, 1e9, 3e38];
  const SIZES = [
    { t: 1, s: 70 },
    { t: 5, s: 7 },
    { t: 6, s: 6, causal: true },
    { t: 6, s: 6, window: 2 },
  ] as const;

  test.each(LARGE)("%d over a whole row leaves its softmax even: all gradients", async (large) => {
    for (const { t, s, ...options } of SIZES) {
      const row = Math.min(1, t - 1);
      const bias = sl
        .range(0, t)
        .equal(row)
        .reshape([t, 1])
        .cast("float32")
        .mul(sl.fill([1, 1, t, s], large));
      const [q, k] = [sl.zeros([1, 4, t, 8]), waves([1, 2, s, 8], 1.1)];
      const v = waves([1, 2, s, 4], 2.1);
      const settings = { layout: "BNTD", scale: 0.4, causal: false, window: null, dropout: 0 };
      const inputs = { query: q.value, key: k.value, value: v.value, bias: bias.value };
      const results = ops
        .attention(inputs, { ...settings, ...options, layout: "BNTD" })
        .slice(0, 1);
      const gradients = gradientsOf(results, Object.values(inputs));
      const expected = evaluate([...results, ...gradients]);
      for (const [i, one] of [...results, ...gradients].entries()) {
        const label = `${["result", "dQuery", "dKey", "dValue", "dBias"][i]}, T ${t}, S ${s}`;
        const actual = await sl.Tensor.of(one).data();
        expectClose(actual, expected[i] ?? [], { ...tolerances.gradient, label });
      }
    }
  });

  test.each([-1e9, -3e38])(
    "dV is dO / n: a query that sees n keys under %d takes each by 1/n",
    async (large) => {
      // The products of q and k are below 32, half of what the last digit of a float32 counts at 1e9.
      const [q, k, v] = three([1, 1, 6, 4]);
      for (const [keys, mask] of [
        [6, null],
        [3, sl.range(0, 6).less(3)],
      ] as const) {
        const options = { bias: sl.fill([6, 6], large), mask };
        const dv = sl.grad((v) => sl.scaledDotProductAttention(q, k, v, options).sum())(v);
        const expected = Array.from({ length: 24 }, (_, i) => (i < 4 * keys ? 6 / keys : 0));
        expectClose(await dv.data(), expected, tolerances.gradient);
      }
    },
  );
});

describe("memory of attention", () => {
  test("grows linearly with the length, forwards and backwards", async () => {
    const bytes: number[] = [];
    for (const t of [256, 512, 1024, 2048]) {
      const all = run(three([1, 2, t, 16]), { causal: true });
      const { scratch } = await sl.explain(all);
      bytes.push(scratch.reduce((a, b) => a + b, 0));
    }
    console.log(
      `scratch bytes of attention with its gradient, T = 256 … 2048: ${bytes.join(", ")}`,
    );
    const [first = 0] = bytes;
    expect(first).toBeGreaterThan(0);
    bytes.forEach((one, i) => {
      expect(one).toBeLessThanOrEqual(first * 2 ** i);
    });
    // The scores of one head alone would be 16 MiB at T = 2048.
    expect(bytes[3]).toBeLessThan(2 * 2048 * 2048 * 4);
  });
});
