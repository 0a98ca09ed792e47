import { describe, expect, test } from "vitest";
import { paramWords } from "../../src/kernels/dispatch.ts";
import { FusedSource } from "../../src/kernels/fused-source.ts";

describe("words of a kernel", () => {
  test("hold whole numbers of 32 bits, with a sign or without", () => {
    const values = [0, 2 ** 32 - 1, -1, -(2 ** 31)];
    const words = [0, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 31];
    expect([...paramWords(values)]).toEqual(words);
    const source = new FusedSource([]);
    for (const value of values) source.word(value);
    expect([...source.words.fixed]).toEqual(words);
  });

  test.each([2 ** 32, -(2 ** 31) - 1, 0.5, Number.NaN])("refuse %d", (value) => {
    expect(() => paramWords([value])).toThrow(RangeError);
    expect(() => new FusedSource([]).word(value)).toThrow(RangeError);
  });
});
