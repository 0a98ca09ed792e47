import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { expectClose } from "../helpers/compare.ts";
import { expectGolden } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { goldenModel, loadFlowGoldens } from "./inspect-golden.ts";

describe("gates", () => {
  // test/golden/gradient_flow.py: each gate of each step from its own equation, in float64.
  test.each(loadFlowGoldens())("are those of the equations: $name", async (golden) => {
    const { net, x } = goldenModel(golden);
    const looked = await sl.inspect.gates(net, x);
    expect(looked).toHaveLength(golden.runs.length);
    golden.runs.forEach(({ gates: expected }, i) => {
      const { gates, h, c, layer } = looked[i] ?? {};
      const sequences: Record<string, sl.inspect.GateSequence> = {
        ...gates,
        ...(h && { h }),
        ...(c && { c }),
      };
      expect(Object.keys(sequences).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, one] of Object.entries(expected)) {
        const actual = sequences[name];
        expect(actual?.shape).toEqual(one.shape);
        expectGolden(actual?.data ?? [], one, {
          ...tolerances.recurrent,
          label: `${layer} ${name}`,
        });
      }
    });
    net.dispose();
  });

  test("show the states that the layer itself gives", async () => {
    const layer = sl.layers.gru({ units: 3, returnSequences: true, inputShape: [4, 2] });
    const net = sl.sequential({ layers: [layer] });
    const x = sl.randomNormal([2, 4, 2], 0, 1, "float32", 5);
    const [looked] = await sl.inspect.gates(net, x);
    expectClose(looked?.h.data ?? [], await net.predict(x).data(), tolerances.recurrent);
    net.dispose();
  });

  test("of other activations are those activations", async () => {
    const config = { units: 2, activation: "relu", recurrentActivation: "hardSigmoid" } as const;
    const net = sl.sequential({ layers: [sl.layers.lstm({ ...config, inputShape: [3, 1] })] });
    const [looked] = await sl.inspect.gates(net, sl.tensor3d([[[9], [9], [9]]]));
    const { i, g } = looked?.gates ?? {};
    net.dispose();
    // hardSigmoid is 0 or 1 outside of (-3, 3), relu is 0 below 0 and has no upper bound.
    expect(Math.min(...(g?.data ?? []))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...(g?.data ?? []))).toBeGreaterThan(1);
    expect(i?.data.some((gate) => gate === 0 || gate === 1)).toBe(true);
  });
});
