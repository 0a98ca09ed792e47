import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlanDispatch } from "../../src/compiler/plan.ts";
import { cutByCost } from "../../src/runtime/cut-by-cost.ts";

const dispatch = (flops: number): PlanDispatch => ({
  label: "work",
  kernel: { name: "work", code: "", layout: "" },
  bindings: [],
  paramsOffset: -1,
  paramsBytes: 0,
  wordsOffset: -1,
  wordsBytes: 0,
  workgroups: [1, 1, 1],
  flops,
  bytes: 0,
  note: null,
});

describe("cutting a run into submits", () => {
  const flops = fc.array(fc.nat({ max: 2e9 }), { maxLength: 40 });

  test("keeps every dispatch, once and in order", () => {
    fc.assert(
      fc.property(flops, fc.boolean(), (costs, isSlow) => {
        const parts = cutByCost(costs.map(dispatch), isSlow);
        const all = parts.flatMap(([from, to]) => costs.slice(from, to));
        expect(all).toEqual(costs);
        for (const [from, to] of parts) expect(to).toBeGreaterThan(from);
      }),
    );
  });

  test("puts together only what stays under the time of a submit", () => {
    // The pessimistic rate of slow adapters is 3e9 a second, a submit's share half a second.
    fc.assert(
      fc.property(flops, (costs) => {
        for (const [from, to] of cutByCost(costs.map(dispatch), true)) {
          const total = costs.slice(from, to).reduce((a, b) => a + b, 0);
          expect(to - from === 1 || total <= 1.5e9 + 1).toBe(true);
        }
      }),
    );
  });

  test("cheap runs are one submit; an adapter that is fast gets more at once", () => {
    const cheap = Array.from({ length: 50 }, () => dispatch(1e6));
    expect(cutByCost(cheap, true)).toEqual([[0, 50]]);
    const dear = Array.from({ length: 4 }, () => dispatch(1e9));
    expect(cutByCost(dear, true).length).toBe(4);
    expect(cutByCost(dear, false).length).toBe(1);
  });
});
