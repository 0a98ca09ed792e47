import fc from "fast-check";
import { describe, test } from "vitest";
import { recipes } from "../compiler/random-graph.ts";
import { checkGradients, checkValues } from "./random-body.ts";

describe("loops over random bodies", () => {
  test("give the numbers of the loop unrolled in the interpreter, bit for bit", async () => {
    await fc.assert(fc.asyncProperty(recipes(10), checkValues), { numRuns: 40 });
  });

  test("have the gradients of the loop unrolled", async () => {
    await fc.assert(fc.asyncProperty(recipes(8), checkGradients), { numRuns: 25 });
  });
});
