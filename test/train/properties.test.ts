import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { type CallbackHooks, input, model, sequential } from "../../src/train/index.ts";
import { kept, linearData, linearModel } from "./support.ts";

const { dense, lstm } = layers;

describe("what a model tells of itself", () => {
  test("loss, metrics and their names, as compile was told", () => {
    const net = kept(sequential({ layers: [dense({ units: 1, inputShape: [2] })] }));
    expect(net.loss).toBeUndefined();
    expect(net.metrics).toEqual([]);
    expect(() => net.metricsNames).toThrow("not compiled");
    net.compile({ loss: "mse", metrics: ["mae", "rmse"] });
    expect(net.loss).toBe("mse");
    expect(net.metrics).toEqual(["mae", "rmse"]);
    expect(net.metricsNames).toEqual(["loss", "mae", "rmse"]);
  });

  test("isTraining while fit runs", async () => {
    const { x, y } = linearData(8);
    const net = linearModel();
    const seen: boolean[] = [];
    const callbacks: CallbackHooks = { onEpochEnd: () => void seen.push(net.isTraining) };
    await net.fit(x, y, { verbose: 0, callbacks });
    expect([...seen, net.isTraining]).toEqual([true, false]);
  });

  test("onBatchEnd gets number and size of the batch beside the means", async () => {
    const { x, y } = linearData(8);
    const seen: object[] = [];
    const callbacks: CallbackHooks = { onBatchEnd: (_batch, logs) => void seen.push(logs) };
    await linearModel(0).fit(x, y, { batchSize: 5, verbose: 0, callbacks });
    expect(seen).toEqual([
      { batch: 0, size: 5, loss: expect.any(Number) },
      { batch: 1, size: 3, loss: expect.any(Number) },
    ]);
  });

  test("shapes of models and layers", () => {
    const net = kept(
      sequential({ layers: [lstm({ units: 3, inputShape: [5, 2] }), dense({ units: 1 })] }),
    );
    expect([net.inputShape, net.outputShape]).toEqual([
      [null, 5, 2],
      [null, 1],
    ]);
    expect(net.layers.map((layer) => layer.outputShape)).toEqual([
      [null, 3],
      [null, 1],
    ]);
    expect(net.getLayer(0).inputShape).toEqual([null, 5, 2]);
    expect(() => sequential().inputShape).toThrow(ArgumentError);
    expect(() => dense({ units: 1 }).outputShape).toThrow("outputShape");
  });

  test("several inputs and outputs, and shared layers, tell lists or what is the same", () => {
    const [a, b] = [input({ shape: [2] }), input({ shape: [2] })];
    const shared = dense({ units: 3 });
    const outputs = [shared.apply(a), shared.apply(b)];
    const net = kept(model({ inputs: [a, b], outputs }));
    expect(shared.outputShape).toEqual([null, 3]);
    expect(net.outputShape).toEqual([
      [null, 3],
      [null, 3],
    ]);
    const states = lstm({ units: 2, returnState: true });
    states.apply(input({ shape: [4, 1] }));
    expect(states.outputShape).toEqual([
      [null, 2],
      [null, 2],
      [null, 2],
    ]);
    const twice = layers.flatten();
    twice.apply(a);
    twice.apply(input({ shape: [4, 1] }));
    expect(() => twice.outputShape).toThrow("2 times");
  });
});
