import { describe, expect, test } from "vitest";
import { array, zip } from "../../src/data/index.ts";
import { ArgumentError, NumericsError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { deserializeLayer, serializeLayer } from "../../src/layers/serialize.ts";
import { tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept } from "../train/support.ts";

const { dense, normalization } = layers;
const rows = [
  [1, 100],
  [2, 50],
  [6, 0],
];
// (x - mean) / √variance with means 3 and 50, variances 14/3 and 5000/3: the equations in float64.
const normalized = rows.flatMap(([a = 0, b = 0]) => [
  (a - 3) / Math.sqrt(14 / 3),
  (b - 50) / Math.sqrt(5000 / 3),
]);

describe("normalization", () => {
  test("adapts to arrays at once, and normalizes", async () => {
    const layer = kept(normalization());
    expect(layer.adapt(rows)).toBe(layer);
    const names = layer.weights.map((weight) => weight.name.split("/")[1]);
    expect(names).toEqual(["mean", "variance", "count"]);
    expect(await Promise.all(layer.getWeights().map((weight) => weight.array()))).toEqual([
      [3, 50],
      [14 / 3, 5000 / 3].map(Math.fround),
      3,
    ]);
    expect(layer.trainableWeights).toEqual([]);
    expectClose(await layer.apply(tensor(rows)).data(), normalized, tolerances.arithmetic);
  });

  test("adapts to tensors, datasets and pairs the same", async () => {
    const xs = array(rows);
    for (const data of [tensor(rows), xs.batch(2), zip({ xs, ys: xs }).batch(2), [rows].values()]) {
      const layer = kept(await normalization().adapt(data as never));
      expectClose(await layer.apply(tensor(rows)).data(), normalized, tolerances.arithmetic);
    }
  });

  test("before adapt nothing changes; inverted it goes back; a constant feature gives 0", async () => {
    const x = tensor([[4, -2]]);
    expect(await kept(normalization()).apply(x).array()).toEqual([[4, -2]]);
    const back = kept(normalization({ invert: true }));
    back.adapt(rows);
    expectClose(await back.apply(tensor(normalized, [3, 2])).data(), rows.flat(), {
      ...tolerances.arithmetic,
      atol: tolerances.optimizer.atol,
    });
    const constant = kept(
      normalization().adapt([
        [5, 1],
        [5, 3],
      ]),
    );
    expect(await constant.apply(tensor([[5, 3]])).array()).toEqual([[0, 1]]);
  });

  test("other axes, and sequences", async () => {
    const x = [
      [
        [1, 10],
        [3, 30],
      ],
      [
        [5, 50],
        [7, 90],
      ],
    ]; // [B, T, D]
    const byStep = kept(normalization({ axis: 1 }));
    byStep.adapt(x);
    expect(await byStep.weight("mean").array()).toEqual([16.5, 32.5]);
    const all = kept(normalization({ axis: null }));
    all.adapt(x);
    expect(await all.weight("mean").array()).toBe(24.5);
    const both = kept(normalization({ axis: [1, 2] }));
    both.adapt(x);
    expect(both.weight("variance").shape).toEqual([2, 2]);
    // means 3, 30, 5, 60 and deviations 2, 20, 2, 30, of two numbers each
    const expected = [-1, -1, -1, -1, 1, 1, 1, 1];
    expectClose(await both.apply(tensor(x)).data(), expected, tolerances.arithmetic);
  });

  test("takes mean and variance from its config, without weights", async () => {
    const layer = kept(normalization({ mean: [3, 50], variance: [14 / 3, 5000 / 3] }));
    expectClose(await layer.apply(tensor(rows)).data(), normalized, tolerances.arithmetic);
    expect(layer.weights).toEqual([]);
    const one = kept(normalization({ mean: 2, variance: 4 }));
    expect(await one.apply(tensor([[4, 0]])).array()).toEqual([[1, -1]]);
    const again = kept(deserializeLayer(JSON.parse(JSON.stringify(serializeLayer(one)))));
    expect(again.getConfig()).toEqual(one.getConfig());
    expect(await (again.apply(tensor([[4, 0]])) as ReturnType<typeof tensor>).array()).toEqual([
      [1, -1],
    ]);
  });

  test("in a model it is not trained, and adapts anew", async () => {
    const layer = normalization({ inputShape: [2] });
    const model = kept(sequential({ layers: [layer, dense({ units: 1 })] }));
    layer.adapt([
      [0, 0],
      [2, 2],
    ]);
    layer.adapt(rows);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit(tensor(rows), tensor([[1], [2], [3]]), { epochs: 3, verbose: 0 });
    expect(await layer.weight("mean").array()).toEqual([3, 50]);
    expect(model.trainableWeights).toHaveLength(2);
  });

  const wrong: [string, () => unknown, new (m: string) => Error, string][] = [
    ["mean without variance", () => normalization({ mean: 1 }), Error, "variance"],
    [
      "a negative variance",
      () => normalization({ mean: 1, variance: -1 }),
      ArgumentError,
      "as variance",
    ],
    ["a mean of nothing", () => normalization({ mean: [], variance: 1 }), ArgumentError, "as mean"],
    [
      "adapt where they are given",
      () => normalization({ mean: 1, variance: 1 }).adapt([1]),
      ArgumentError,
      "were given",
    ],
    ["NaN", () => normalization().adapt([[Number.NaN]]), NumericsError, "element 0 is NaN"],
    ["nothing", () => normalization().adapt([]), ArgumentError, "no numbers"],
    [
      "an axis that is not there",
      () => normalization({ axis: 3 }).adapt(rows),
      ArgumentError,
      "axis is 3",
    ],
    [
      "a feature of no size",
      () => normalization({ inputShape: [null] }).build([null, null]),
      ShapeError,
      "no size",
    ],
    [
      "means of other features",
      () => normalization({ mean: [1, 2, 3], variance: 1 }).apply(tensor(rows)),
      ShapeError,
      "mean has 3 numbers for features of shape [2]",
    ],
  ];

  test.each(wrong)("refuses %s", (_what, act, kind, message) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(message);
  });

  test("refuses data of other features than it was built for", () => {
    const layer = kept(normalization());
    layer.adapt(rows);
    expect(() => layer.adapt([[1, 2, 3]])).toThrow(ShapeError);
  });
});
