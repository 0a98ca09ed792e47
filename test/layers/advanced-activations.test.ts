import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { ones, type Tensor, tensor, variableGrads } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";

const apply = (layer: AnyLayer, x: Tensor, training = false): Promise<ArrayLike<number>> =>
  (layer.apply(x, { training }) as Tensor).data();
const x = tensor([[-2, -0.5, 0, 0.5, 8]]);

// Expected values: the formulas of Keras 3's documentation, by hand.
describe("activations as layers", () => {
  const below = (alpha: number, v: number): number => alpha * Math.expm1(v);
  const cases: [string, AnyLayer, number[]][] = [
    ["reLU", layers.reLU(), [0, 0, 0, 0.5, 8]],
    ["reLU, bounded", layers.reLU({ maxValue: 6 }), [0, 0, 0, 0.5, 6]],
    ["reLU, leaky", layers.reLU({ negativeSlope: 0.5 }), [-1, -0.25, 0, 0.5, 8]],
    [
      "reLU from a threshold",
      layers.reLU({ threshold: 1, negativeSlope: 0.1, maxValue: 6 }),
      [-0.3, -0.15, -0.1, -0.05, 6],
    ],
    ["leakyReLU", layers.leakyReLU(), [-0.6, -0.15, 0, 0.5, 8]],
    ["leakyReLU of TF.js", layers.leakyReLU({ alpha: 0.1 }), [-0.2, -0.05, 0, 0.5, 8]],
    ["elu", layers.elu(), [below(1, -2), below(1, -0.5), 0, 0.5, 8]],
    ["elu, alpha 2", layers.elu({ alpha: 2 }), [below(2, -2), below(2, -0.5), 0, 0.5, 8]],
    ["prelu", layers.prelu(), [0, 0, 0, 0.5, 8]],
    ["prelu, ones", layers.prelu({ alphaInitializer: "ones" }), [-2, -0.5, 0, 0.5, 8]],
  ];

  test.each(cases)("%s", async (_name, layer, expected) => {
    expectClose(await apply(layer, x), expected, tolerances.arithmetic);
  });

  test("softmax sums to 1 along its axis", async () => {
    const columns = layers.softmax({ axis: 1 }).apply(tensor([[[1], [1], [1], [1]]]));
    expectClose(await columns.data(), [0.25, 0.25, 0.25, 0.25], tolerances.arithmetic);
    const even = await apply(layers.softmax(), ones([1, 4]));
    expectClose(even, [0.25, 0.25, 0.25, 0.25], tolerances.arithmetic);
  });

  test("prelu learns a slope for each feature, or shares it", async () => {
    const layer = layers.prelu({ sharedAxes: [1] });
    const input = tensor([
      [
        [-1, 2],
        [-3, -4],
      ],
    ]);
    const { grads } = variableGrads(() => layer.apply(input).sum());
    expect(layer.weight("alpha").shape).toEqual([1, 2]);
    // d/dalpha of alpha·x is x where x is below 0, summed over the steps.
    expect(await Object.values(grads)[0]?.array()).toEqual([[-4, -4]]);
    layer.dispose();
  });

  test("reLU refuses bounds below 0", () => {
    expect(() => layers.reLU({ maxValue: -1 })).toThrow(ArgumentError);
    expect(() => layers.reLU({ threshold: -1 })).toThrow("threshold is -1");
  });
});

describe("noise", () => {
  const many = ones([100, 100]);
  const moments = (values: ArrayLike<number>): [number, number] => {
    const list = Array.from(values);
    const mean = list.reduce((sum, v) => sum + v, 0) / list.length;
    const square = list.reduce((sum, v) => sum + (v - mean) ** 2, 0) / list.length;
    return [mean, Math.sqrt(square)];
  };

  const cases: [string, AnyLayer, number][] = [
    ["gaussianNoise", layers.gaussianNoise({ stddev: 0.5, seed: 1 }), 0.5],
    ["gaussianDropout", layers.gaussianDropout({ rate: 0.2, seed: 1 }), 0.5], // √(0.2 / 0.8)
  ];

  test.each(cases)("%s has mean 1 and its spread on ones, in training only", async (...args) => {
    const [, layer, stddev] = args;
    const first = await apply(layer, many, true);
    const [mean, spread] = moments(first);
    // 10,000 values: the mean is off by 0.005, the spread by 0.0035, as a rule; here, by 5 times that at most.
    expect(Math.abs(mean - 1)).toBeLessThan(0.025);
    expect(Math.abs(spread - stddev)).toBeLessThan(0.018);
    expect(await apply(layer, many, true)).not.toEqual(first);
    expect(await apply(layer, many)).toEqual(await many.data());
  });

  test("refuses a spread that is none", () => {
    expect(() => layers.gaussianNoise({ stddev: -1 })).toThrow(ArgumentError);
    expect(() => layers.gaussianDropout({ rate: 1 })).toThrow(ArgumentError);
  });
});

describe("layerNormalization over several axes", () => {
  const input = tensor([
    [
      [1, 2],
      [3, 6],
    ],
  ]);
  // Mean 3, squares 4, 1, 0, 9: variance 3.5.
  const expected = [-2, -1, 0, 3].map((v) => v / Math.sqrt(3.5 + 1e-3));

  test.each([[[1, 2]], [[-2, -1]], [[-1, 1]]])("%j", async (axis) => {
    const layer = layers.layerNormalization({ axis });
    expectClose(await apply(layer, input), expected, tolerances.reduction);
    expect(layer.weight("gamma").shape).toEqual([2, 2]);
    layer.dispose();
  });

  test("a list of the last axis is the last axis; others are refused", async () => {
    const [list, one] = [layers.layerNormalization({ axis: [-1] }), layers.layerNormalization()];
    expect(await apply(list, input)).toEqual(await apply(one, input));
    for (const axis of [[1], [0, 1, 2], [], [5]]) {
      expect(() => layers.layerNormalization({ axis }).apply(input)).toThrow(ArgumentError);
    }
  });
});
