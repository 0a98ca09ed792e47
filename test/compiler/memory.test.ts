import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignSlots } from "../../src/compiler/memory.ts";
import { ALIGNMENT, alignUp } from "../../src/graph/arena-layout.ts";
import { ops } from "../../src/ops/index.ts";
import { host, planFor } from "./plans.ts";

const lifetimes = fc.array(
  fc
    .tuple(fc.nat({ max: 5000 }), fc.integer({ min: -1, max: 30 }), fc.nat({ max: 12 }))
    .map(([bytes, first, length]) => ({ bytes, first, last: first + length })),
  { maxLength: 60 },
);

describe("slots", () => {
  test("never hold two values at a time, and are large enough for each", () => {
    fc.assert(
      fc.property(lifetimes, (all) => {
        const { slots, bytes } = assignSlots(all);
        all.forEach((a, i) => {
          expect(bytes[slots[i] ?? -1]).toBeGreaterThanOrEqual(Math.max(4, a.bytes));
          all.forEach((b, k) => {
            if (i === k || slots[i] !== slots[k]) return;
            expect(a.last < b.first || b.last < a.first).toBe(true);
          });
        });
      }),
      { numRuns: 300 },
    );
  });

  test("are as many as values live at a time, not more", () => {
    fc.assert(
      fc.property(lifetimes, (all) => {
        const most = Math.max(
          0,
          ...all.map(({ first }) => all.filter((b) => b.first <= first && first <= b.last).length),
        );
        expect(assignSlots(all).bytes.length).toBe(most);
      }),
      { numRuns: 200 },
    );
  });

  test("of a long chain are two, one to read and one to write", () => {
    let x = host([64]);
    for (let i = 0; i < 400; i++) x = ops.tanh(x);
    expect(planFor(x).slots.length).toBe(2);
  });

  test("are whole multiples of the alignment", () => {
    expect([0, 1, 256, 257].map(alignUp)).toEqual([0, 256, 256, 512]);
    expect(assignSlots([{ bytes: 300, first: 0, last: 0 }]).bytes).toEqual([2 * ALIGNMENT]);
  });
});
