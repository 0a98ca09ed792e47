import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import type { LayerShapes } from "../../src/layers/layer-shape.ts";
import { asList } from "../../src/layers/symbolic.ts";
import {
  add,
  ones,
  sum,
  type Tensor,
  tensor,
  variable,
  variableGrads,
} from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { expectGolden, inputOf, loadOpGoldens, wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";

/** x·kernel + bias in double precision. */
function denseOf(x: Float32Array, kernel: Float32Array, bias: Float32Array): number[] {
  const [features, units] = [kernel.length / bias.length, bias.length];
  const result: number[] = [];
  for (let row = 0; row < x.length / features; row++) {
    for (let unit = 0; unit < units; unit++) {
      let total = Number(bias[unit]);
      for (let i = 0; i < features; i++) {
        total += Number(x[row * features + i]) * Number(kernel[i * units + unit]);
      }
      result.push(total);
    }
  }
  return result;
}

describe("dense", () => {
  test.each([[[2, 3]], [[2, 5, 3]], [[2, 1, 4, 3]]])(
    "works along the last axis of %j",
    async (shape) => {
      const layer = layers.dense({ units: 4 });
      const [x, kernel, bias] = [wave(shape, 0.1), wave([3, 4], 0.2), wave([4], 0.3)];
      layer.ensureBuilt(shape);
      layer.setWeights([tensor(kernel, [3, 4]), tensor(bias)]);
      const y = layer.apply(tensor(x, shape));
      expect(y.shape).toEqual([...shape.slice(0, -1), 4]);
      expectClose(await y.data(), denseOf(x, kernel, bias), tolerances.matMul);
      layer.dispose();
    },
  );

  test("applies its activation, and takes whole numbers", async () => {
    const layer = layers.dense({ units: 1, activation: "relu", weights: [[[1], [-1]], [0]] });
    const x = tensor(
      [
        [3, 1],
        [1, 3],
      ],
      [2, 2],
      "int32",
    );
    expect(await layer.apply(x).array()).toEqual([[2], [0]]);
    layer.dispose();
  });

  test("says which sizes do not fit", () => {
    const layer = layers.dense({ units: 4, name: "out" });
    layer.apply(ones([2, 3]));
    expect(() => layer.apply(ones([2, 5]))).toThrow(ShapeError);
    expect(() => layer.apply(ones([2, 5]))).toThrow(
      /out: input has shape \[2,5\].*size 3 on axis -1/,
    );
    expect(() => layer.apply(ones([3]))).toThrow(
      /out: input has shape \[3\]. Expected at least 2 axes/,
    );
    expect(() => layers.dense({ units: 0, name: "out" })).toThrow(/out: units is 0/);
    expect(() => layers.dense({ units: 1.5 })).toThrow(ArgumentError);
    layer.dispose();
  });
});

describe("layerNormalization", () => {
  test.each(loadOpGoldens("layerNorm"))("$name equals PyTorch", async (golden) => {
    const epsilon = Number(golden.attributes.epsilon);
    const layer = layers.layerNormalization({ epsilon });
    const { x, gamma, beta } = golden.inputs;
    if (!x || !gamma || !beta) throw new Error("the golden has no x, gamma, beta");
    layer.ensureBuilt(x.shape);
    layer.setWeights([tensor(inputOf(gamma), gamma.shape), tensor(inputOf(beta), beta.shape)]);
    const y = layer.apply(tensor(inputOf(x), x.shape));
    expectGolden(await y.data(), golden.expected.y, tolerances.normalization);
    layer.dispose();
  });

  test("leaves gamma and beta out, and has Keras's epsilon", async () => {
    const layer = layers.layerNormalization({ center: false, scale: false });
    // (1 - 2) / sqrt(2/3 + 1e-3) = -1.2238
    const side = 1 / Math.sqrt(2 / 3 + 1e-3);
    const y = await layer.apply(tensor([[1, 2, 3]])).data();
    expectClose(y, [-side, 0, side], { rtol: 1e-5, atol: 1e-6 });
    expect(layer.weights).toHaveLength(0);
  });

  test("rejects an axis other than the last", () => {
    expect(() => layers.layerNormalization({ axis: 1 }).apply(ones([2, 3, 4]))).toThrow(
      ArgumentError,
    );
  });
});

describe("embedding", () => {
  test("looks vectors up, and its gradient adds up what an id received", async () => {
    const layer = layers.embedding({ inputDim: 3, outputDim: 2, name: "words" });
    layer.ensureBuilt([null, 3]);
    layer.setWeights([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]);
    const ids = tensor([[2, 0, 2]], [1, 3], "int32");
    expect(await layer.apply(ids).array()).toEqual([
      [
        [5, 6],
        [1, 2],
        [5, 6],
      ],
    ]);
    expect(await layer.apply(tensor([[1]])).array()).toEqual([[[3, 4]]]);
    const { grads } = variableGrads(() => sum(layer.apply(ids)), layer.weights);
    expect(await grads["words/embeddings"]?.array()).toEqual([
      [1, 1],
      [0, 0],
      [2, 2],
    ]);
    layer.dispose();
  });
});

describe("shape layers", () => {
  const count = (shape: number[]) => tensor(wave(shape, 0.4), shape);

  test("keep the elements in their order", async () => {
    const x = count([2, 3, 4]);
    const values = await x.data();
    const reshaped = layers.reshape({ targetShape: [-1, 2] }).apply(x);
    expect(reshaped.shape).toEqual([2, 6, 2]);
    expect(await reshaped.data()).toEqual(values);
    const flat = layers.flatten().apply(x);
    expect(flat.shape).toEqual([2, 12]);
    expect(await flat.data()).toEqual(values);
    expect(layers.flatten().apply(ones([5])).shape).toEqual([5, 1]);
  });

  test("repeat and permute", async () => {
    const repeated = layers.repeatVector({ n: 2 }).apply(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(await repeated.array()).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
      [
        [3, 4],
        [3, 4],
      ],
    ]);
    const permuted = layers.permute({ dims: [2, 1] }).apply(
      tensor([
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ]),
    );
    expect(await permuted.array()).toEqual([
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ]);
  });

  test("reject what does not fit", () => {
    const x = ones([2, 3, 4]);
    expect(() => layers.reshape({ targetShape: [5, -1] }).apply(x)).toThrow(ShapeError);
    expect(() => layers.reshape({ targetShape: [11] }).apply(x)).toThrow(
      /12 elements. Expected 11/,
    );
    expect(() => layers.reshape({ targetShape: [-1, -1] })).toThrow(ArgumentError);
    expect(() => layers.permute({ dims: [0, 1] })).toThrow(ArgumentError);
    expect(() => layers.permute({ dims: [2, 1] }).apply(ones([2, 3]))).toThrow(ShapeError);
    expect(() => layers.repeatVector({ n: 0 })).toThrow(ArgumentError);
    expect(() => layers.repeatVector({ n: 2 }).apply(x)).toThrow(/Expected 2 axes/);
  });
});

describe("merge layers", () => {
  const a = () =>
    tensor([
      [1, 5],
      [2, 2],
    ]);
  const b = () =>
    tensor([
      [4, 3],
      [1, 1],
    ]);
  const c = () =>
    tensor([
      [1, 1],
      [0, 3],
    ]);

  test.each<[AnyLayer, number[][]]>([
    [
      layers.add(),
      [
        [6, 9],
        [3, 6],
      ],
    ],
    [
      layers.multiply(),
      [
        [4, 15],
        [0, 6],
      ],
    ],
    [
      layers.average(),
      [
        [2, 3],
        [1, 2],
      ],
    ],
    [
      layers.maximum(),
      [
        [4, 5],
        [2, 3],
      ],
    ],
    [
      layers.minimum(),
      [
        [1, 1],
        [0, 1],
      ],
    ],
    [
      layers.concatenate(),
      [
        [1, 5, 4, 3, 1, 1],
        [2, 2, 1, 1, 0, 3],
      ],
    ],
    [
      layers.concatenate({ axis: 0 }),
      [
        [1, 5],
        [2, 2],
        [4, 3],
        [1, 1],
        [1, 1],
        [0, 3],
      ],
    ],
  ])("$name", async (layer, expected) => {
    const [result] = asList(layer.apply([a(), b(), c()]));
    expect(await (result as Tensor).array()).toEqual(expected);
  });

  test("subtract takes the second from the first", async () => {
    expect(await layers.subtract().apply([a(), b()]).array()).toEqual([
      [-3, 2],
      [1, 1],
    ]);
  });

  test("want several inputs that fit", () => {
    expect(() => layers.add().apply(a())).toThrow(ArgumentError);
    expect(() => layers.add().apply([a(), ones([2, 3])])).toThrow(ShapeError);
    const shapes = [
      [null, 3, 2],
      [null, 4, 5],
    ];
    expect(() => layers.concatenate().computeOutputShape(shapes)).toThrow(ShapeError);
  });
});

describe("timeDistributed", () => {
  test("applies the layer to each step", async () => {
    const inner = layers.dense({
      units: 2,
      weights: [
        [
          [1, 0],
          [0, 2],
        ],
        [0, 1],
      ],
    });
    const layer = layers.timeDistributed({ layer: inner });
    const x = tensor([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]);
    expect(await layer.apply(x).array()).toEqual([
      [
        [1, 5],
        [3, 9],
        [5, 13],
      ],
    ]);
    layer.dispose();
  });

  test("takes layers that see several axes of a step", () => {
    const layer = layers.timeDistributed({ layer: layers.flatten() });
    expect(layer.apply(ones([2, 3, 4, 5])).shape).toEqual([2, 3, 20]);
    expect(layer.computeOutputShape([null, null, 4, 5])).toEqual([null, null, 20]);
  });
});

describe("computeOutputShape", () => {
  test.each<[string, AnyLayer, number[]]>([
    ["dense", layers.dense({ units: 4 }), [2, 5, 3]],
    ["activation", layers.activation({ activation: "tanh" }), [2, 5, 3]],
    ["dropout", layers.dropout({ rate: 0.5 }), [2, 5, 3]],
    ["embedding", layers.embedding({ inputDim: 9, outputDim: 4 }), [2, 5]],
    ["layerNormalization", layers.layerNormalization(), [2, 5, 3]],
    ["masking", layers.masking(), [2, 5, 3]],
    ["flatten", layers.flatten(), [2, 5, 3]],
    ["reshape", layers.reshape({ targetShape: [3, -1] }), [2, 5, 3]],
    ["repeatVector", layers.repeatVector({ n: 4 }), [2, 3]],
    ["permute", layers.permute({ dims: [2, 1] }), [2, 5, 3]],
    ["simpleRNN", layers.simpleRNN({ units: 4 }), [2, 5, 3]],
    ["lstm", layers.lstm({ units: 4, returnSequences: true, returnState: true }), [2, 5, 3]],
    ["gru", layers.gru({ units: 4, returnState: true }), [2, 5, 3]],
    ["bidirectional", layers.bidirectional({ layer: layers.gru({ units: 4 }) }), [2, 5, 3]],
    [
      "bidirectional, both outputs and states",
      layers.bidirectional({
        layer: layers.lstm({ units: 4, returnState: true, returnSequences: true }),
        mergeMode: null,
      }),
      [2, 5, 3],
    ],
    ["timeDistributed", layers.timeDistributed({ layer: layers.dense({ units: 4 }) }), [2, 5, 3]],
    ["inputLayer", layers.inputLayer({ inputShape: [5, 3] }), [2, 5, 3]],
  ])("of %s is the shape that apply gives", (_name, layer, shape) => {
    const results = asList(layer.apply(ones(shape))).map((one) => (one as Tensor).shape);
    const expected: LayerShapes = results.length === 1 ? (results[0] ?? []) : results;
    expect(layer.computeOutputShape(shape)).toEqual(expected);
    layer.dispose();
  });
});

describe("regularizers", () => {
  test("add up over the trainable weights that have one", async () => {
    const layer = layers.dense({
      units: 1,
      kernelRegularizer: "l2",
      biasRegularizer: (bias) => sum(bias.abs()).mul(10),
      weights: [[[1], [-2]], [3]],
    });
    layer.ensureBuilt([null, 2]);
    const losses = await Promise.all(layer.losses.map((loss) => loss.data()));
    // 0.01 · (1 + 4) and 10 · 3
    expectClose(
      losses.map((one) => Number(one[0])),
      [0.05, 30],
      tolerances.arithmetic,
    );
    layer.trainable = false;
    expect(layer.losses).toHaveLength(0);
    layer.dispose();
  });

  test("have gradients", async () => {
    const layer = layers.dense({
      units: 1,
      name: "r",
      kernelRegularizer: "l1_l2",
      weights: [[[1], [-2]], [3]],
    });
    layer.ensureBuilt([null, 2]);
    const { grads } = variableGrads(
      () => layer.losses.reduce((total, one) => add(total, one), variable(0, false)),
      layer.weights.slice(0, 1),
    );
    // 0.01·sign(w) + 0.02·w
    expectClose((await grads["r/kernel"]?.data()) ?? [], [0.03, -0.05], tolerances.arithmetic);
    layer.dispose();
  });
});
