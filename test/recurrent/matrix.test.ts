import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadRecurrentStacks, type RecurrentStackGolden } from "../helpers/golden.ts";
import { forcePlan, PLANS, releasePlan } from "./plans.ts";
import { expectGoldenStack } from "./stack.ts";

const stacks = loadRecurrentStacks();
const spread = stacks.filter((stack) => stack.spread);

/** What a stack is made of; the full matrix runs each of them by each plan. */
const AXES = {
  cell: ["simpleRNN-tanh", "simpleRNN-relu", "lstm", "gru-resetAfter", "gru-resetBefore"],
  direction: ["forward", "goBackwards", "concat", "sum", "ave", "mul", "null"],
  layers: [1, 2, 3],
  mask: ["none", "right", "left", "middle", "emptyRow", "masking", "embedding"],
  maskedOutput: ["held", "zero"],
  initialState: [false, true],
  returns: ["last", "sequences", "state", "both"],
} as const satisfies Partial<Record<keyof RecurrentStackGolden, readonly unknown[]>>;
const axes = Object.keys(AXES) as (keyof typeof AXES)[];

describe("the matrix of recurrent stacks", () => {
  test("has 96 different ones, in which all pairs of values occur", () => {
    const texts = stacks.map((stack) => axes.map((axis) => stack[axis]).join());
    expect(stacks.length).toBeGreaterThanOrEqual(96);
    expect(new Set(texts).size).toBe(stacks.length);
    const missing = axes.flatMap((one, i) =>
      axes
        .slice(i + 1)
        .flatMap((other) =>
          AXES[one].flatMap((a) =>
            AXES[other]
              .filter((b) => !stacks.some((stack) => stack[one] === a && stack[other] === b))
              .map((b) => `${one} ${a} with ${other} ${b}`),
          ),
        ),
    );
    expect(missing).toEqual([]);
  });

  test("has every value, one step, one row, and units of no round number in its spread", () => {
    expect(spread).toHaveLength(24);
    const missing = axes.flatMap((axis) =>
      AXES[axis].filter((value) => !spread.some((stack) => stack[axis] === value)),
    );
    expect(missing).toEqual([]);
    const values = (axis: "time" | "batch" | "units") => new Set(spread.map((one) => one[axis]));
    expect(values("time")).toContain(1);
    expect(values("batch")).toContain(1);
    expect([...values("units")].filter((units) => units % 2 === 1).length).toBeGreaterThan(2);
  });
});

// Expected: test/golden/recurrent_matrix.py, by PyTorch in float64 or by Keras's equations.
describe.each(PLANS)("plan %s", (plan) => {
  beforeAll(() => forcePlan(plan));
  afterAll(releasePlan);

  const own = spread.filter((_, i) => PLANS[i % PLANS.length] === plan);
  test.each(own)("$name", (golden) => expectGoldenStack(golden, plan));
});
