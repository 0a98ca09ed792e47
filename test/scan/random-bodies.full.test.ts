import fc from "fast-check";
import { describe, test } from "vitest";
import { recipes } from "../compiler/random-graph.ts";
import { checkGradients, checkValues } from "./random-body.ts";

describe("many loops over random bodies", () => {
  test("give the numbers of the loop unrolled in the interpreter, bit for bit", async () => {
    await fc.assert(fc.asyncProperty(recipes(14), checkValues), { numRuns: 250 });
  });

  test("have the gradients of the loop unrolled", async () => {
    await fc.assert(fc.asyncProperty(recipes(12), checkGradients), { numRuns: 120 });
  });
});
