import { describe, expect, test, vi } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { input } from "../../src/layers/input.ts";
import type { Layer } from "../../src/layers/layer.ts";
import { maskOf } from "../../src/layers/masks.ts";
import { grad, ones, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { loadConvolutionGoldens, wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { checkGolden } from "./window-goldens.ts";

const steps = tensor([
  [
    [1, 8],
    [5, 2],
    [3, 2],
  ],
  [
    [-1, 0],
    [-4, 0],
    [-2, 7],
  ],
]); // [2, 3, 2]

describe("pooling layers", () => {
  // Source of the numbers: PyTorch in float64, test/golden/convolution.py.
  const goldens = loadConvolutionGoldens().filter(({ layer }) => layer.includes("Pooling"));

  test.each(goldens.map((golden) => [golden.name, golden] as const))(
    "%s: values and gradient as in PyTorch",
    async (_name, golden) => {
      await checkGolden(golden, tolerances.reduction);
    },
  );

  test("pass NaN on, and infinities", async () => {
    const x = tensor([NaN, 1, -Infinity, -Infinity, 2, Infinity], [1, 6, 1]);
    const y = await layers.maxPooling1d().apply(x).data();
    expect([...y]).toEqual([NaN, -Infinity, Infinity]);
    const same = layers.maxPooling1d({ poolSize: 3, strides: 1, padding: "same" });
    const low = tensor([-Infinity, -Infinity], [1, 2, 1]);
    expect([...(await same.apply(low).data())]).toEqual([-Infinity, -Infinity]);
  });

  test("symbolic shapes: what is not known stays open", () => {
    const shape = (layer: Layer, ...sizes: (number | null)[]) =>
      layer.apply(input({ shape: sizes })).shape;
    expect(shape(layers.maxPooling1d(), null, 3)).toEqual([null, null, 3]);
    expect(shape(layers.maxPooling1d(), 7, 3)).toEqual([null, 3, 3]);
    expect(shape(layers.maxPooling1d({ padding: "same" }), 7, 3)).toEqual([null, 4, 3]);
    expect(shape(layers.averagePooling1d({ poolSize: 3, strides: 1 }), 7, 3)).toEqual([null, 5, 3]);
    expect(shape(layers.maxPooling2d({ poolSize: [2, 3] }), 8, null, 3)).toEqual([
      null,
      4,
      null,
      3,
    ]);
    expect(shape(layers.averagePooling2d(), 8, 6, 3)).toEqual([null, 4, 3, 3]);
  });

  test("refuse what they cannot do", () => {
    expect(() => layers.maxPooling1d({ poolSize: 0 })).toThrow(ArgumentError);
    expect(() => layers.maxPooling1d({ strides: [1, 1] })).toThrow(/strides: received \[1,1\]/);
    expect(() => layers.maxPooling2d({ poolSize: [2] })).toThrow(/2 of them in a list/);
    expect(() => layers.averagePooling1d({ padding: "causal" as "same" })).toThrow(ArgumentError);
    const first = { dataFormat: "channelsFirst" as "channelsLast" };
    expect(() => layers.averagePooling2d(first)).toThrow(/"channelsLast"; layers\.permute/);
    expect(() => layers.globalMaxPooling1d(first)).toThrow(ArgumentError);
    expect(() => layers.maxPooling1d().apply(ones([2, 4]))).toThrow(/Expected 3 axes/);
    expect(() => layers.maxPooling1d({ poolSize: 5 }).apply(ones([1, 4, 1]))).toThrow(ShapeError);
    expect(() => layers.globalAveragePooling2d().apply(ones([1, 4, 1]))).toThrow(/Expected 4 axes/);
    expect(() => layers.globalMaxPooling1d({ keepdims: true } as object)).toThrow(/keepDims/);
  });
});

describe("global pooling layers", () => {
  test("over time", async () => {
    expect(await layers.globalMaxPooling1d().apply(steps).array()).toEqual([
      [5, 8],
      [-1, 7],
    ]);
    const mean = await layers.globalAveragePooling1d().apply(steps).data();
    // (1+5+3)/3, (8+2+2)/3, (-1-4-2)/3, (0+0+7)/3
    expectClose(mean, [3, 4, -7 / 3, 7 / 3], tolerances.reduction);
    const kept = layers.globalMaxPooling1d({ keepDims: true }).apply(steps);
    expect(kept.shape).toEqual([2, 1, 2]);
    expect([...(await kept.data())]).toEqual([5, 8, -1, 7]);
  });

  test("over height and width", async () => {
    const x = tensor(wave([2, 3, 4, 2], 0.4), [2, 3, 4, 2]);
    const values = await x.data();
    const places = (b: number, c: number) =>
      Array.from({ length: 12 }, (_, i) => Number(values[b * 24 + i * 2 + c]));
    const expected = [0, 1].flatMap((b) => [0, 1].map((c) => places(b, c)));
    const means = await layers.globalAveragePooling2d().apply(x).data();
    expectClose(
      means,
      expected.map((list) => list.reduce((sum, value) => sum + value, 0) / 12),
      tolerances.reduction,
    );
    const greatest = layers.globalMaxPooling2d({ keepDims: true }).apply(x);
    expect(greatest.shape).toEqual([2, 1, 1, 2]);
    expect([...(await greatest.data())]).toEqual(expected.map((list) => Math.max(...list)));
  });

  test("symbolic shapes", () => {
    const x = input({ shape: [null, 3] });
    expect(layers.globalAveragePooling1d().apply(x).shape).toEqual([null, 3]);
    expect(layers.globalAveragePooling1d({ keepDims: true }).apply(x).shape).toEqual([null, 1, 3]);
    const image = input({ shape: [4, null, 3] });
    expect(layers.globalMaxPooling2d().apply(image).shape).toEqual([null, 3]);
    expect(layers.globalMaxPooling2d({ keepDims: true }).apply(image).shape).toEqual([
      null,
      1,
      1,
      3,
    ]);
  });

  test("the mean counts what the mask says, whatever the padding holds", async () => {
    const layer = layers.globalAveragePooling1d();
    const x = tensor([1, 2, 3, 4, NaN, Infinity, 7, 8, 9, 10, 11, 12], [2, 3, 2]);
    const mask = tensor(
      [
        [true, true, false],
        [false, false, false],
      ],
      [2, 3],
      "bool",
    );
    const y = layer.apply(x, { mask });
    // (1+3)/2, (2+4)/2; a row of padding gives zeros
    expect(await y.array()).toEqual([
      [2, 3],
      [0, 0],
    ]);
    const dx = grad((one) => layer.apply(one, { mask }).sum())(x);
    expect([...(await dx.data())]).toEqual([0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("the mask of an embedding reaches the mean, and ends there", async () => {
    const ids = tensor([[2, 1, 0, 0]], [1, 4], "int32");
    const embedding = layers.embedding({
      inputDim: 3,
      outputDim: 2,
      maskZero: true,
      weights: [
        [
          [9, 9],
          [1, 2],
          [3, 6],
        ],
      ],
    });
    const y = layers.globalAveragePooling1d().apply(embedding.apply(ids));
    expect(await y.array()).toEqual([[2, 4]]);
    expect(maskOf(y)).toBeNull();
  });

  test("the greatest takes no mask: it warns once", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const layer = layers.globalMaxPooling1d();
    layer.apply(layers.masking().apply(steps));
    layer.apply(layers.masking().apply(steps));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/a mask reaches this layer/));
    warn.mockRestore();
  });
});
