import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { testDevice } from "../helpers/adapter.ts";

const hasHalf = (await testDevice()).features.has("shader-f16");

/** Four steps of three numbers, all of them halves to the bit. */
const STEPS = [
  [1, 2, -1],
  [0.5, -0.25, 3],
  [-2, 1.5, 0.125],
  [4, -3, 0.75],
];

type Body = (carry: sl.Tensor, x: sl.Tensor, gain: sl.Tensor) => [sl.Tensor, sl.Tensor];

const BODIES: Readonly<Record<string, Body>> = {
  "a sum that fades": (carry, x, gain) => {
    const next = carry.mul(gain).add(x);
    return [next, next];
  },
  "products of carry, piece and what is captured": (carry, x, gain) => {
    const next = carry.mul(x).mul(gain).add(x).tanh();
    return [next, next.mul(2)];
  },
};

// Only the outputs count: the gradients of the last carry begin as zeros that scan makes itself.
async function gradientsIn(dtype: sl.DType, body: Body): Promise<number[][]> {
  const loss = (xs: sl.Tensor, first: sl.Tensor, gain: sl.Tensor): sl.Tensor => {
    const [, ys] = sl.scan((carry, x) => body(carry, x, gain), first, xs);
    return ys.sum();
  };
  const args = [STEPS, [1, 1, 1], [0.5, 0.25, 1]].map((one) => sl.tensor(one).cast(dtype));
  const found = sl.grads(loss)(args);
  expect(found.map((one) => one.dtype)).toEqual([dtype, dtype, dtype]);
  return Promise.all(found.map(async (one) => [...(await one.data())]));
}

describe.each(Object.entries(BODIES))("%s, in halves", (_, body) => {
  if (!hasHalf) {
    test("is refused by a device that has none", async () => {
      await expect(gradientsIn("float16", body)).rejects.toThrow(sl.UnsupportedError);
    });
    return;
  }

  test("has the gradients that it has in float32", async () => {
    const [expected, actual] = [
      await gradientsIn("float32", body),
      await gradientsIn("float16", body),
    ];
    for (const [i, one] of actual.entries()) {
      for (const [j, x] of one.entries()) {
        const wide = expected[i]?.[j] ?? Number.NaN;
        // 2^-11 is the rounding of one half; each number is made of a few.
        expect(Math.abs(x - wide)).toBeLessThan(5e-3 * Math.max(1, Math.abs(wide)));
      }
    }
  });
});
