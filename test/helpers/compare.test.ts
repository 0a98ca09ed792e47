import { describe, expect, test } from "vitest";
import { expectClose, maxRelativeError } from "./compare.ts";
import { matMulTolerance, tolerances } from "./tolerances.ts";

const loose = { rtol: 0.1, atol: 0.01 };

describe("expectClose", () => {
  test("accepts differences up to atol + rtol * |expected|", () => {
    expectClose([1.125, -2.25, 0.25], [1, -2, 0], { rtol: 0, atol: 0.25 });
    expectClose([1.125, -2.25], [1, -2], { rtol: 0.125, atol: 0 });
    expect(() => expectClose([-2.26], [-2], { rtol: 0.125, atol: 0 })).toThrow("index 0");
    expect(() => expectClose([1.25], [1], { rtol: 0.125, atol: 0.0625 })).toThrow("1 of 1");
  });

  test("measures the tolerance by the expected value, not the received one", () => {
    expect(() => expectClose([1000], [1], { rtol: 0.5, atol: 0 })).toThrow("received 1000");
    expect(() => expectClose([1], [0], { rtol: 10, atol: 0 })).toThrow("expected 0");
  });

  test("lets NaN equal only NaN", () => {
    expectClose([Number.NaN, 1], [Number.NaN, 1], loose);
    expect(() => expectClose([Number.NaN], [0], loose)).toThrow("received NaN, expected 0");
    expect(() => expectClose([0], [Number.NaN], loose)).toThrow("expected NaN");
    expect(() => expectClose([Number.POSITIVE_INFINITY], [Number.NaN], loose)).toThrow("NaN");
  });

  test("lets an infinity equal only itself", () => {
    const infinite = Number.POSITIVE_INFINITY;
    expectClose([infinite, -infinite], [infinite, -infinite], loose);
    expect(() => expectClose([-infinite], [infinite], loose)).toThrow("received -Infinity");
    expect(() => expectClose([3.4e38], [infinite], loose)).toThrow("allowed none");
    expect(() => expectClose([infinite], [3.4e38], loose)).toThrow("expected 3.4e+38");
    expect(() => expectClose([infinite], [3.4e38], { relativeToMax: 1 })).toThrow("1 of 1");
  });

  test("treats the two zeros as equal and nothing else as exact", () => {
    expectClose([-0, 0], [0, -0], tolerances.exact);
    expect(() => expectClose([5e-324], [0], tolerances.exact)).toThrow("1 of 1");
  });

  test("scales relativeToMax by the largest finite expected magnitude", () => {
    const infinite = Number.NEGATIVE_INFINITY;
    expectClose([0.5, -8], [0, -8], { relativeToMax: 0.0625 });
    expectClose([0.5, -8, infinite], [0, -8, infinite], { relativeToMax: 0.0625 });
    expect(() => expectClose([0.51, -8], [0, -8], { relativeToMax: 0.0625 })).toThrow("index 0");
    expectClose([0, 0], [0, 0], { relativeToMax: 1e-5 });
    expect(() => expectClose([0, 1e-30], [0, 0], { relativeToMax: 1e-5 })).toThrow("index 1");
  });

  test("reports label, worst index with coordinates, values, count and percent", () => {
    const expected = [1, 2, 3, 4, 5, 6];
    const actual = [1, 2.5, 3, 4, 7, 6];
    const tolerance = { rtol: 0.125, atol: 0, label: "dx", shape: [2, 3] };
    expect(() => expectClose(actual, expected, tolerance)).toThrow(
      "expectClose (dx): 2 of 6 values (33.3 %) are out of tolerance. " +
        "Worst at index 4 [1, 1]: received 7, expected 5, difference 2.00, " +
        "allowed 0.625 (rtol 0.125, atol 0).",
    );
  });

  test("calls the worst what exceeds its own allowance most, NaN before all", () => {
    expect(() => expectClose([110, 0.5], [100, 0], { rtol: 0.01, atol: 0.1 })).toThrow("index 0");
    expect(() => expectClose([900, Number.NaN], [1, 1], loose)).toThrow("index 1");
  });

  test("rejects different lengths before it looks at values", () => {
    expect(() => expectClose([1, 2], [1], loose)).toThrow("received 2 values, but 1 are expected");
    expect(() => expectClose([], [1], loose)).toThrow("received 0 values");
    expectClose([], [], loose);
  });

  test("reads typed arrays", () => {
    expectClose(new Float32Array([0.1]), [0.1], { rtol: 1e-7, atol: 0 });
    expect(() => expectClose(new Float32Array([0.1]), [0.1], tolerances.exact)).toThrow("1 of 1");
  });

  test("rejects a tolerance that lacks a part, is negative or not finite", () => {
    const withoutAtol = JSON.parse('{"rtol": 0.1}') as { rtol: number; atol: number };
    expect(() => expectClose([1], [1], withoutAtol)).toThrow(RangeError);
    expect(() => expectClose([1], [1], { rtol: -1, atol: 0 })).toThrow("rtol is -1");
    expect(() => expectClose([1], [1], { rtol: 0, atol: Number.NaN })).toThrow("atol is NaN");
    const endless = { relativeToMax: Number.POSITIVE_INFINITY };
    expect(() => expectClose([1], [1], endless)).toThrow("relativeToMax is Infinity");
  });
});

describe("maxRelativeError", () => {
  test("gives the largest difference divided by the expected magnitude", () => {
    expect(maxRelativeError([1.5, -9], [1, -8])).toBe(0.5);
    expect(maxRelativeError([1, -8], [1, -8])).toBe(0);
    expect(maxRelativeError([], [])).toBe(0);
  });

  test("is infinite where the expected value allows no relative error", () => {
    expect(maxRelativeError([1e-30], [0])).toBe(Number.POSITIVE_INFINITY);
    expect(maxRelativeError([Number.NaN], [1])).toBe(Number.POSITIVE_INFINITY);
    expect(maxRelativeError([1], [Number.POSITIVE_INFINITY])).toBe(Number.POSITIVE_INFINITY);
    expect(maxRelativeError([Number.NaN, 0], [Number.NaN, -0])).toBe(0);
  });

  test("rejects different lengths", () => {
    expect(() => maxRelativeError([1], [1, 2])).toThrow("received 1 values, but 2 are expected");
  });
});

describe("tolerances", () => {
  test("tell Keras's Adam from PyTorch's: trainingLoss stays below their distance", () => {
    expect(tolerances.trainingLoss.rtol).toBeLessThan(1e-4);
  });

  test("grow with the square root of the depth of a product", () => {
    expect(matMulTolerance(16)).toEqual({ relativeToMax: tolerances.matMul.relativeToMax });
    expect(matMulTolerance(2 ** 16)).toEqual({ relativeToMax: 5 * 2 ** 8 * 2 ** -24 });
  });

  test("state a reason in every row", () => {
    for (const [name, row] of Object.entries(tolerances)) {
      expect(row.reason.length, name).toBeGreaterThan(10);
    }
  });
});
