import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { currentEngine } from "../../src/tensor/current.ts";
import { add, compile, fill, memory, mul, ones, sum, type Tensor } from "../../src/tensor/index.ts";

/** Results of 4,000 bytes each, kept and not read. */
const SIZE = 1000;
const LIMIT = 20 * 4 * SIZE;

const unread = () => {
  const { unread: results } = currentEngine().book;
  if (results === null) throw new Error("the book has nobody who counts results");
  return results;
};
const usual = unread().limit;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  unread().limit = LIMIT;
});

afterEach(() => {
  vi.restoreAllMocks();
  unread().limit = usual;
});

describe("results that nobody reads", () => {
  test("move to the host when they hold too much, and stay readable", async () => {
    const before = memory().numBytes;
    const double = compile((x: Tensor) => mul(x, 2));
    const kept: Tensor[] = [];
    for (let i = 0; i < 100; i++) {
      const x = fill([SIZE], i);
      kept.push(double(x));
      x.dispose();
      await currentEngine().idle();
      expect(memory().numBytes - before).toBeLessThan(2 * LIMIT);
    }
    const sums = await Promise.all(kept.map((one) => sum(one).array()));
    expect(sums).toEqual(kept.map((_, i) => 2 * SIZE * i));
    expect((await (kept[0] as Tensor).data())[0]).toBe(0);
    for (const one of kept) one.dispose();
    double.dispose();
    // What other tests left unread may have moved as well.
    expect(memory().numBytes).toBeLessThanOrEqual(before);
  });

  test("stay where they are when their buffer was handed out", async () => {
    const first = mul(ones([SIZE]), 3);
    const { buffer } = await first.buffer();
    const double = compile((x: Tensor) => add(x, x));
    const kept = Array.from({ length: 60 }, () => double(ones([SIZE])));
    await currentEngine().idle();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await first.buffer()).buffer).toBe(buffer);
    for (const one of [first, ...kept]) one.dispose();
    double.dispose();
  });
});
