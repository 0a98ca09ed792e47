import fc from "fast-check";
import type { DType } from "../../src/graph/dtype.ts";
import type { Value } from "../../src/graph/node.ts";
import { type Shape, sizeOf } from "../../src/graph/shape.ts";
import { Choice, MAKERS, MOST_ELEMENTS, SHAPES, type StepRecipe } from "./random-ops.ts";

/**
 * Random graphs whose numbers are exact: float32 values are multiples of 1/8 between -8 and 8, int32 values
 * lie between -50 and 50, and what an op makes of them is brought back there. So float32 and float64 give
 * the very same numbers, and any difference is a miscompilation.
 */
export interface Recipe {
  readonly leaves: readonly LeafRecipe[];
  readonly steps: readonly StepRecipe[];
  /** Picks the values that are asked for, beside the last one. */
  readonly outputs: readonly number[];
}

export interface LeafRecipe {
  readonly shape: Shape;
  readonly dtype: DType;
}

const number = fc.nat({ max: 9999 });

/** Recipes of up to `steps` ops. */
export function recipes(steps: number): fc.Arbitrary<Recipe> {
  return fc.record({
    leaves: fc.array(
      fc.record({
        shape: fc.constantFrom(...SHAPES),
        dtype: fc.constantFrom<DType>("float32", "float32", "float32", "int32", "bool"),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    steps: fc.array(
      fc.record({
        op: number,
        operands: fc.tuple(number, number, number),
        details: fc.tuple(number, number, number, number),
      }),
      { minLength: 1, maxLength: steps, size: "max" },
    ),
    outputs: fc.array(number, { maxLength: 3 }),
  });
}

/** Data of a leaf that keeps to the bounds; `salt` gives another set. */
export function leafData({ shape, dtype }: LeafRecipe, salt: number): number[] {
  const random = (i: number): number => {
    const bits = Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ (salt * 7919 + 12345), 0x85ebca6b);
    return (bits >>> 8) % 101;
  };
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    if (dtype === "bool") return random(i) % 2;
    return dtype === "int32" ? random(i) - 50 : (random(i) - 50) / 8;
  });
}

/** Records the graph over these leaves. @returns every value, in the order of the recipe. */
export function buildGraph(recipe: Recipe, leaves: readonly Value[]): Value[] {
  const values = [...leaves];
  for (const step of recipe.steps) {
    const maker = MAKERS[step.op % MAKERS.length];
    const made = maker?.(new Choice(values, step));
    if (made && sizeOf(made.shape) <= MOST_ELEMENTS && made.shape.length <= 5) values.push(made);
  }
  return values;
}

/** What a recipe asks for, of the values of its graph. */
export function outputsOf(recipe: Recipe, values: readonly Value[]): Value[] {
  const asked = [values.length - 1, ...recipe.outputs.map((n) => n % values.length)];
  return [...new Set(asked)].map((i) => values[i] as Value);
}
