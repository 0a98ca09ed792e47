import { afterAll, beforeAll, describe } from "vitest";
import { describeLaws } from "./laws.ts";
import { forcePlan, PLANS, releasePlan } from "./plans.ts";

describe.each(PLANS)("laws of recurrent layers, plan %s", (plan) => {
  beforeAll(() => forcePlan(plan));
  afterAll(releasePlan);

  describeLaws({ numRuns: 8 });
});
