import { afterAll, beforeAll, describe, test } from "vitest";
import { replaceEngine } from "../../src/tensor/current.ts";
import { loadRecurrentStacks } from "../helpers/golden.ts";
import { forcePlan, PLANS } from "./plans.ts";
import { expectGoldenStack } from "./stack.ts";

// Expected: test/golden/recurrent_matrix.py, by PyTorch in float64 or by Keras's equations.
describe.each(PLANS)("plan %s", (plan) => {
  beforeAll(() => forcePlan(plan));
  afterAll(() => {
    replaceEngine({});
  });

  test.each(loadRecurrentStacks())("$name", (golden) => expectGoldenStack(golden, plan));
});
