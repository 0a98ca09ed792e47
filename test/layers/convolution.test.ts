import { describe, expect, test, vi } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { input } from "../../src/layers/input.ts";
import type { Layer } from "../../src/layers/layer.ts";
import { maskOf } from "../../src/layers/masks.ts";
import { counters, ones, type Tensor, tensor, valueAndGrad } from "../../src/tensor/index.ts";
import { loadLayersModel, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { loadConvolutionGoldens, wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "../train/support.ts";
import { checkGolden, goldenLayer, inputTensor } from "./window-goldens.ts";

describe("convolution layers", () => {
  // Source of the numbers: PyTorch in float64, test/golden/convolution.py.
  const goldens = loadConvolutionGoldens().filter(({ layer }) => layer.startsWith("conv"));

  test.each(goldens.map((golden) => [golden.name, golden] as const))(
    "%s: values and all gradients as in PyTorch",
    async (_name, golden) => {
      await checkGolden(golden, tolerances.matMul);
    },
  );

  test("add the bias, then apply the activation", async () => {
    const golden = goldens.find(({ name }) => name === "conv1d/same");
    if (golden === undefined) throw new Error("the case is expected");
    const x = inputTensor(golden.inputs.x);
    const bias = await inputTensor(golden.inputs.bias).data();
    const plain = await goldenLayer(golden).apply(x).data();
    const active = await goldenLayer(golden, { activation: "tanh" }).apply(x).data();
    expectClose(active, plain.map(Math.tanh), tolerances.transcendental);
    const bare = goldenLayer(golden, { useBias: false });
    const without = await bare.apply(x).data();
    expect(bare.getWeights()).toHaveLength(1);
    const shifted = without.map((value, i) => value + Number(bias[i % bias.length]));
    expectClose(plain, shifted, tolerances.matMul);
  });

  test.each([1, 2, 3])(
    "causal, dilated by %i: a later step changes no earlier bit",
    async (rate) => {
      const [time, changed] = [9, 5];
      const layer = layers.conv1d({
        filters: 3,
        kernelSize: 3,
        padding: "causal",
        dilationRate: rate,
      });
      const first = wave([2, time, 2], 0.3);
      const second = first.map((value, i) =>
        Math.floor(i / 2) % time >= changed ? value + 1 : value,
      );
      const [a, b] = [first, second].map((values) => layer.apply(tensor(values, [2, time, 2])));
      if (!a || !b) throw new Error("tensors are expected");
      const until = (y: Tensor) => y.slice([0, 0, 0], [2, changed, 3]).data();
      expect(await until(a)).toEqual(await until(b));
      const at = (y: Tensor) => y.slice([0, changed, 0], [2, 1, 3]).data();
      expect(await at(a)).not.toEqual(await at(b));
    },
  );

  test("symbolic shapes: what is not known stays open", () => {
    const shape = (layer: Layer, ...sizes: (number | null)[]) =>
      layer.apply(input({ shape: sizes })).shape;
    const conv1d = (more: object) => layers.conv1d({ filters: 4, kernelSize: 3, ...more });
    expect(shape(conv1d({}), null, 2)).toEqual([null, null, 4]);
    expect(shape(conv1d({}), 10, 2)).toEqual([null, 8, 4]);
    expect(shape(conv1d({ dilationRate: 2 }), 10, 2)).toEqual([null, 6, 4]);
    expect(shape(conv1d({ padding: "same", strides: 3 }), 10, 2)).toEqual([null, 4, 4]);
    expect(shape(conv1d({ padding: "causal", strides: 3 }), 10, 2)).toEqual([null, 4, 4]);
    const conv2d = layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: [2, 1] });
    expect(shape(conv2d, 9, null, 3)).toEqual([null, 4, null, 4]);
    expect(() => conv1d({ padding: "same" }).apply(input({ shape: [5, null] }))).toThrow(
      ShapeError,
    );
  });

  test("take another length and another batch with the same weights", async () => {
    const layer = layers.conv1d({ filters: 2, kernelSize: 3, padding: "same" });
    const long = layer.apply(tensor(wave([3, 12, 2], 0.2), [3, 12, 2]));
    const short = layer.apply(tensor(wave([3, 12, 2], 0.2).slice(0, 10), [1, 5, 2]));
    const inner = long.slice([0, 0, 0], [1, 4, 2]); // the last step of the short one sees the padding
    expectClose(
      await short.slice([0, 0, 0], [1, 4, 2]).data(),
      await inner.data(),
      tolerances.exact,
    );
  });

  test("another length and batch compile nothing, forwards and backwards", async () => {
    const conv = layers.conv1d({ filters: 3, kernelSize: 3, strides: 2, padding: "same" });
    const pools = [
      layers.maxPooling1d({ poolSize: 3, strides: 2, padding: "same" }),
      layers.averagePooling1d({ poolSize: 3, strides: 1, padding: "same" }),
    ];
    const run = async (batch: number, time: number) => {
      const x = tensor(wave([batch, time, 2], 0.3), [batch, time, 2]);
      const body = (one: Tensor) => pools.reduce((y, pool) => pool.apply(y), conv.apply(one)).sum();
      await valueAndGrad(body)(x).grad.data();
    };
    await run(2, 16);
    const { pipelinesCreated } = counters();
    await run(3, 24); // zeros on the same sides as at 16; others would be another kernel
    expect(counters().pipelinesCreated).toBe(pipelinesCreated);
  });

  test("a mask ends here, with a warning", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const layer = layers.conv1d({ filters: 1, kernelSize: 2 });
    const y = layer.apply(layers.masking().apply(ones([1, 4, 2])));
    expect(maskOf(y)).toBeNull();
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/a mask reaches this layer/));
    warn.mockRestore();
  });

  test("both spellings of names", () => {
    const config = { filters: 1, kernelSize: 2, dataFormat: "channels_last", padding: "SAME" };
    const layer = layers.conv1d(config as Parameters<typeof layers.conv1d>[0]);
    expect(layer.getConfig()).toMatchObject({
      dataFormat: "channelsLast",
      padding: "same",
      kernelSize: [2],
    });
  });
});

describe("convolution layers refuse", () => {
  const conv1d = (more: object) => layers.conv1d({ filters: 4, kernelSize: 3, ...more });
  const conv2d = (more: object) => layers.conv2d({ filters: 4, kernelSize: 3, ...more });

  test.each<[string, () => unknown, RegExp]>([
    ["no filters", () => conv1d({ filters: 0 }), /filters is 0/],
    ["a kernel of no size", () => conv1d({ kernelSize: 0 }), /kernelSize: received 0/],
    [
      "a list of another length",
      () => conv2d({ kernelSize: [3] }),
      /kernelSize: received \[3\].*2 of them/,
    ],
    [
      "a kernel that is left out",
      () => layers.conv1d({ filters: 1 } as never),
      /kernelSize: received undefined/,
    ],
    ["strides with dilation", () => conv1d({ strides: 2, dilationRate: 2 }), /for one of the two/],
    [
      "the same along two axes",
      () => conv2d({ strides: [2, 1], dilationRate: [1, 2] }),
      /for one of the two/,
    ],
    ["groups that do not divide filters", () => conv1d({ groups: 3 }), /4 filters in 3 groups/],
    [
      "channels first",
      () => conv1d({ dataFormat: "channelsFirst" }),
      /"channelsLast"; layers\.permute/,
    ],
    ["causal in two dimensions", () => conv2d({ padding: "causal" }), /"valid" or "same"/],
    ["another padding", () => conv1d({ padding: "full" }), /"valid" or "same" or "causal"/],
    ["unknown options", () => conv1d({ kernelsize: 3 }), /Did you mean kernelSize/],
  ])("%s", (_name, make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["another rank", () => conv1d({}).apply(ones([2, 3])), /Expected 3 axes/],
    [
      "a window beyond the input",
      () => conv1d({}).apply(ones([1, 2, 1])),
      /window of 3 elements on an axis of 2/,
    ],
    [
      "a dilated window beyond it",
      () => conv1d({ dilationRate: 2 }).apply(ones([1, 4, 1])),
      /window of 5 elements \(3, 2 apart\)/,
    ],
    ["one of two axes too short", () => conv2d({}).apply(ones([1, 5, 2, 1])), /on an axis of 2/],
    [
      "channels that groups do not divide",
      () => conv1d({ groups: 2 }).apply(ones([1, 5, 3])),
      /3 input channels in 2 groups/,
    ],
    ["no known channels", () => conv1d({}).build([null, 5, null]), /the weights depend on it/],
  ])("%s", (_name, make, message) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(message);
  });

  test("other channels than the weights have", () => {
    const layer = conv1d({});
    layer.apply(ones([1, 5, 2]));
    expect(() => layer.apply(ones([1, 5, 3]))).toThrow(/Expected size 2 on axis -1/);
    expect(() => layer.apply(ones([1, 2, 2]))).toThrow(/window of 3 elements on an axis of 2/);
  });
});

describe("a model of convolution, pooling and lstm", () => {
  const make = () =>
    kept(
      sequential({
        layers: [
          layers.conv1d({
            filters: 6,
            kernelSize: 3,
            padding: "causal",
            activation: "relu",
            inputShape: [16, 1],
          }),
          layers.maxPooling1d({ poolSize: 2 }),
          layers.lstm({ units: 8 }),
          layers.dense({ units: 1 }),
        ],
      }),
    );

  test("learns the frequency of a wave", async () => {
    const rows = 32;
    const row = (i: number) => Math.floor(i / 16);
    const x = Float32Array.from({ length: rows * 16 }, (_, i) =>
      Math.sin(0.2 * (1 + (row(i) % 8)) * (i % 16) + row(i)),
    );
    const y = Float32Array.from({ length: rows }, (_, b) => (b % 8) / 8);
    const model = make();
    model.compile({ optimizer: { kind: "adam", learningRate: 0.02 }, loss: "meanSquaredError" });
    const { history } = await model.fit(tensor(x, [rows, 16, 1]), tensor(y, [rows, 1]), {
      epochs: 40,
      batchSize: 16,
      verbose: 0,
    });
    const losses = history.loss ?? [];
    // y varies by 21/256 around its mean, which is what a constant would be wrong by.
    expect(losses.at(-1)).toBeLessThan(0.25 * (21 / 256));
    expect(losses.at(-1)).toBeLessThan(0.5 * Number(losses[0]));
  });

  test("comes back from a file, with all it has", async () => {
    const model = make();
    const x = tensor(wave([3, 16, 1], 0.7), [3, 16, 1]);
    const again = kept(await loadLayersModel(await model.save()));
    expect(await again.predict(x).data()).toEqual(await model.predict(x).data());
    expect(again.toJSON()).toBe(model.toJSON());
    expect(again.layers.map((layer) => layer.getClassName())).toEqual([
      "Conv1D",
      "MaxPooling1D",
      "LSTM",
      "Dense",
    ]);
  });
});
