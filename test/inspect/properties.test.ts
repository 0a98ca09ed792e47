import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { LongShortTerm } from "../layers/cells.ts";

const T = 5;
const x = sl.randomNormal([3, T, 2], 0, 1, "float32", 3);
const y = sl.randomNormal([3, 1], 0, 1, "float32", 4);

function compiled(...layers: sl.AnyLayer[]): sl.Sequential {
  const net = sl.sequential({ layers: [...layers, sl.layers.dense({ units: 1 })] });
  net.compile({ loss: "meanSquaredError" });
  return net;
}

describe("inspect", () => {
  test("of a cell of one's own is that of the layer with the same equations", async () => {
    const own = compiled(
      sl.layers.rnn({ cell: new LongShortTerm({ units: 4 }), inputShape: [T, 2] }),
    );
    const net = compiled(sl.layers.lstm({ units: 4, inputShape: [T, 2] }));
    own.setWeights(net.getWeights());
    const [expected] = await sl.inspect.gradientFlow(net, x, y);
    const [flow] = await sl.inspect.gradientFlow(own, x, y);
    expect(flow?.kind).toBe("RNN");
    for (const i of [0, 1]) {
      expectClose(flow?.states[i] ?? [], expected?.states[i] ?? [], tolerances.recurrentGradient);
    }
    const [looked] = await sl.inspect.gates(own, x);
    const [layer] = await sl.inspect.gates(net, x);
    expectClose(looked?.states[1]?.data ?? [], layer?.c?.data ?? [], tolerances.recurrent);
    expect(looked?.gates).toEqual({});
    for (const one of [own, net]) one.dispose();
  });

  test("finds the layers of models in models, each under its name", async () => {
    const inner = sl.sequential({
      layers: [
        sl.layers.gru({ name: "inner_gru", units: 2, returnSequences: true, inputShape: [T, 2] }),
      ],
    });
    const net = compiled(
      inner,
      sl.layers.bidirectional({ layer: sl.layers.lstm({ name: "outer", units: 2 }) }),
    );
    const flow = await sl.inspect.gradientFlow(net, x, y);
    expect(flow.map(({ layer, kind }) => [layer, kind])).toEqual([
      ["inner_gru", "GRU"],
      ["forward_outer", "LSTM"],
      ["backward_outer", "LSTM"],
    ]);
    // A bidirectional layer's last output is that of each direction's last step: t = T - 1, and t = 0.
    const [, forward, backward] = flow;
    const last = (list: Float32Array | undefined) => list?.indexOf(Math.max(...list));
    expect([forward?.h.length, last(backward?.h)]).toEqual([T, 0]);
    net.dispose();
  });

  test("is that of one's own loss, whatever the size of the batch", async () => {
    const net = compiled(sl.layers.simpleRNN({ units: 3, inputShape: [T, 2] }));
    const twice = [sl.concat([x, x], 0), sl.concat([y, y], 0)] as const;
    const [once] = await sl.inspect.gradientFlow(net, x, y);
    const [both] = await sl.inspect.gradientFlow(net, ...twice);
    expectClose(both?.h ?? [], once?.h ?? [], tolerances.recurrentGradient);
    net.dispose();
  });

  test("builds a model that has not seen data yet", async () => {
    const net = compiled(sl.layers.lstm({ units: 2 }));
    const [flow] = await sl.inspect.gradientFlow(net, x, y);
    expect(flow?.h.every((one) => one > 0)).toBe(true);
    expect(net.predict(x).shape).toEqual([3, 1]);
    net.dispose();
  });

  test("leaves nothing on the GPU, and the model as it was", async () => {
    const net = compiled(
      sl.layers.lstm({ units: 2, stateful: true, batchInputShape: [3, T, 2], dropout: 0.5 }),
    );
    const states = [...net.statesByPath().values()];
    const contents = async () =>
      Promise.all([...net.weights, ...states].map(async (one) => [...(await one.data())]));
    await net.predict(x).data();
    for (const one of [x, y]) await one.data();
    const before = await contents();
    const memory = sl.memory();
    const first = await sl.inspect.gradientFlow(net, x, y);
    await sl.inspect.gates(net, x);
    await sl.inspect.integratedGradients(net, x, { steps: 4 });
    const again = await sl.inspect.gradientFlow(net, x, y);
    expect(sl.memory()).toEqual(memory);
    expect(await contents()).toEqual(before);
    expect(again).toEqual(first);
    net.dispose();
  });
});
