import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignSlots, type Lifetime } from "../../src/compiler/memory.ts";
import { ALIGNMENT, alignUp } from "../../src/graph/arena-layout.ts";
import { ops } from "../../src/ops/index.ts";
import { host, planFor } from "./plans.ts";

const lifetimes = fc.array(
  fc
    .tuple(fc.nat({ max: 5000 }), fc.integer({ min: -1, max: 30 }), fc.nat({ max: 12 }))
    .map(([bytes, first, length]) => ({ bytes, first, last: first + length })),
  { maxLength: 60 },
);

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

/** The most that lives at any step, by a measure. */
function mostAtATime(all: readonly Lifetime[], measure: (one: Lifetime) => number): number {
  const at = all.map(({ first }) =>
    sum(all.filter((one) => one.first <= first && first <= one.last).map(measure)),
  );
  return Math.max(0, ...at);
}

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

  test("of one size are as many as live at a time, not more", () => {
    fc.assert(
      fc.property(lifetimes, (all) => {
        const alike = all.map((one) => ({ ...one, bytes: 8 }));
        expect(assignSlots(alike).bytes.length).toBe(mostAtATime(alike, () => 1));
      }),
      { numRuns: 200 },
    );
  });

  test("together hold what lives at a time, and no more than all there is", () => {
    fc.assert(
      fc.property(lifetimes, (all) => {
        const total = sum(assignSlots(all).bytes);
        const sizeOf = ({ bytes }: Lifetime): number => alignUp(Math.max(4, bytes));
        expect(total).toBeGreaterThanOrEqual(mostAtATime(all, sizeOf));
        expect(total).toBeLessThanOrEqual(sum(all.map(sizeOf)));
      }),
      { numRuns: 200 },
    );
  });

  test("of large pieces are not held by small ones when large ones come", () => {
    const large = (first: number, last: number): Lifetime => ({ bytes: 4096, first, last });
    const small = (first: number, last: number): Lifetime => ({ bytes: 256, first, last });
    // In the order of time the small piece would sit in the first large slot from step 2 to 9.
    const { bytes, slots } = assignSlots([large(0, 1), small(2, 9), large(3, 4), large(6, 8)]);
    expect(bytes).toEqual([4096, 256]);
    expect(slots).toEqual([0, 1, 0, 0]);
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
