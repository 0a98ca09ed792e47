import * as sl from "sluice";
import { afterEach, describe, expect, test } from "vitest";
import { testDevice } from "../helpers/adapter.ts";

const hasHalf = (await testDevice()).features.has("shader-f16");
const { layers } = sl;

afterEach(() => sl.setDTypePolicy("float32"));

type Maker = (dtype: sl.DTypePolicy) => sl.AnyLayer;
const heads = { numHeads: 2, keyDim: 3 };
const block = { numHeads: 2, intermediateDim: 7 };
const same = { padding: "same" } as const;

/** Every layer that computes with floats, and shapes of its inputs. */
const CASES: Readonly<Record<string, readonly [Maker, ...(readonly number[])[]]>> = {
  dense: [(dtype) => layers.dense({ units: 5, activation: "gelu", dtype }), [4, 6]],
  activation: [(dtype) => layers.activation({ activation: "swish", dtype }), [4, 6]],
  softmax: [(dtype) => layers.softmax({ dtype }), [4, 6]],
  reLU: [(dtype) => layers.reLU({ negativeSlope: 0.1, dtype }), [4, 6]],
  leakyReLU: [(dtype) => layers.leakyReLU({ dtype }), [4, 6]],
  elu: [(dtype) => layers.elu({ dtype }), [4, 6]],
  prelu: [(dtype) => layers.prelu({ alphaInitializer: "ones", dtype }), [4, 6]],
  dropout: [(dtype) => layers.dropout({ rate: 0.5, dtype }), [4, 6]],
  gaussianNoise: [(dtype) => layers.gaussianNoise({ stddev: 0.5, dtype }), [4, 6]],
  layerNormalization: [(dtype) => layers.layerNormalization({ dtype }), [4, 6]],
  rmsNormalization: [(dtype) => layers.rmsNormalization({ dtype }), [4, 6]],
  flatten: [(dtype) => layers.flatten({ dtype }), [4, 2, 3]],
  reshape: [(dtype) => layers.reshape({ targetShape: [3, 2], dtype }), [4, 6]],
  permute: [(dtype) => layers.permute({ dims: [2, 1], dtype }), [4, 2, 3]],
  repeatVector: [(dtype) => layers.repeatVector({ n: 3, dtype }), [4, 6]],
  masking: [(dtype) => layers.masking({ dtype }), [4, 5, 3]],
  positionEmbedding: [(dtype) => layers.positionEmbedding({ sequenceLength: 5, dtype }), [4, 5, 6]],
  rotaryEmbedding: [(dtype) => layers.rotaryEmbedding({ dtype }), [4, 5, 6]],
  conv1d: [(dtype) => layers.conv1d({ filters: 5, kernelSize: 3, dtype }), [4, 6, 3]],
  conv2d: [(dtype) => layers.conv2d({ filters: 5, kernelSize: 3, dtype }), [2, 6, 5, 3]],
  maxPooling1d: [(dtype) => layers.maxPooling1d({ ...same, dtype }), [4, 5, 3]],
  averagePooling1d: [(dtype) => layers.averagePooling1d({ ...same, dtype }), [4, 5, 3]],
  maxPooling2d: [(dtype) => layers.maxPooling2d({ ...same, dtype }), [2, 5, 5, 3]],
  averagePooling2d: [(dtype) => layers.averagePooling2d({ ...same, dtype }), [2, 5, 5, 3]],
  globalMaxPooling1d: [(dtype) => layers.globalMaxPooling1d({ dtype }), [4, 5, 3]],
  globalAveragePooling1d: [(dtype) => layers.globalAveragePooling1d({ dtype }), [4, 5, 3]],
  simpleRNN: [(dtype) => layers.simpleRNN({ units: 5, returnSequences: true, dtype }), [4, 6, 3]],
  lstm: [(dtype) => layers.lstm({ units: 5, returnSequences: true, dtype }), [4, 6, 3]],
  gru: [(dtype) => layers.gru({ units: 5, returnSequences: true, dtype }), [4, 6, 3]],
  "gru that resets before": [
    (dtype) => layers.gru({ units: 5, resetAfter: false, goBackwards: true, dtype }),
    [4, 6, 3],
  ],
  "lstm step by step": [(dtype) => layers.lstm({ units: 5, activation: "relu", dtype }), [4, 6, 3]],
  rnn: [(dtype) => layers.rnn({ cell: layers.gruCell({ units: 5 }), dtype }), [4, 6, 3]],
  bidirectional: [
    (dtype) => layers.bidirectional({ layer: layers.lstm({ units: 4 }), dtype }),
    [4, 6, 3],
  ],
  timeDistributed: [
    (dtype) => layers.timeDistributed({ layer: layers.dense({ units: 4 }), dtype }),
    [4, 6, 3],
  ],
  multiHeadAttention: [
    (dtype) => layers.multiHeadAttention({ ...heads, dtype }),
    [4, 5, 6],
    [4, 7, 6],
  ],
  groupedQueryAttention: [
    (dtype) =>
      layers.groupedQueryAttention({ headDim: 4, numQueryHeads: 4, numKeyValueHeads: 2, dtype }),
    [4, 5, 6],
    [4, 7, 6],
  ],
  attention: [(dtype) => layers.attention({ useScale: true, dtype }), [4, 5, 6], [4, 7, 6]],
  additiveAttention: [(dtype) => layers.additiveAttention({ dtype }), [4, 5, 6], [4, 7, 6]],
  transformerEncoder: [(dtype) => layers.transformerEncoder({ ...block, dtype }), [4, 5, 6]],
  "transformerEncoder, recomputed": [
    (dtype) => layers.transformerEncoder({ ...block, recompute: true, dtype }),
    [4, 5, 6],
  ],
  transformerDecoder: [
    (dtype) => layers.transformerDecoder({ ...block, dtype }),
    [4, 5, 6],
    [4, 7, 6],
  ],
  add: [(dtype) => layers.add({ dtype }), [4, 6], [4, 6]],
  concatenate: [(dtype) => layers.concatenate({ dtype }), [4, 6], [4, 3]],
  dot: [(dtype) => layers.dot({ axes: 1, dtype }), [4, 6], [4, 6]],
};

function inputsOf(shapes: readonly (readonly number[])[]): sl.Tensor[] {
  return shapes.map((shape, i) => sl.randomNormal([...shape], 0, 1, "float32", 7 + i));
}

function built(layer: sl.AnyLayer, shapes: readonly (readonly number[])[]): void {
  const [only = []] = shapes;
  layer.ensureBuilt(shapes.length === 1 ? [...only] : shapes.map((shape) => [...shape]));
}

function applied(layer: sl.AnyLayer, inputs: readonly sl.Tensor[]): sl.Tensor {
  const [only] = inputs;
  const result = layer.apply(inputs.length === 1 && only ? only : [...inputs]);
  return Array.isArray(result) ? (result[0] as sl.Tensor) : (result as sl.Tensor);
}

/** The output, and the gradients of a weighted sum of it for inputs and weights. */
async function runOf(layer: sl.AnyLayer, shapes: readonly (readonly number[])[]) {
  const inputs = inputsOf(shapes).map((x) => sl.variable(x));
  const score = (): sl.Tensor => {
    const y = applied(layer, inputs).cast("float32");
    return y.mul(sl.randomNormal(y.shape, 0, 1, "float32", 3)).sum();
  };
  const { grads } = sl.variableGrads(score, [...inputs, ...layer.trainableWeights]);
  const gradients = [...inputs, ...layer.trainableWeights].map(({ name }) => grads[name]);
  const all = [applied(layer, inputs), ...gradients.flatMap((one) => (one ? [one] : []))];
  return Promise.all(all.map((one) => one.data()));
}

/** Distance of `actual` from `expected`, in lengths of `expected`, or of `least` where that is more. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>, least: number): number {
  const off = Array.from(expected, (x, i) => x - (actual[i] ?? 0));
  return lengthOf(off) / Math.max(lengthOf(expected), least);
}

function lengthOf(numbers: ArrayLike<number>): number {
  return Math.hypot(...Array.from(numbers));
}

describe.each(Object.entries(CASES))("%s", (_, [make, ...shapes]) => {
  test("gives halves, from float32 weights, and says so in its config", () => {
    const layer = make("mixed_float16");
    built(layer, shapes); // apart: first values that are computed would be so in one plan with the output
    const output = applied(layer, inputsOf(shapes));
    expect(output.dtype).toBe("float16");
    expect(layer.computeDType).toBe("float16");
    expect(layer.weights.every(({ dtype }) => dtype === "float32")).toBe(true);
    expect(layer.getConfig()).toMatchObject({ dtype: "mixed_float16" });
  });

  if (!hasHalf) return;

  test("gives what float32 gives, and gradients, within the rounding of halves", async () => {
    const [wide, mixed] = [make("float32"), make("mixed_float16")];
    for (const layer of [wide, mixed]) applied(layer, inputsOf(shapes));
    mixed.setWeights(wide.getWeights());
    const [expected, actual] = [await runOf(wide, shapes), await runOf(mixed, shapes)];
    expect(actual).toHaveLength(expected.length);
    // Halves have 11 bits, 4.9e-4; sums of rounded numbers and cancellation take a few of them. What cancels altogether
    // (attention does not depend on the bias of its keys) is held against the largest gradient.
    const least = 0.1 * Math.max(...expected.map(lengthOf));
    for (const [i, one] of actual.entries()) {
      expect(distance(one, expected[i] ?? [], least)).toBeLessThan(1e-2);
    }
  });
});

describe("the policy in force", () => {
  test("is that of layers made from then on; a layer's own comes first", () => {
    expect(sl.getDTypePolicy()).toBe("float32");
    const before = layers.dense({ units: 2 });
    sl.setDTypePolicy("mixed_float16");
    const [after, own] = [layers.dense({ units: 2 }), layers.dense({ units: 2, dtype: "float32" })];
    sl.setDTypePolicy("float32");
    expect([before, after, own].map(({ dtypePolicy }) => dtypePolicy)).toEqual([
      "float32",
      "mixed_float16",
      "float32",
    ]);
    expect(own.getConfig()).toMatchObject({ dtype: "float32" });
    expect(before.getConfig().dtype).toBeUndefined();
  });

  test("a layer inside another follows it, unless it has a policy of its own", () => {
    const inner = layers.dense({ units: 4 });
    const outer = layers.timeDistributed({ layer: inner, dtype: "mixed_float16" });
    expect(applied(outer, [sl.ones([2, 3, 4])]).dtype).toBe("float16");
    const model = sl.sequential();
    model.add(layers.dense({ units: 4, inputShape: [3], dtype: "mixed_float16" }));
    model.add(layers.dense({ units: 2, dtype: "float32" }));
    expect((model.apply(sl.ones([2, 3])) as sl.Tensor).dtype).toBe("float32");
  });

  test("symbolic tensors know it", () => {
    sl.setDTypePolicy("mixed_float16");
    const input = sl.input({ shape: [5] });
    const hidden = layers.dense({ units: 4 }).apply(input);
    expect([input.dtype, hidden.dtype]).toEqual(["float32", "float16"]);
    const model = sl.model({ inputs: input, outputs: hidden });
    expect((model.apply(sl.ones([2, 5])) as sl.Tensor).dtype).toBe("float16");
  });

  test("a mask goes along", () => {
    sl.setDTypePolicy("mixed_float16");
    const masked = layers.masking().apply(sl.tensor([[[1], [0]]])) as sl.Tensor;
    const lstm = layers.lstm({ units: 2, returnSequences: true });
    built(lstm, [[1, 2, 1]]);
    const result = lstm.apply(masked) as sl.Tensor;
    expect(result.dtype).toBe("float16");
    expect(result.shape).toEqual([1, 2, 2]);
  });

  test.each(["float16", "bfloat16", "half", ""])("refuses %j", (policy) => {
    expect(() => sl.setDTypePolicy(policy as sl.DTypePolicy)).toThrow(sl.ArgumentError);
    expect(() => layers.dense({ units: 1, dtype: policy as sl.DTypePolicy })).toThrow(
      /"float32" or "mixed_float16"/,
    );
    expect(sl.getDTypePolicy()).toBe("float32");
  });
});
