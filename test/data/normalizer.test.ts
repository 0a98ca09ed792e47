import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { array, Normalizer, normalizer, zip } from "../../src/data/index.ts";
import { ArgumentError, NumericsError, ShapeError } from "../../src/errors.ts";
import { deserialize } from "../../src/names/class-registry.ts";
import { Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";

const rows = [
  [1, 100, 7],
  [2, 50, 7],
  [6, 0, 7],
];
// By hand: means 3, 50, 7; squared distances 4+1+9, 2500+0+2500, 0, each divided by 3.
const mean = [3, 50, 7];
const variance = [14 / 3, 5000 / 3, 0];

describe("normalizer", () => {
  test("mean and variance by feature; a constant feature is not divided", () => {
    const norm = normalizer().fit(rows);
    expectClose(norm.mean, mean, tolerances.float64);
    expectClose(norm.variance, variance, tolerances.float64);
    expect([norm.min, norm.max]).toEqual([
      [1, 0, 7],
      [6, 100, 7],
    ]);
    const [first = []] = norm.transform([[1, 100, 9]]);
    // (1 - 3) / √(14/3), (100 - 50) / √(5000/3), (9 - 7) / 1
    expectClose(first, [-0.9258201, 1.2247449, 2], tolerances.arithmetic);
  });

  test("minMax brings the least to 0 and the greatest to 1", () => {
    const norm = normalizer({ method: "minMax" }).fit(rows);
    expect(
      norm.transform([
        [1, 100, 7],
        [6, 0, 8],
        [3.5, 50, 7],
      ]),
    ).toEqual([
      [0, 1, 0],
      [1, 0, 1],
      [0.5, 0.5, 0],
    ]);
  });

  test("comes back as it went in: typed arrays, nested arrays, tensors", async () => {
    const norm = normalizer({ method: "minMax" }).fit([0, 4]);
    expect(norm.transform(Float32Array.of(1, 2))).toEqual(Float32Array.of(0.25, 0.5));
    expect(norm.transform(Float64Array.of(0.1))).toEqual(Float64Array.of(0.025));
    expect(norm.transform(Int32Array.of(1))).toEqual(Float32Array.of(0.25));
    expect(norm.transform([1, 2])).toEqual([0.25, 0.5]);
    expect(norm.transform([[1], [2]])).toEqual([[0.25], [0.5]]);
    expect(norm.transform([Float32Array.of(1), Float32Array.of(2)])).toEqual([[0.25], [0.5]]);
    expect(norm.inverseTransform(2)).toBe(8);
    const onGpu = norm.transform(tensor([1, 2]).mul(2));
    expect(onGpu).toBeInstanceOf(Tensor);
    expect(await onGpu.array()).toEqual([0.5, 1]);
    expect(await norm.transform(tensor([[[1], [3]]])).array()).toEqual([[[0.25], [0.75]]]);
  });

  test("other axes, several of them, or none", async () => {
    const x = [
      [
        [1, 10],
        [3, 30],
      ],
      [
        [5, 50],
        [7, 90],
      ],
    ]; // [2, 2, 2]
    expect(normalizer({ axis: 1 }).fit(x).mean).toEqual([16.5, 32.5]);
    expect(normalizer({ axis: [1, 2] }).fit(x).mean).toEqual([3, 30, 5, 60]);
    expect(normalizer({ axis: null }).fit(x).mean).toEqual([24.5]);
    for (const axis of [1, [1, 2], [-1], null]) {
      const norm = normalizer({ axis }).fit(x);
      const host = norm.transform(x).flat(2);
      expectClose(await norm.transform(tensor(x)).data(), host, tolerances.arithmetic);
    }
  });

  test("large offsets do not cancel, on the host and on the GPU", async () => {
    // 1e6 + {0, 1/4, 1} are exact in float32; their mean 1e6 + 5/12 and variance 13/72 by hand.
    const x = Float32Array.from({ length: 3000 }, (_, i) => 1e6 + ([0, 0.25, 1][i % 3] ?? 0));
    const norm = normalizer().fit(x);
    expectClose(norm.variance, [13 / 72], tolerances.float64);
    const expected = Array.from(x, (one) => (one - 1e6 - 5 / 12) / Math.sqrt(13 / 72));
    expectClose(norm.transform(x), expected, tolerances.arithmetic);
    // The mean as one float32 number would be off by 0.02, and the result by 0.05.
    expectClose(await norm.transform(tensor(x)).data(), expected, tolerances.arithmetic);
    const wide = normalizer().fit([1e8 + 1, 1e8 + 2, 1e8 + 3]);
    expectClose(wide.variance, [2 / 3], tolerances.float64);
  });

  test("over tensors, datasets and iterables of batches as over all at once", async () => {
    const whole = normalizer().fit(rows);
    const xs = array(rows);
    const sources = [
      ...[
        tensor(rows),
        xs.batch(2),
        zip({ xs, ys: array([1, 2, 3]) }).batch(2),
        new Set(rows.map((r) => [r])),
      ],
      ...[xs.batch(1).map((x) => [x, x] as const), zip({ xs }).batch(3)],
    ];
    for (const source of sources) {
      const made = await normalizer().fit(source as never);
      expectClose(made.mean, whole.mean, tolerances.float64);
      expectClose(made.variance, whole.variance, tolerances.float64);
      expect(made.max).toEqual(whole.max);
    }
  });

  test("one feature of several takes forecasts back", () => {
    const one = normalizer().fit(rows).column(1);
    expectClose(
      one.inverseTransform(Float32Array.of(0, 1)),
      [50, 50 + Math.sqrt(5000 / 3)],
      tolerances.arithmetic,
    );
    expect(one.inverseTransform([[0, 0]])).toEqual([[50, 50]]);
  });

  test("comes back from its config, by its registered name", () => {
    const norm = normalizer({ method: "minMax", axis: [-1] }).fit(rows);
    const saved = JSON.parse(JSON.stringify({ className: "Normalizer", config: norm.getConfig() }));
    const again = deserialize(saved, "normalizer");
    expect(again).toBeInstanceOf(Normalizer);
    expect((again as Normalizer).getConfig()).toEqual(norm.getConfig());
    expect((again as Normalizer).transform(rows)).toEqual(norm.transform(rows));
    const bare = Normalizer.fromConfig(normalizer().getConfig());
    expect([bare.isFitted, bare.axis, bare.method]).toEqual([false, -1, "standard"]);
  });

  test("the inverse undoes it, for any numbers", () => {
    const one = fc.integer({ min: -(2 ** 27), max: 2 ** 27 }).map((i) => i / 128);
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((d) =>
        fc.array(fc.array(one, { minLength: d, maxLength: d }), { minLength: 1, maxLength: 9 }),
      );
    const method = fc.constantFrom("standard" as const, "minMax" as const);
    fc.assert(
      fc.property(table, method, (x, kind) => {
        const norm = normalizer({ method: kind }).fit(x);
        const y = norm.transform(x);
        const largest = Math.max(...x.flat().map(Math.abs));
        const back = norm.inverseTransform(y).flat();
        // float32 keeps y, whose errors are multiplied by the spread again.
        expectClose(back.concat(largest), x.flat().concat(largest), tolerances.gradient);
        for (let d = 0; d < (x[0]?.length ?? 0); d++) {
          const column = y.map((row) => row[d] ?? 0);
          const average = column.reduce((a, b) => a + b, 0) / column.length;
          if (kind === "standard") expect(Math.abs(average)).toBeLessThan(1e-5);
          else expect([Math.min(...column) >= 0, Math.max(...column) <= 1]).toEqual([true, true]);
        }
      }),
      { seed: 8, numRuns: 200 },
    );
  });

  test("a fit of tensors that nobody awaited is named so", async () => {
    const own = normalizer();
    const fitting = own.fit(tensor([[1], [2], [4]]));
    expect(() => own.transform([[1]])).toThrow("await normalizer.fit(x)");
    await fitting;
    expect(own.transform([[1], [4]])).toHaveLength(2);
  });

  const fitted = normalizer().fit(rows);
  const wrong: [string, () => unknown, new (m: string) => Error, string][] = [
    [
      "transform before fit",
      () => normalizer().transform([1]),
      ArgumentError,
      "Call fit() with the training",
    ],
    ["mean before fit", () => normalizer().mean, ArgumentError, "mean needs statistics"],
    [
      "NaN",
      () =>
        normalizer().fit([
          [1, 2],
          [3, Number.NaN],
        ]),
      NumericsError,
      "element 3 is NaN",
    ],
    ["nothing", () => normalizer().fit([]), ArgumentError, "received no numbers"],
    [
      "other features",
      () => fitted.transform([[1, 2]]),
      ShapeError,
      "features are [2]. Expected [3], as fitted",
    ],
    [
      "tensors of other features",
      () => fitted.transform(tensor([[1]])),
      ShapeError,
      "Expected [3]",
    ],
    ["text", () => normalizer().fit("x" as never), Error, 'received "x"'],
    [
      "an axis that is not there",
      () => normalizer({ axis: 2 }).fit(rows),
      ArgumentError,
      "axis is 2",
    ],
    [
      "an axis twice",
      () => normalizer({ axis: [1, -1] }).fit(rows),
      ArgumentError,
      "axis is [1,-1]",
    ],
    ["an axis of half", () => normalizer({ axis: 0.5 }), ArgumentError, "received 0.5 as axis"],
    [
      "another method",
      () => normalizer({ method: "minmaxx" as never }),
      ArgumentError,
      'Did you mean "minMax"?',
    ],
    [
      "a misspelt option",
      () => normalizer({ axes: 1 } as never),
      ArgumentError,
      "Did you mean axis?",
    ],
    [
      "a feature that is not there",
      () => fitted.column(3),
      ArgumentError,
      "Expected one of 3 features",
    ],
    [
      "a doctored config",
      () =>
        Normalizer.fromConfig({
          statistics: { shape: [2], mean: [1], variance: [1], min: [1], max: [1] },
        }),
      ArgumentError,
      "no statistics",
    ],
    [
      "a negative variance",
      () =>
        Normalizer.fromConfig({
          statistics: { shape: [1], mean: [1], variance: [-1], min: [1], max: [1] },
        }),
      ArgumentError,
      "no statistics",
    ],
  ];

  test.each(wrong)("refuses %s", (_what, act, kind, message) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(message);
  });

  test("refuses batches that differ in features", async () => {
    await expect(normalizer().fit(array([[[1, 2]], [[1, 2, 3]]]))).rejects.toThrow(ShapeError);
    await expect(normalizer().fit(array([]))).rejects.toThrow("received no numbers");
  });
});
