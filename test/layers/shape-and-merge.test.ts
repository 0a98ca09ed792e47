import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { asList } from "../../src/layers/symbolic.ts";
import { ones, type Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";

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

describe("dot", () => {
  const a = () =>
    tensor([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]); // [1, 3, 2]
  const b = () =>
    tensor([
      [
        [1, 0],
        [1, 1],
      ],
    ]); // [1, 2, 2]

  test("sums products over one axis of each input", async () => {
    const rows = layers.dot({ axes: 2 });
    expect(await rows.apply([a(), b()]).array()).toEqual([
      [
        [1, 3],
        [3, 7],
        [5, 11],
      ],
    ]);
    const crossed = layers.dot({ axes: [2, 1] });
    expect(await crossed.apply([a(), b()]).array()).toEqual([
      [
        [3, 2],
        [7, 4],
        [11, 6],
      ],
    ]);
    expect(
      crossed.computeOutputShape([
        [null, 3, 2],
        [null, 2, 5],
      ]),
    ).toEqual([null, 3, 5]);
    const vector = tensor([[10, 1]]);
    expect(await crossed.apply([a(), vector]).array()).toEqual([[12, 34, 56]]);
    const plain = layers.dot({ axes: 1 }).apply([vector, tensor([[2, 3]])]);
    expect(await plain.array()).toEqual([[23]]);
  });

  test("normalizes to cosines", async () => {
    const cosine = layers.dot({ axes: -1, normalize: true });
    const result = cosine.apply([
      tensor([
        [3, 4],
        [0, 0],
        [3e-7, 4e-7],
      ]),
      tensor([
        [4, 3],
        [1, 1],
        [4, 3],
      ]),
    ]);
    // 24/25, also of a short vector; one of zeros gives 0.
    expectClose(await result.data(), [0.96, 0, 0.96], tolerances.arithmetic);
  });

  test("wants two inputs of the same size on the axes", () => {
    expect(() => layers.dot({ axes: 1 }).apply([a(), b()])).toThrow(ShapeError);
    expect(() => layers.dot({ axes: 0 }).apply([a(), b()])).toThrow(ShapeError);
    expect(() => layers.dot({ axes: 1 }).apply([a()])).toThrow(ArgumentError);
  });
});
