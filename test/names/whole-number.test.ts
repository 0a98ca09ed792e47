import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { isWholeNumber, wholeNumber } from "../../src/names/whole-number.ts";

describe("whole numbers", () => {
  test.each([1, 7, 2 ** 53 - 1])("%d is one from 1 up", (value) => {
    expect(isWholeNumber(value, 1)).toBe(true);
    expect(wholeNumber(value, "fit: epochs")).toBe(value);
  });

  test("begin at the least that is asked for", () => {
    expect([isWholeNumber(0, 0), isWholeNumber(0, 1), isWholeNumber(-1, -1)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(wholeNumber(0, "fit: initialEpoch", 0)).toBe(0);
  });

  test.each([
    [0, "fit: epochs is 0. Expected a whole number from 1 up."],
    [1.5, "fit: epochs is 1.5. Expected a whole number from 1 up."],
    [Number.NaN, "fit: epochs is NaN. Expected a whole number from 1 up."],
    ["3", 'fit: epochs is "3". Expected a whole number from 1 up.'],
    [[3], "fit: epochs is a list of 1. Expected a whole number from 1 up."],
    [null, "fit: epochs is null. Expected a whole number from 1 up."],
    [2 ** 53, "fit: epochs is 9007199254740992. Expected a whole number from 1 to 2^53 - 1."],
    [Infinity, "fit: epochs is Infinity. Expected a whole number from 1 to 2^53 - 1."],
  ])("%j is none", (value, message) => {
    expect(isWholeNumber(value, 1)).toBe(false);
    const check = (): number => wholeNumber(value, "fit: epochs");
    expect(check).toThrow(ArgumentError);
    expect(check).toThrow(expect.objectContaining({ message }));
  });

  test("the refused value is in the details", () => {
    expect(() => wholeNumber(-2, "fit: epochs")).toThrow(
      expect.objectContaining({ code: "argument", details: { value: -2 } }),
    );
  });
});
