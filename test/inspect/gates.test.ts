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
    const net = sl.sequential({ layers: [sl.layers.lstm({ ...config, inputShape: [1, 1] })] });
    const kernel = sl.tensor2d([-1, 1, 0.1, 0, 0.5, -0.5, 1, 1], [1, 8]);
    net.setWeights([kernel, sl.zeros([2, 8]), sl.zeros([8])]);
    const [looked] = await sl.inspect.gates(net, sl.tensor3d([[[9]]]));
    net.dispose();
    const { i, f, g, o } = looked?.gates ?? {};
    // hardSigmoid(a) = a / 6 + 1 / 2 between 0 and 1; relu(a) = max(a, 0); c = i·g; h = o·relu(c).
    expect([i, g, o, looked?.c, looked?.h].map((one) => [...(one?.data ?? [])])).toEqual([
      [0, 1],
      [4.5, 0],
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
    expectClose(f?.data ?? [], [0.9 / 6 + 0.5, 0.5], tolerances.arithmetic);
  });
});
