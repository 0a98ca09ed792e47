import * as sl from "sluice";
import { describe, expect, test } from "vitest";

/** [2, 3, 4] of 0 to 23. */
const x = sl.range(0, 24).reshape([2, 3, 4]);

describe("the masks of stridedSlice", () => {
  test("an ellipsis stands for the axes that are left", async () => {
    // numpy.arange(24).reshape(2, 3, 4)[..., 1]
    const last = sl.stridedSlice(x, [0, 1], [0, 2], [1, 1], 0, 0, 0b01, 0, 0b10);
    expect(await last.array()).toEqual([
      [1, 5, 9],
      [13, 17, 21],
    ]);
    // [0:1, ..., 2:4]
    const middle = sl.stridedSlice(x, [0, 0, 2], [1, 0, 4], [1, 1, 1], 0, 0, 0b010);
    expect(await middle.array()).toEqual([
      [
        [2, 3],
        [6, 7],
        [10, 11],
      ],
    ]);
    // [0:2, 0:1, ..., 0:1]: nothing is left for it
    const none = sl.stridedSlice(x, [0, 0, 0, 0], [2, 1, 0, 1], [1, 1, 1, 1], 0, 0, 0b0100);
    expect(await none.array()).toEqual([[[0]], [[12]]]);
  });

  test("a new axis takes no axis of x", () => {
    // [newaxis, 1:2, ..., newaxis]
    const y = sl.stridedSlice(x, [0, 1, 0, 0], [0, 2, 0, 0], [1, 1, 1, 1], 0, 0, 0b0100, 0b1001);
    expect(y.shape).toEqual([1, 1, 3, 4, 1]);
    // [:, newaxis]
    expect(sl.stridedSlice(x, [0, 0], [0, 0], [1, 1], 1, 1, 0, 2).shape).toEqual([2, 1, 3, 4]);
  });

  test("a single position drops its axis; negative ones count from the end", async () => {
    // [-1, 0]
    const row = sl.stridedSlice(x, [-1, 0], [0, 0], [1, 1], 0, 0, 0, 0, 0b11);
    expect(await row.array()).toEqual([12, 13, 14, 15]);
    // [1, 2, 3]
    const one = sl.stridedSlice(x, [1, 2, 3], [2, 3, 4], [1, 1, 1], 0, 0, 0, 0, 0b111);
    expect(await one.array()).toBe(23);
    // [:, 1, ::-2]
    const mixed = sl.stridedSlice(x, [0, 1, 0], [0, 0, 0], [1, 1, -2], 0b101, 0b101, 0, 0, 0b010);
    expect(await mixed.array()).toEqual([
      [7, 5],
      [19, 17],
    ]);
  });

  test("where two masks meet, the ellipsis wins over the new axis, and that over the position", () => {
    const all = [0b1, 0b1, 0b1] as const;
    expect(sl.stridedSlice(x, [0], [1], [1], 0, 0, ...all).shape).toEqual([2, 3, 4]);
    expect(sl.stridedSlice(x, [0], [1], [1], 0, 0, 0, 1, 1).shape).toEqual([1, 2, 3, 4]);
  });

  test("the gradient goes back to where the elements came from", async () => {
    const pick = (v: sl.Tensor): sl.Tensor =>
      v.stridedSlice([-1, 0], [0, 0], [1, 1], 0, 0, 2, 0, 1).mul([1, 2]).sum();
    const slope = sl.grad(pick)(sl.zeros([2, 2]));
    expect(await slope.array()).toEqual([
      [0, 0],
      [1, 2],
    ]);
  });
});
