import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BatchOrder } from "../../../src/train/batches/batch-order.ts";

const base = { start: 0, batchSize: 4, shuffle: true, seed: 7, steps: null } as const;
const epochOf = (order: BatchOrder, epoch: number): number[][] =>
  Array.from({ length: order.steps }, (_, batch) => [...order.rowsOf(epoch, batch)]);

describe("the order of batches", () => {
  test("an epoch has each sample once, in an order of its own", () => {
    const order = new BatchOrder({ ...base, start: 3, end: 13 });
    const [first, second] = [epochOf(order, 0), epochOf(order, 1)];
    expect(first.map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(first.flat().sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(first).not.toEqual(second);
    expect(epochOf(new BatchOrder({ ...base, start: 3, end: 13 }), 1)).toEqual(second);
  });

  test("without shuffling they come as they are", () => {
    const order = new BatchOrder({ ...base, end: 6, shuffle: false });
    expect(epochOf(order, 5)).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
  });

  test('"batch" changes the order of whole batches; a smaller last one stays the last', () => {
    const order = new BatchOrder({ ...base, start: 100, end: 130, shuffle: "batch" });
    const batches = epochOf(order, 0);
    for (const [first = 0, ...rest] of batches) {
      expect((first - 100) % 4).toBe(0);
      expect(rest).toEqual(rest.map((_, i) => first + 1 + i));
    }
    expect(batches.at(-1)).toEqual([128, 129]);
    expect(batches.map(([first]) => first)).not.toEqual([100, 104, 108, 112, 116, 120, 124, 128]);
  });

  test("epochs of so many steps go on in the data where the one before ended", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(true, false, "batch" as const),
        (end, batchSize, steps, shuffle) => {
          const config = { ...base, end, batchSize, shuffle };
          const passes = new BatchOrder(config);
          const endless = Array.from({ length: 12 }, (_, pass) => epochOf(passes, pass)).flat();
          const epochs = new BatchOrder({ ...config, steps });
          for (let epoch = 0; (epoch + 1) * steps <= endless.length; epoch++) {
            const expected = endless.slice(epoch * steps, (epoch + 1) * steps);
            expect(epochOf(epochs, epoch)).toEqual(expected);
          }
        },
      ),
    );
  });
});
