import fc from "fast-check";
import { describe, test } from "vitest";
import { checkGradients, checkGraph } from "../compiler/check-random-graph.ts";
import { recipes } from "../compiler/random-graph.ts";

describe("random graphs on the GPU", () => {
  test("give the interpreter's very numbers: together, alone, compiled, replayed, beside writes", async () => {
    await fc.assert(fc.asyncProperty(recipes(14), checkGraph), { numRuns: 60 });
  });

  test("have the gradients that the interpreter finds for the same backward pass", async () => {
    await fc.assert(fc.asyncProperty(recipes(10), checkGradients), { numRuns: 25 });
  });
});
