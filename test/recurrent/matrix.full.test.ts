import { afterAll, beforeAll, describe, test } from "vitest";
import { loadRecurrentStacks } from "../helpers/golden.ts";
import { forcePlan, PLANS, releasePlan } from "./plans.ts";
import { expectGoldenStack } from "./stack.ts";

// Expected: test/golden/recurrent_matrix.py, by PyTorch in float64 or by Keras's equations.
describe.each(PLANS)("plan %s", (plan) => {
  beforeAll(() => forcePlan(plan));
  afterAll(releasePlan);

  test.each(loadRecurrentStacks())("$name", (golden) => expectGoldenStack(golden, plan));
});
