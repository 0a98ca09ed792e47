import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";

const [B, T, I] = [2, 4, 3];
const x = sl.randomNormal([B, T, I], 0, 1, "float32", 3);
const whole = { returnSequences: true, inputShape: [T, I] };
const config = { ...whole, units: 4 };
const { lstm, gru, rnn, lstmCell, gruCell, stackedRNNCells } = sl.layers;

/** Layers, and which of their states is the output. */
const kinds: readonly [string, () => sl.AnyLayer, number][] = [
  ["an LSTM with a projection", () => lstm({ ...config, projSize: 2 }), 0],
  [
    "an LSTM with peepholes",
    () => lstm({ ...config, usePeepholes: true, peepholeInitializer: "ones" }),
    0,
  ],
  ["an LSTM with a clipped cell", () => lstm({ ...config, cellClip: 0.05 }), 0],
  ["a GRU with clipped gates", () => gru({ ...config, clip: 0.1 }), 0],
  ["an lstmCell", () => rnn({ ...whole, cell: lstmCell({ units: 4 }) }), 0],
  [
    "a stack of cells",
    () =>
      rnn({
        ...whole,
        cell: stackedRNNCells({ cells: [gruCell({ units: 4 }), lstmCell({ units: 2 })] }),
      }),
    1,
  ],
];

describe("inspect", () => {
  test.each(kinds)(
    "sees the states of %s, as the layer itself gives them",
    async (_, make, output) => {
      const net = sl.sequential({ layers: [make()] });
      const expected = net.predict(x);
      const [looked] = await sl.inspect.gates(net, x);
      const state = looked?.states[output];
      expect(state?.shape).toEqual(expected.shape);
      expectClose(state?.data ?? [], await expected.data(), tolerances.recurrent);
      net.dispose();
    },
  );

  // With the loss Σ_b h_{b,T} / B of a dense layer of ones, ∂loss/∂h_T is 1/B for each of the output's elements.
  test.each(kinds)("gives %s the gradient of its last step", async (_, make, output) => {
    const layer = make();
    const net = sl.sequential({ layers: [layer, new LastStep(), head()] });
    net.compile({ loss: (_y, predictions) => predictions.mean() });
    const [flow] = await sl.inspect.gradientFlow(net, x, sl.zeros([B, 1]));
    const width = Number(layer.computeOutputShape([B, T, I])[2]);
    const states = flow?.states[output] ?? [];
    expect(states[T - 1]).toBeCloseTo(Math.sqrt(width), 5);
    expect(states.every((norm) => norm > 0)).toBe(true);
    net.dispose();
  });
});

const head = () => sl.layers.dense({ units: 1, kernelInitializer: "ones" });

class LastStep extends sl.layers.Layer {
  static override readonly className = "LastStepOfATest";
  override call(sequence: sl.Tensor): sl.Tensor {
    return sequence.slice([0, T - 1, 0], [-1, 1, -1]).squeeze([1]);
  }
  override computeOutputShape([batch = null, , width = null]: sl.LayerShape): sl.LayerShape {
    return [batch, width];
  }
}
