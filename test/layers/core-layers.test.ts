import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import type { LayerShapes } from "../../src/layers/layer-shape.ts";
import { asList } from "../../src/layers/symbolic.ts";
import { ones, sum, type Tensor, tensor, variableGrads } from "../../src/tensor/index.ts";
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

describe("apply", () => {
  test("wants tensors, and says so", () => {
    const layer = layers.dense({ units: 1, name: "out" });
    for (const wrong of [[[1, 2]], 3, "x", undefined, []]) {
      expect(() => layer.apply(wrong as unknown as Tensor)).toThrow(ArgumentError);
    }
    expect(() => layer.apply([[1, 2]] as unknown as Tensor)).toThrow(/out: .*Expected a tensor/);
  });

  test("wants shapes that are shapes", () => {
    for (const inputShape of [10, [0], [1.5], "3"]) {
      const config = { units: 1, inputShape: inputShape as unknown as number[] };
      expect(() => layers.dense(config)).toThrow(ArgumentError);
    }
    expect(layers.dense({ units: 1, inputShape: [null, 3] }).batchInputShape).toEqual([
      null,
      null,
      3,
    ]);
    const fixed = layers.dense({ units: 1, inputShape: [3], batchSize: 4 });
    expect(fixed.batchInputShape).toEqual([4, 3]);
    expect(layers.dense({ units: 1, inputDim: 3 }).batchInputShape).toEqual([null, 3]);
  });
});

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

describe("rmsNormalization", () => {
  test.each(loadOpGoldens("rmsNorm"))("$name equals its equation", async (golden) => {
    const layer = layers.rmsNormalization({ epsilon: Number(golden.attributes.epsilon) });
    const { x, gamma } = golden.inputs;
    if (!x || !gamma) throw new Error("the golden has no x, gamma");
    layer.ensureBuilt(x.shape);
    layer.setWeights([tensor(inputOf(gamma), gamma.shape)]);
    const y = layer.apply(tensor(inputOf(x), x.shape));
    expectGolden(await y.data(), golden.expected.y, tolerances.normalization);
    layer.dispose();
  });

  test("over several axes, with Keras's epsilon", async () => {
    const layer = layers.rmsNormalization({ axis: [1, 2] });
    // Squares 1, 4, 4, 9: mean 4.5, which 1e-6 does not change in six digits; 1e-3 would.
    const y = await layer
      .apply(
        tensor([
          [
            [1, 2],
            [2, 3],
          ],
        ]),
      )
      .data();
    const expected = [1, 2, 2, 3].map((v) => v / Math.sqrt(4.5 + 1e-6));
    expectClose(y, expected, tolerances.arithmetic);
    expect(layer.weight("scale").shape).toEqual([2, 2]);
    layer.dispose();
  });

  test("rejects an axis other than the last", () => {
    expect(() => layers.rmsNormalization({ axis: 1 }).apply(ones([2, 3, 4]))).toThrow(
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
    ["reversibleEmbedding", layers.reversibleEmbedding({ inputDim: 9, outputDim: 4 }), [2, 5]],
    ["positionEmbedding", layers.positionEmbedding({ sequenceLength: 7 }), [2, 5, 3]],
    ["sinePositionEncoding", layers.sinePositionEncoding(), [2, 5, 3]],
    ["rotaryEmbedding", layers.rotaryEmbedding(), [2, 5, 3, 4]],
    [
      "tokenAndPositionEmbedding",
      layers.tokenAndPositionEmbedding({ vocabularySize: 9, sequenceLength: 7, embeddingDim: 4 }),
      [2, 5],
    ],
    ["layerNormalization", layers.layerNormalization(), [2, 5, 3]],
    ["rmsNormalization", layers.rmsNormalization(), [2, 5, 3]],
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
