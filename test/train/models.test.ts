import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { SymbolicTensor } from "../../src/layers/symbolic.ts";
import { Tensor, tensor } from "../../src/tensor/index.ts";
import { input, model, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, noise } from "./support.ts";

const { add, concatenate, dense, embedding, gru, lstm } = layers;

const one = (result: unknown): Tensor => {
  if (result instanceof Tensor) return result;
  throw new Error("expected one tensor");
};

const symbol = (result: unknown): SymbolicTensor => {
  if (result instanceof SymbolicTensor) return result;
  throw new Error("expected one symbolic tensor");
};

describe("sequential", () => {
  test("is its layers one after the other", async () => {
    const [first, second] = [
      dense({ units: 3, inputShape: [2], activation: "tanh" }),
      dense({ units: 1 }),
    ];
    const net = kept(sequential({ layers: [first, second] }));
    const x = tensor(noise(8), [4, 2]);
    const expected = second.apply(first.apply(x));
    expectClose(await net.predict(x).data(), await expected.data(), tolerances.samePrecision);
    expect(net.weights.map((weight) => weight.name)).toEqual([
      `${first.name}/kernel`,
      `${first.name}/bias`,
      `${second.name}/kernel`,
      `${second.name}/bias`,
    ]);
    expect(net.countParams()).toBe(2 * 3 + 3 + 3 + 1);
    expect(net.outputNames).toEqual([second.name]);
    expect(net.inputs[0]?.shape).toEqual([null, 2]);
  });

  test("without an input shape it is built by its first data", async () => {
    const net = kept(sequential());
    net.add(dense({ units: 3 }));
    net.add(dense({ units: 2 }));
    expect(net.built).toBe(false);
    expect(net.weights).toEqual([]);
    expect(net.predict(tensor(noise(10), [5, 2])).shape).toEqual([5, 2]);
    expect(net.countParams()).toBe(2 * 3 + 3 + 3 * 2 + 2);
    const deferred = kept(sequential({ layers: [lstm({ units: 2 }), dense({ units: 1 })] }));
    deferred.compile({ optimizer: "sgd", loss: "mse" });
    await deferred.fit(tensor(noise(24), [4, 3, 2]), tensor(noise(4), [4, 1]), { verbose: 0 });
    // Another length of sequences is fine.
    expect(deferred.predict(tensor(noise(40), [4, 5, 2])).shape).toEqual([4, 1]);
  });

  test("add finds shapes that do not fit, and pop takes a layer away", () => {
    const net = kept(sequential({ layers: [dense({ units: 3, inputShape: [2] })] }));
    expect(() => net.add(lstm({ units: 2 }))).toThrow(ShapeError);
    expect(net.layers).toHaveLength(1);
    net.add(dense({ units: 4 }));
    net.pop();
    expect(net.outputs[0]?.shape).toEqual([null, 3]);
    expect(() => net.add(dense({ units: 1, name: net.layers[0]?.name ?? "" }))).toThrow(
      ArgumentError,
    );
  });

  test("getLayer finds layers by name and place", () => {
    const net = kept(sequential({ layers: [dense({ units: 3, inputShape: [2], name: "here" })] }));
    expect(net.getLayer("here")).toBe(net.layers[0]);
    expect(net.getLayer(0)).toBe(net.layers[0]);
    expect(() => net.getLayer("there")).toThrow("here");
    expect(() => net.getLayer(1)).toThrow(ArgumentError);
  });

  test("getWeights and setWeights carry weights over, in Keras's order", async () => {
    const make = () =>
      kept(sequential({ layers: [gru({ units: 2, inputShape: [null, 3] }), dense({ units: 1 })] }));
    const [a, b] = [make(), make()];
    expect(a.getWeights().map((weight) => weight.shape)).toEqual([
      [3, 6],
      [2, 6],
      [2, 6],
      [2, 1],
      [1],
    ]);
    b.setWeights(a.getWeights());
    const x = tensor(noise(24), [2, 4, 3]);
    expect(await b.predict(x).data()).toEqual(await a.predict(x).data());
  });

  test("a model can be a layer of another", async () => {
    const inner = sequential({
      layers: [dense({ units: 3, inputShape: [2] }), dense({ units: 2 })],
    });
    const outer = kept(sequential({ layers: [inner, dense({ units: 1 })] }));
    expect(outer.countParams()).toBe(inner.countParams() + 3);
    outer.compile({ optimizer: { kind: "sgd", learningRate: 0.1 }, loss: "mse" });
    const before = await inner.weights[0]?.data();
    await outer.fit(tensor(noise(16), [8, 2]), tensor(noise(8), [8, 1]), { verbose: 0 });
    expect(await inner.weights[0]?.data()).not.toEqual(before);
  });

  test("layers that are frozen do not change; unfreezing them is noticed", async () => {
    const [first, second] = [dense({ units: 3, inputShape: [2] }), dense({ units: 1 })];
    const net = kept(sequential({ layers: [first, second] }));
    net.compile({ optimizer: { kind: "adam", learningRate: 0.1 }, loss: "mse" });
    const [x, y] = [tensor(noise(16), [8, 2]), tensor(noise(8, 2), [8, 1])];
    first.trainable = false;
    const kernel = await first.weights[0]?.data();
    await net.fit(x, y, { verbose: 0 });
    expect(await first.weights[0]?.data()).toEqual(kernel);
    first.trainable = true;
    await net.fit(x, y, { verbose: 0 });
    expect(await first.weights[0]?.data()).not.toEqual(kernel);
  });
});

describe("model({ inputs, outputs })", () => {
  test("runs branches, merges and shared layers", async () => {
    const [a, b] = [input({ shape: [2] }), input({ shape: [2] })];
    const shared = dense({ units: 3, activation: "tanh" });
    const [left, right] = [symbol(shared.apply(a)), symbol(shared.apply(b))];
    const merged = symbol(concatenate().apply([left, right]));
    const net = kept(model({ inputs: [a, b], outputs: dense({ units: 1 }).apply(merged) }));
    expect(net.countParams()).toBe(2 * 3 + 3 + 6 + 1);
    const [x0, x1] = [tensor(noise(8), [4, 2]), tensor(noise(8, 2), [4, 2])];
    const apart = concatenate().apply([shared.apply(x0), shared.apply(x1)]);
    const expected = (net.layers.at(-1) as ReturnType<typeof dense>).apply(one(apart));
    expectClose(
      await net.predict([x0, x1]).data(),
      await expected.data(),
      tolerances.samePrecision,
    );
    const named = { [a.name]: x0, [b.name]: x1 };
    expect(await net.predict(named).data()).toEqual(await net.predict([x0, x1]).data());
  });

  test("trains several outputs with losses, weights and metrics of their own", async () => {
    const x = input({ shape: [2] });
    const trunk = symbol(dense({ units: 4, activation: "tanh" }).apply(x));
    const [level, kind] = [dense({ units: 1, name: "level" }), dense({ units: 2, name: "kind" })];
    const net = kept(
      model({ inputs: x, outputs: [symbol(level.apply(trunk)), symbol(kind.apply(trunk))] }),
    );
    net.compile({
      optimizer: { kind: "adam", learningRate: 0.05 },
      loss: { level: "mse", kind: { kind: "sparseCategoricalCrossentropy", fromLogits: true } },
      lossWeights: { level: 0.5 },
      metrics: { kind: ["accuracy"] },
    });
    const data = tensor(noise(64), [32, 2]);
    const values = await data.data();
    const labels = Int32Array.from({ length: 32 }, (_, i) => (Number(values[2 * i]) > 0 ? 1 : 0));
    const levels = tensor(
      Float32Array.from(labels, (label) => 2 * label),
      [32, 1],
    );
    const { history } = await net.fit(
      data,
      { level: levels, kind: tensor(labels) },
      {
        epochs: 30,
        batchSize: 8,
        seed: 1,
        verbose: 0,
      },
    );
    expect(Object.keys(history)).toEqual(["loss", "level_loss", "kind_loss", "kind_accuracy"]);
    const last = (name: string): number => Number(history[name]?.at(-1));
    expectClose(
      [last("loss")],
      [0.5 * last("level_loss") + last("kind_loss")],
      tolerances.reduction,
    );
    expect(last("kind_accuracy")).toBeGreaterThan(0.9);
    const [levelOut, kindOut] = net.predict(data);
    expect([levelOut?.shape, kindOut?.shape]).toEqual([
      [32, 1],
      [32, 2],
    ]);
  });

  test("a residual around a recurrent layer keeps the shape", () => {
    const x = input({ shape: [null, 4] });
    const h = symbol(lstm({ units: 4, returnSequences: true }).apply(x));
    const net = kept(model({ inputs: x, outputs: symbol(add().apply([x, h])) }));
    expect(net.outputs[0]?.shape).toEqual([null, null, 4]);
    expect(net.predict(tensor(noise(24), [2, 3, 4])).shape).toEqual([2, 3, 4]);
  });

  test("padding that an embedding masks does not count in loss and metrics", async () => {
    const make = () => {
      const net = kept(
        sequential({
          layers: [
            embedding({ inputDim: 5, outputDim: 3, maskZero: true, inputShape: [null] }),
            lstm({ units: 4, returnSequences: true }),
            dense({ units: 1 }),
          ],
        }),
      );
      net.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
      return net;
    };
    const net = make();
    const short = net.evaluate(
      tensor([[1, 2, 3]], [1, 3], "int32"),
      tensor([[[1], [2], [3]]]),
    ) as Tensor[];
    const padded = net.evaluate(
      tensor([[1, 2, 3, 0, 0]], [1, 5], "int32"),
      tensor([[[1], [2], [3], [100], [100]]]),
    ) as Tensor[];
    for (const [i, figure] of padded.entries()) {
      expectClose(await figure.data(), (await short[i]?.data()) ?? [], tolerances.reduction);
    }
  });

  test("an output that needs an unlisted input is refused", () => {
    const [a, b] = [input({ shape: [2] }), input({ shape: [2], name: "forgotten" })];
    const sum = symbol(add().apply([a, b]));
    expect(() => model({ inputs: a, outputs: sum })).toThrow("forgotten");
    expect(() => input({})).toThrow(ArgumentError);
    expect(() => input({ shape: [0] })).toThrow(ArgumentError);
  });
});

describe("summary", () => {
  test("lists layers, output shapes and parameters", () => {
    const net = kept(
      sequential({
        name: "net",
        layers: [
          lstm({ units: 4, inputShape: [10, 1], name: "cell" }),
          dense({ units: 1, name: "out", trainable: false }),
        ],
      }),
    );
    const lines: string[] = [];
    net.summary(50, undefined, (line) => lines.push(line));
    // 4·(1·4 + 4·4 + 4) = 96 weights of the LSTM, 4 + 1 of the dense layer.
    expect(lines).toEqual([
      'Model: "net"',
      "_".repeat(50),
      "Layer (type)           Output shape        Param #",
      "=".repeat(50),
      "cell (LSTM)            [null,4]            96",
      "_".repeat(50),
      "out (Dense)            [null,1]            5",
      "=".repeat(50),
      "Total params: 101",
      "Trainable params: 96",
      "Non-trainable params: 5",
      "_".repeat(50),
    ]);
    expect(() => net.summary(50, [0.5, 1])).toThrow(ArgumentError);
  });
});
