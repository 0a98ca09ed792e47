import { afterEach, describe, expect, test, vi } from "vitest";
import { characters, Normalizer, normalizer, words } from "../../../src/data/index.ts";
import { ArgumentError } from "../../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../src/formats/index.ts";
import { layers } from "../../../src/layers/index.ts";
import { registerClass } from "../../../src/names/class-registry.ts";
import * as train from "../../../src/optimizers/index.ts";
import { randomNormal, setSeed, type Tensor, tensor } from "../../../src/tensor/index.ts";
import {
  input,
  loadLayersModel,
  type Model,
  model,
  modelFromJSON,
  type Sequential,
  sequential,
} from "../../../src/train/index.ts";
import { kept, lstmModel, noise, sineData, weightsOf } from "../support.ts";

const quiet = { verbose: 0, batchSize: 8 } as const;

afterEach(() => {
  vi.restoreAllMocks();
});

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

/** An LSTM with dropout and Adam: everything that has a state. */
function noisyModel(): Sequential {
  const made = kept(
    sequential({
      layers: [
        layers.lstm({ units: 6, inputShape: [5, 1], recurrentDropout: 0.2 }),
        layers.dropout({ rate: 0.3 }),
        layers.dropout({ rate: 0.1, seed: 3 }),
        layers.dense({ units: 1 }),
      ],
    }),
  );
  made.compile({ optimizer: { kind: "adam", learningRate: 0.01 }, loss: "meanSquaredError" });
  return made;
}

describe("a saved model", () => {
  test("gives what it gave, bit for bit, under the same names", async () => {
    const net = lstmModel();
    const { x } = sineData(7, 5);
    const again = kept(await loadLayersModel(await net.save()));
    expect(await again.predict(x).data()).toEqual(await net.predict(x).data());
    expect(again.weights.map(({ name }) => name)).toEqual(net.weights.map(({ name }) => name));
    expect(again.name).toBe(net.name);
    expect(again.getConfig()).toEqual(net.getConfig());
    expect(again.toJSON()).toBe(net.toJSON());
  });

  test("is a safetensors file with weights under their places, and the rest as JSON", async () => {
    const net = kept(
      sequential({
        layers: [
          layers.bidirectional({
            layer: layers.gru({ units: 2, name: "inner" }),
            name: "both",
            inputShape: [4, 3],
          }),
          layers.dense({ units: 1, name: "end" }),
        ],
      }),
    );
    const { tensors, metadata } = decodeSafetensors(await bytesOf(await net.save()));
    expect([...tensors.keys()].sort()).toEqual([
      "both/backward_inner/bias",
      "both/backward_inner/kernel",
      "both/backward_inner/recurrent_kernel",
      "both/forward_inner/bias",
      "both/forward_inner/kernel",
      "both/forward_inner/recurrent_kernel",
      "end/bias",
      "end/kernel",
    ]);
    expect(tensors.get("both/forward_inner/kernel")).toMatchObject({ dtype: "F32", shape: [3, 6] });
    expect(JSON.parse(metadata.get("model") ?? "")).toMatchObject({ className: "Sequential" });
    expect(metadata.get("format")).toBe("sluice");
    expect(metadata.has("training")).toBe(false);
  });

  test("functional, with branches, shared layers, several inputs and states as arguments", async () => {
    const [a, b] = [input({ shape: [4, 2], name: "a" }), input({ shape: [3], name: "b" })];
    const shared = layers.dense({ units: 3 });
    const encoder = layers.lstm({ units: 3, returnState: true });
    const [code, h, c] = encoder.apply(a);
    if (code === undefined || h === undefined || c === undefined) throw new Error("no states");
    const decoder = layers.lstm({ units: 3, returnSequences: true });
    const decoded = decoder.apply(a, { initialState: [h, c] });
    const sum = layers.add().apply([shared.apply(code), shared.apply(b)]);
    const net = kept(model({ inputs: [a, b], outputs: [sum, decoded] }));
    const again = kept(await loadLayersModel<"many">(await net.save()));
    const data = [tensor(noise(16), [2, 4, 2]), tensor(noise(6, 5), [2, 3])];
    const [first, second] = [net.predict(data), again.predict(data)];
    expect(second).toHaveLength(2);
    for (const [i, one] of first.entries()) {
      expect(await second[i]?.data()).toEqual(await one.data());
    }
    expect(again.inputNames).toEqual(["a", "b"]);
    expect(again.getConfig()).toEqual(net.getConfig());
  });

  test("models inside models, and models that were built by data", async () => {
    const inner = sequential({ layers: [layers.dense({ units: 4, activation: "relu" })] });
    const net = kept(sequential({ layers: [inner, layers.dense({ units: 2 })] }));
    const x = tensor(noise(15), [5, 3]);
    const expected = await net.predict(x).data();
    const again = kept(await loadLayersModel(await net.save()));
    expect(await again.predict(x).data()).toEqual(expected);
  });

  test("keeps what is frozen, and the states of stateful layers", async () => {
    const net = kept(
      sequential({
        layers: [
          layers.simpleRNN({ units: 3, stateful: true, batchInputShape: [2, 4, 1] }),
          layers.dense({ units: 1, trainable: false }),
        ],
      }),
    );
    const x = tensor(noise(8), [2, 4, 1]);
    await net.predict(x).data();
    const again = kept(await loadLayersModel(await net.save()));
    expect(await again.predict(x).data()).toEqual(await net.predict(x).data());
    expect(again.trainableWeights).toHaveLength(3);
    expect(again.getLayer(1).trainable).toBe(false);
  });

  test("carries metadata; objects of registered classes come back as such", async () => {
    class Scaler {
      static readonly className = "TestScaler";
      readonly factor: number;
      constructor({ factor }: { factor: number }) {
        this.factor = factor;
      }
      getConfig(): Record<string, unknown> {
        return { factor: this.factor };
      }
    }
    registerClass(Scaler);
    const net = lstmModel();
    const metadata = {
      classes: ["cat", "__proto__"],
      scale: [new Scaler({ factor: 3 })],
      __proto__x: 1,
    };
    net.setUserDefinedMetadata(metadata);
    const again = kept(await loadLayersModel(await net.save()));
    expect(again.getUserDefinedMetadata()).toEqual(metadata);
    expect((again.getUserDefinedMetadata().scale as unknown[])[0]).toBeInstanceOf(Scaler);
    net.setUserDefinedMetadata({ when: new Date() });
    await expect(net.save()).rejects.toThrow("metadata.when is an object (Date)");
    net.setUserDefinedMetadata({ scale: new Scaler({ factor: Number.NaN }) });
    await expect(net.save()).rejects.toThrow("metadata.scale.factor is NaN");
    net.setUserDefinedMetadata({ inner: { $class: "TestScaler" } });
    await expect(net.save()).rejects.toThrow('metadata.inner has a key "$class"');
  });

  test("normalizers and vocabularies of sl.data go with the model", async () => {
    const scaler = normalizer();
    scaler.fit([
      [1, 2],
      [3, 5],
    ]);
    const net = lstmModel();
    net.setUserDefinedMetadata({ scaler, text: [words(["b a", "b"]), characters("hello")] });
    const again = kept(await loadLayersModel(await net.save())).getUserDefinedMetadata();
    expect(again).toEqual(net.getUserDefinedMetadata());
    expect(again.scaler).toBeInstanceOf(Normalizer);
    expect((again.scaler as Normalizer).getConfig()).toEqual(scaler.getConfig());
  });

  test("a model that has no weights yet says so", async () => {
    const net = kept(sequential({ layers: [layers.dense({ units: 1 })] }));
    await expect(net.save()).rejects.toThrow("no weights yet");
    await expect(net.save("a", { optimizer: true } as never)).rejects.toThrow(ArgumentError);
  });

  test("names that a file brings are not given again", async () => {
    const json = kept(sequential({ layers: [layers.dense({ units: 1, name: "dense_900" })] }));
    kept(modelFromJSON(json.toJSON()));
    expect(layers.dense({ units: 1 }).name).toBe("dense_901");
  });
});

describe("training that goes on", () => {
  const { x, y } = sineData(30, 5);

  /** 10 epochs at once, and 5 + 5 with `between` in between. */
  async function inTwoParts(
    between: (net: Model<"one">) => Promise<Model<"one">>,
    config: object = {},
  ): Promise<void> {
    const start = await noisyModel().save();
    const [a, b] = [kept(await loadLayersModel(start)), kept(await loadLayersModel(start))];
    const fit = { ...quiet, seed: 7, ...config };
    setSeed(11); // from which a model's own stream begins
    const one = await a.fit(x, y, { ...fit, epochs: 10 });
    setSeed(11);
    const first = await b.fit(x, y, { ...fit, epochs: 5 });
    const goesOn = await between(b);
    const second = await goesOn.fit(x, y, { ...quiet, ...config, epochs: 10, initialEpoch: 5 });
    expect(await weightsOf(goesOn as never)).toEqual(await weightsOf(a as never));
    expect([...(first.history.loss ?? []), ...(second.history.loss ?? [])]).toEqual(
      one.history.loss,
    );
  }

  test("in the same model, with initialEpoch", async () => {
    await inTwoParts(async (net) => net);
  });

  test("from a file, with dropout, Adam's moments and the order of the samples", async () => {
    await inTwoParts(async (net) => kept(await loadLayersModel(await net.save())));
  });

  test("from a file, with epochs that are no passes", async () => {
    await inTwoParts(async (net) => kept(await loadLayersModel(await net.save())), {
      stepsPerEpoch: 3,
    });
  });

  test("not where the optimizer was left out", async () => {
    const net = noisyModel();
    await net.fit(x, y, { ...quiet, epochs: 2 });
    const again = kept(await loadLayersModel(await net.save(null, { includeOptimizer: false })));
    await expect(again.fit(x, y, quiet)).rejects.toThrow("not compiled");
    const other = kept(await loadLayersModel(await net.save(), { compile: false }));
    await expect(other.fit(x, y, quiet)).rejects.toThrow("not compiled");
  });

  test("a save while training runs is of that moment", async () => {
    const net = noisyModel();
    const files: Promise<Blob>[] = [];
    const before: number[][][] = [];
    await net.fit(x, y, {
      ...quiet,
      epochs: 3,
      callbacks: {
        onEpochEnd: async () => {
          before.push(await weightsOf(net));
          files.push(net.save()); // not waited for
        },
      },
    });
    for (const [i, file] of files.entries()) {
      const again = kept(await loadLayersModel(await file)) as Sequential;
      expect(await weightsOf(again)).toEqual(before[i]);
      expect(again.optimizer.iterations).toBe(4 * (i + 1));
    }
  });
});

describe("weights alone", () => {
  test("load into a model that was made the same way, whatever its layers are called", async () => {
    const [a, b] = [lstmModel(), lstmModel()];
    expect(a.weights[0]?.name).not.toBe(b.weights[0]?.name);
    await b.loadWeights(await a.saveWeights());
    expect(await weightsOf(b)).toEqual(await weightsOf(a));
  });

  test("load by name into another model; the rest stays", async () => {
    const pretrained = kept(
      sequential({
        layers: [
          layers.lstm({ units: 4, inputShape: [null, 1], name: "body" }),
          layers.dense({ units: 1, name: "old_end" }),
        ],
      }),
    );
    const net = kept(
      sequential({
        layers: [
          layers.lstm({ units: 4, inputShape: [null, 1], name: "body" }),
          layers.dense({ units: 3, name: "new_end" }),
        ],
      }),
    );
    const end = await weightsOf(net);
    await net.loadWeights(await pretrained.save(), { byName: true });
    const loaded = await weightsOf(net);
    expect(loaded.slice(0, 3)).toEqual((await weightsOf(pretrained)).slice(0, 3));
    expect(loaded.slice(3)).toEqual(end.slice(3));
  });

  test("that do not fit are named, and nothing changes", async () => {
    const [net, other] = [lstmModel({ units: 4 }), lstmModel({ units: 5 })];
    const before = await weightsOf(net);
    const file = await other.saveWeights();
    await expect(net.loadWeights(file)).rejects.toThrow(/not those of the model. Missing: lstm_/);
    await expect(net.loadWeights(file, { byName: true })).rejects.toThrow("no name is that of");
    const [kernel] = net.weights;
    const wrong = encodeSafetensors([
      { name: kernel?.name ?? "", dtype: "float32", shape: [1, 4], data: new Float32Array(4) },
    ]);
    await expect(net.loadWeights(wrong, { byName: true })).rejects.toThrow(
      /is float32 \[1,4\]. Expected float32 \[1,16\]/,
    );
    await net.loadWeights(wrong, { byName: true, skipMismatch: true });
    expect(await weightsOf(net)).toEqual(before);
  });
});

describe("layers of one's own", () => {
  test("come back once they are registered; before, the error says how", async () => {
    class Twice extends layers.Layer {
      static override readonly className = "TwiceSaved";
      override call(x: Tensor): Tensor {
        return x.mul(2);
      }
    }
    const net = kept(
      sequential({ layers: [layers.dense({ units: 2, inputShape: [2] }), new Twice()] }),
    );
    const file = await net.save();
    await expect(loadLayersModel(file)).rejects.toThrow(
      /no class "TwiceSaved".*serialization.registerClass/,
    );
    registerClass(Twice);
    const again = kept(await loadLayersModel(file));
    const x = randomNormal([3, 2]);
    expect(await again.predict(x).data()).toEqual(await net.predict(x).data());
  });
});

describe("what compile was told", () => {
  const { x, y } = sineData(16, 4);
  const net = (): Sequential =>
    kept(
      sequential({
        layers: [layers.lstm({ units: 3, inputShape: [null, 1] }), layers.dense({ units: 1 })],
      }),
    );

  test("comes back: losses, metrics, optimizers with settings, schedules", async () => {
    const a = net();
    a.compile({
      optimizer: train.adamw({
        learningRate: train.cosineDecay({ initialLearningRate: 0.02, decaySteps: 20 }),
        weightDecay: 0.1,
        globalClipnorm: 1,
        useEma: true,
        gradientAccumulationSteps: 2,
      }),
      loss: { kind: "huber", delta: 0.3 },
      metrics: ["mae", { kind: "r2Score" }],
      weightedMetrics: ["mse"],
    });
    await a.fit(x, y, { ...quiet, epochs: 1 });
    const b = kept(await loadLayersModel(await a.save()));
    expect(b.metricsNames).toEqual(a.metricsNames);
    expect(b.optimizer.getClassName()).toBe("AdamW");
    expect(b.optimizer.getConfig()).toEqual(a.optimizer.getConfig());
    const more = { ...quiet, epochs: 3, initialEpoch: 1 };
    const [went, goes] = [await a.fit(x, y, more), await b.fit(x, y, more)];
    expect(goes.history).toEqual(went.history);
    expect(await weightsOf(b as Sequential)).toEqual(await weightsOf(a));
  });

  test("for several outputs", async () => {
    const place = input({ shape: [2] });
    const outputs = [1, 2].map((units) => layers.dense({ units }).apply(place));
    const a = kept(model({ inputs: place, outputs }));
    a.compile({ loss: ["mse", "mae"], lossWeights: [1, 0.5], metrics: [["mae"], []] });
    const b = kept(await loadLayersModel<"many">(await a.save()));
    expect(b.metricsNames).toEqual(a.metricsNames);
    const data = [
      tensor(noise(6), [3, 2]),
      [tensor(noise(3), [3, 1]), tensor(noise(6), [3, 2])],
    ] as const;
    expect(await b.testOnBatch(...data)).toEqual(await a.testOnBatch(...data));
  });

  test("a function cannot be saved: a warning, and compile goes on with the optimizer", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const own = (labels: Tensor, predictions: Tensor): Tensor =>
      predictions.sub(labels).abs().mean(-1);
    const start = await net().save();
    const [a, b] = [kept(await loadLayersModel(start)), kept(await loadLayersModel(start))];
    setSeed(3);
    a.compile({ optimizer: { kind: "adam", learningRate: 0.05 }, loss: own });
    await a.fit(x, y, { ...quiet, epochs: 4, seed: 2 });
    setSeed(3);
    b.compile({ optimizer: { kind: "adam", learningRate: 0.05 }, loss: own });
    await b.fit(x, y, { ...quiet, epochs: 2, seed: 2 });
    const c = kept(await loadLayersModel(await b.save()));
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("call compile() with it"));
    await expect(c.fit(x, y, quiet)).rejects.toThrow("not compiled");
    c.compile({ loss: own });
    await c.fit(x, y, { ...quiet, epochs: 4, initialEpoch: 2 });
    expect(await weightsOf(c as Sequential)).toEqual(await weightsOf(a as Sequential));
  });
});
