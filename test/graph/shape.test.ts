import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import {
  broadcastShapes,
  normalizeAxes,
  normalizeAxis,
  reducedShape,
  sizeOf,
  stridesOf,
} from "../../src/graph/shape.ts";

describe("shape", () => {
  test("strides are the sizes of what lies further in", () => {
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
    expect(stridesOf([])).toEqual([]);
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([3, 0, 2])).toBe(0);
  });

  // NumPy: np.broadcast_shapes((8, 1, 6, 1), (7, 1, 5)) == (8, 7, 6, 5)
  test("broadcasts by NumPy's rule", () => {
    expect(broadcastShapes([8, 1, 6, 1], [7, 1, 5], "add")).toEqual([8, 7, 6, 5]);
    expect(broadcastShapes([], [2, 3], "add")).toEqual([2, 3]);
    expect(broadcastShapes([1], [0], "add")).toEqual([0]);
  });

  test("broadcasting does not depend on the order of the operands", () => {
    const dims = fc.array(fc.constantFrom(0, 1, 2, 3), { maxLength: 4 });
    fc.assert(
      fc.property(dims, dims, (a, b) => {
        const attempt = (x: number[], y: number[]): number[] | null => {
          try {
            return broadcastShapes(x, y, "add");
          } catch (error) {
            expect(error).toBeInstanceOf(ShapeError);
            return null;
          }
        };
        const shape = attempt(a, b);
        expect(attempt(b, a)).toEqual(shape);
        if (shape) expect(attempt(shape, a)).toEqual(shape);
      }),
    );
  });

  test("axes count from the end when negative, and come once, in order", () => {
    expect(normalizeAxis(-1, 3, "sum")).toBe(2);
    expect(normalizeAxes([2, -3, 0], 3, "sum")).toEqual([0, 2]);
    expect(normalizeAxes(undefined, 2, "sum")).toEqual([0, 1]);
  });

  test("reduced axes disappear, or stay as 1", () => {
    expect(reducedShape([2, 3, 4], [1], false)).toEqual([2, 4]);
    expect(reducedShape([2, 3, 4], [0, 2], true)).toEqual([1, 3, 1]);
  });

  test("errors name the operation, both shapes and the axis", () => {
    expect(() => broadcastShapes([2, 3], [4, 3], "mul")).toThrow(/mul.*\[2,3\].*\[4,3\].*axis 0/);
    expect(() => normalizeAxis(2, 2, "softmax")).toThrow(/softmax: axis 2 .* from -2 to 1/);
    expect(() => normalizeAxis(0.5, 2, "sum")).toThrow(ShapeError);
  });
});
