import fc from "fast-check";
import { describe, test } from "vitest";
import { checkGradients, checkGraph } from "../compiler/check-random-graph.ts";
import { recipes } from "../compiler/random-graph.ts";

describe("a thousand random graphs on the GPU", () => {
  test("give the interpreter's very numbers", { timeout: 3_600_000 }, async () => {
    await fc.assert(fc.asyncProperty(recipes(14), checkGraph), { numRuns: 900 });
  });

  test("deep ones, too", { timeout: 3_600_000 }, async () => {
    await fc.assert(fc.asyncProperty(recipes(50), checkGraph), { numRuns: 100 });
  });

  test("have the gradients that the interpreter finds", { timeout: 3_600_000 }, async () => {
    await fc.assert(fc.asyncProperty(recipes(14), checkGradients), { numRuns: 300 });
  });
});
