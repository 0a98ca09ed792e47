import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/gpu/limits.ts";
import {
  chooseRecurrentPlan,
  type RecurrentPlanRequest,
} from "../../src/kernels/recurrent-plan.ts";

const request: RecurrentPlanRequest = {
  cell: "lstm",
  resetAfter: false,
  direction: "forward",
  units: 64,
  limits: DEFAULT_LIMITS, // 16 KiB of workgroup memory, 256 invocations
  options: {},
};

const choose = (more: Partial<RecurrentPlanRequest>) =>
  chooseRecurrentPlan({ ...request, ...more });
const forced = (recurrentPlan: "resident" | "stream" | "step", more = {}) =>
  choose({ options: { recurrentPlan }, ...more });

describe("recurrent plan", () => {
  test("streams few weights, and steps where there are many", () => {
    expect(choose({ units: 64 })).toEqual({
      plan: "stream",
      reason: "16384 recurrent weights are at most 147456",
    });
    expect(choose({ cell: "gru", units: 224 })).toEqual({
      plan: "step",
      reason: "150528 recurrent weights are more than 147456",
    });
    // Backward there is more to do for each weight.
    expect(choose({ cell: "simpleRNN", direction: "backward", units: 260 }).plan).toBe("step");
  });

  test("steps where a workgroup cannot hold the units, or their tiles", () => {
    expect(choose({ cell: "simpleRNN", units: 257 }).reason).toBe(
      "a workgroup holds 256 units at most",
    );
    // Eight rows of four gates and the parts of a product, 256 bytes a lane of 128.
    expect(choose({ direction: "backward", units: 128 })).toEqual({
      plan: "step",
      reason: "it takes 32768 bytes of workgroup memory, the device has 16384",
    });
  });

  test("an option forces it", () => {
    expect(forced("step")).toEqual({ plan: "step", reason: "the option recurrentPlan says so" });
    expect(forced("stream", { cell: "gru", units: 224 }).plan).toBe("stream");
    expect(forced("resident", { units: 16 })).toEqual({
      plan: "resident",
      reason: "the option recurrentPlan says so",
    });
  });

  test("a plan that is forced gives way to what the device can run", () => {
    // 4 gates of 64 x 64 weights, and 64 bytes a lane.
    expect(forced("resident", { units: 64 })).toEqual({
      plan: "stream",
      reason:
        "not resident, as the option says: it takes 69632 bytes of workgroup memory, the device has 16384",
    });
    expect(forced("resident", { units: 300 }).plan).toBe("step");
    // Backward the gradients of the gates need room, too: 256 bytes a lane beside the weights.
    expect(forced("resident", { units: 32, direction: "backward" })).toEqual({
      plan: "stream",
      reason:
        "not resident, as the option says: it takes 24576 bytes of workgroup memory, the device has 16384",
    });
    expect(forced("stream", { units: 300 })).toEqual({
      plan: "step",
      reason: "a workgroup holds 256 units at most",
    });
  });
});
