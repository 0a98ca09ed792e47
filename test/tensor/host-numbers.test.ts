import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { ArgumentError, DTypeError } from "../../src/errors.ts";

const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

/** What int32 cannot hold, under the name of the function and with the number that was given. */
const REFUSED: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
  "tensor, NaN": [
    () => sl.tensor([nan, 1], [2], "int32"),
    /^tensor: received NaN as element 0.*int32/,
  ],
  "tensor, Infinity": [() => sl.tensor([1, infinite], [2], "int32"), /Infinity as element 1/],
  "tensor, too large": [
    () => sl.tensor([3e9], [1], "int32"),
    /3000000000, which int32 cannot hold/,
  ],
  "tensor, too small": [() => sl.tensor([-3e9], [1], "int32"), /-3000000000/],
  "typed array": [() => sl.tensor(new Float32Array([nan]), [1], "int32"), /NaN/],
  "unsigned array": [
    () => sl.tensor(new Uint32Array([2 ** 32 - 1]) as never, [1], "int32"),
    /4294967295/,
  ],
  "nested rows": [() => sl.tensor2d([[1], [nan]], [2, 1], "int32"), /^tensor2d.*element 1/],
  scalar: [() => sl.scalar(nan, "int32"), /^scalar: received NaN, which/],
  fill: [() => sl.fill([2], nan, "int32"), /^fill: received NaN/],
  "fill, too large": [() => sl.fill([2], 2 ** 31, "int32"), /2147483648/],
  "fill, text": [() => sl.fill([1], "a" as unknown as number), /^fill: received the string "a"/],
  "fill, nothing": [
    () => sl.fill([1], undefined as unknown as number),
    /^fill: received undefined/,
  ],
  variable: [() => sl.variable([nan], true, "host/v", "int32"), /^variable: received NaN/],
  range: [() => sl.range(0, 3e9, 1e9, "int32").add(sl.range(0, 4e9, 1e9, "int32")), /^range/],
};

/** Positions that are none. */
const POSITIONS: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
  "gather, NaN": [() => sl.gather([1, 2, 3], [nan]), /^gather: indices: received NaN/],
  "gather, fraction": [() => sl.gather([1, 2, 3], [0, 1.5]), /received 1.5 as element 1/],
  "gather, one number": [() => sl.gather([1, 2, 3], 0.5), /received 0.5/],
  "gather, typed array": [() => sl.gather([1, 2, 3], new Float32Array([0.5])), /0.5/],
  "gather, nested": [() => sl.gather([1, 2, 3], [[0], [infinite]]), /Infinity as element 1/],
  "oneHot, fraction": [() => sl.oneHot([1.5], 3), /^oneHot: indices: received 1.5/],
  "oneHot, NaN": [() => sl.oneHot(nan, 3), /received NaN/],
};

describe("numbers of the host", () => {
  test.each(Object.entries(REFUSED))("int32 refuses: %s", (_name, [call, says]) => {
    expect(call).toThrow(DTypeError);
    expect(call).toThrow(says);
    expect(call).toThrow(/Expected/);
  });

  test.each(Object.entries(POSITIONS))("no position: %s", (_name, [call, says]) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(says);
    expect(call).toThrow(/whole numbers/);
  });

  test("int32 drops fractions and holds its own ends", async () => {
    const numbers = [1.7, -1.7, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 0.5, -0.2];
    const kept = [1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, 0];
    expect([...(await sl.tensor(numbers, [6], "int32").data())]).toEqual(kept);
    expect([...(await sl.tensor(new Float64Array(numbers) as never, [6], "int32").data())]).toEqual(
      kept,
    );
    expect([...(await sl.fill([2], 2.9, "int32").data())]).toEqual([2, 2]);
    expect([...(await sl.fill([2], nan).data())]).toEqual([nan, nan]);
    expect([...(await sl.fill([1], true as unknown as number, "bool").data())]).toEqual([1]);
  });

  test("whole positions pass as numbers, lists and typed arrays", async () => {
    expect(await sl.gather([1, 2, 3], 2).array()).toBe(3);
    expect(await sl.gather([1, 2, 3], new Float32Array([2, 0])).array()).toEqual([3, 1]);
    expect(await sl.oneHot(new Int32Array([1]), 2).array()).toEqual([[0, 1]]);
    expect(() => sl.oneHot(sl.tensor([1]), 2)).toThrow(DTypeError);
  });

  test("range in int32 adds first and drops the fractions then", async () => {
    expect(await sl.range(0, 2, 0.5, "int32").array()).toEqual([0, 0, 1, 1]);
    expect(await sl.range(0.5, 4, 1, "int32").array()).toEqual([0, 1, 2, 3]);
    expect(await sl.range(0, -2, -0.5, "int32").array()).toEqual([0, 0, -1, -1]);
    const far = 2 ** 25 + 1;
    expect(await sl.range(far, far + 3, 1, "int32").array()).toEqual([far, far + 1, far + 2]);
  });

  test("a dtype lets booleans stand beside numbers; without one they are refused", async () => {
    const mixed = [true, 0, 2] as const;
    expect(await sl.tensor(mixed, [3], "int32").array()).toEqual([1, 0, 2]);
    expect(await sl.tensor(mixed, [3], "bool").array()).toEqual([true, false, true]);
    expect(() => sl.tensor(mixed)).toThrow(DTypeError);
  });
});
