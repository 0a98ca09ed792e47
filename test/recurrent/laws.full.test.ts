import { afterAll, beforeAll, describe } from "vitest";
import { replaceEngine } from "../../src/tensor/current.ts";
import { describeLaws } from "./laws.ts";
import { forcePlan, PLANS } from "./plans.ts";

describe.each(PLANS)("laws of recurrent layers, plan %s", (plan) => {
  beforeAll(() => forcePlan(plan));
  afterAll(() => {
    replaceEngine({});
  });

  describeLaws({ numRuns: 8 });
});
