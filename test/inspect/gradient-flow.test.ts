import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { expectGolden } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { goldenModel, loadFlowGoldens } from "./inspect-golden.ts";

describe("gradientFlow", () => {
  // test/golden/gradient_flow.py: PyTorch in float64, retain_grad on every state.
  test.each(loadFlowGoldens())("is what PyTorch keeps at every state: $name", async (golden) => {
    const { net, x, y } = goldenModel(golden);
    const flow = await sl.inspect.gradientFlow(net, x, y);
    expect(flow).toHaveLength(golden.runs.length);
    golden.runs.forEach(({ flow: expected }, i) => {
      for (const [name, one] of Object.entries(expected)) {
        const actual = flow[i]?.[name as "h" | "c"] ?? [];
        const label = `${flow[i]?.layer} ${name}`;
        if (one) expectGolden(actual, one, { ...tolerances.recurrentGradient, label });
      }
      expect(flow[i]?.c !== undefined).toBe(expected.c !== undefined);
    });
    net.dispose();
  });
});
