import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { split, type WindowsConfig, windows } from "../../src/data/index.ts";
import { ArgumentError, LimitError, ShapeError } from "../../src/errors.ts";
import { tensor } from "../../src/tensor/index.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Windows by the definition: a loop over starts, steps and targets. */
function naive(
  series: number[][],
  targets: number[][],
  { size, horizon = 1, stride = 1, gap = 0 }: WindowsConfig,
): { xs: number[][][]; ys: number[][][] } {
  const xs: number[][][] = [];
  const ys: number[][][] = [];
  const last = (s: number): number => Math.max(s + size, s + size + gap + horizon);
  for (let s = 0; last(s) <= series.length; s += stride) {
    xs.push(upTo(size).map((t) => series[s + t] ?? []));
    ys.push(upTo(horizon).map((h) => targets[s + size + gap + h] ?? []));
  }
  return { xs, ys };
}

describe("windows", () => {
  test("the first target is the step directly after the window", async () => {
    const made = windows([10, 11, 12, 13, 14, 15], { size: 3, horizon: 2 });
    expect(made.count).toBe(2);
    expect(await made.xs.array()).toEqual([
      [[10], [11], [12]],
      [[11], [12], [13]],
    ]);
    expect(await made.ys.array()).toEqual([
      [13, 14],
      [14, 15],
    ]);
  });

  test("equal a loop, for any size, horizon, stride and gap, in every form", async () => {
    const cases = fc.record({
      steps: fc.integer({ min: 1, max: 20 }),
      width: fc.integer({ min: 1, max: 3 }),
      size: fc.integer({ min: 1, max: 6 }),
      horizon: fc.integer({ min: 1, max: 4 }),
      stride: fc.integer({ min: 1, max: 5 }),
      gap: fc.integer({ min: -5, max: 3 }),
      own: fc.boolean(),
      batchSize: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ steps, width, own, batchSize, ...config }) => {
        const series = upTo(steps).map((t) => upTo(width).map((d) => 10 * t + d));
        const targets = own ? upTo(steps).map((t) => [-t]) : series;
        const options = own ? { ...config, targets } : config;
        if (config.gap <= -config.size) {
          expect(() => windows(series, options)).toThrow(ArgumentError);
          return;
        }
        const expected = naive(series, targets, config);
        if (expected.xs.length === 0) {
          expect(() => windows(series, options)).toThrow(ShapeError);
          return;
        }
        const made = windows(series, options);
        expect(made.count).toBe(expected.xs.length);
        expect(await made.xs.array()).toEqual(expected.xs);
        expect(await made.ys.array()).toEqual(expected.ys);
        const dataset = made.dataset();
        expect(dataset.size).toBe(made.count);
        const one = await dataset.toArray();
        expect(await Promise.all(one.map(({ xs }) => xs.array()))).toEqual(expected.xs);
        const batches = made.batches({ batchSize });
        const all = await batches.toArray();
        expect(all).toHaveLength(batches.size ?? -1);
        const ys = await Promise.all(all.map((batch) => batch.ys.array()));
        expect(ys.flat()).toEqual(expected.ys);
        const collated = await dataset.batch(batchSize).toArray();
        const xs = await Promise.all(collated.map((batch) => batch.xs.array()));
        expect(xs.flat()).toEqual(expected.xs);
      }),
      { seed: 12, numRuns: 150 },
    );
  });

  test("of a tensor on the GPU as of host data", async () => {
    const series = upTo(9).map((t) => [t, -t]);
    const config = { size: 3, horizon: 2, stride: 2 };
    const expected = naive(series, series, config);
    const lazy = windows(tensor(series).mul(1), config);
    expect(await lazy.xs.array()).toEqual(expected.xs);
    expect(await lazy.ys.array()).toEqual(expected.ys);
    const [batch] = await windows(tensor(series).mul(1), config).batches().toArray();
    expect(await batch?.xs.array()).toEqual(expected.xs);
  });

  test("ids of tokens stay ids, and the targets of a language model overlap its input", async () => {
    const made = windows(Int32Array.from([5, 6, 7, 8, 9]), { size: 3, horizon: 3, gap: -2 });
    expect([made.xs.toString(), made.ys.toString()]).toEqual([
      "Tensor int32[2,3]",
      "Tensor int32[2,3]",
    ]);
    expect(await made.xs.array()).toEqual([
      [5, 6, 7],
      [6, 7, 8],
    ]);
    expect(await made.ys.array()).toEqual([
      [6, 7, 8],
      [7, 8, 9],
    ]);
  });

  test("change nothing when the series is changed, and come again after dispose", async () => {
    const series = Float32Array.of(1, 2, 3);
    const made = windows(series, { size: 2 });
    series.fill(0);
    made.xs.dispose();
    expect(await made.xs.array()).toEqual([[[1], [2]]]);
    expect(made.ys).toBe(made.ys);
  });

  test("batches shuffle all windows, anew each pass, the same for the same seed", async () => {
    const made = windows(upTo(41), { size: 1 });
    const order = async (dataset: ReturnType<typeof made.batches>): Promise<unknown[]> =>
      (await Promise.all((await dataset.toArray()).map(({ ys }) => ys.array()))).flat(2);
    const shuffled = made.batches({ batchSize: 7, shuffle: true, seed: 3 });
    const [first, second] = [await order(shuffled), await order(shuffled)];
    expect(first).not.toEqual(second);
    expect(first.toSorted((a, b) => Number(a) - Number(b))).toEqual(upTo(41).slice(1));
    expect(await order(made.batches({ batchSize: 7, shuffle: true, seed: 3 }))).toEqual(first);
    expect(made.batches({ batchSize: 7, smallLastBatch: false }).size).toBe(5);
    expect(await made.batches({ batchSize: 7, smallLastBatch: false }).toArray()).toHaveLength(5);
  });

  test("a gigabyte of windows costs the memory of the series", async () => {
    const steps = 300_000; // windows of 1,000 steps: 299,000 · 4,000 bytes
    const made = windows(new Float32Array(steps).fill(1), { size: 1000 });
    expect(made.count * made.size * 4).toBeGreaterThan(2 ** 30);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let seen = 0;
    for await (const { xs } of made.batches({ batchSize: 64, shuffle: true, seed: 1 }).take(40)) {
      seen += xs.shape[0] ?? 0;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(seen).toBe(40 * 64);
    // 40 batches are 10 MB, the order of 299,000 windows 1 MB.
    expect(most).toBeLessThan(2 ** 24);
    const huge = windows(new Float32Array(steps), { size: 3000 });
    expect(() => huge.xs).toThrow(LimitError);
    expect(() => huge.xs).toThrow("windows.batches()");
  });

  const wrong: [string, () => unknown, new (m: string) => Error, string][] = [
    [
      "a series that is too short",
      () => windows([1, 2, 3], { size: 3, horizon: 2 }),
      ShapeError,
      "has 3 steps, but one window and its targets span 5",
    ],
    [
      "targets of another length",
      () => windows([1, 2, 3], { size: 1, targets: [1, 2] }),
      ShapeError,
      "targets has 2 steps, but the series has 3",
    ],
    ["a size of 0", () => windows([1, 2], { size: 0 }), ArgumentError, "data.windows: size is 0"],
    [
      "no size",
      () => windows([1, 2], {} as never),
      ArgumentError,
      "data.windows: size is undefined",
    ],
    [
      "a stride of half",
      () => windows([1, 2], { size: 1, stride: 0.5 }),
      ArgumentError,
      "stride is 0.5",
    ],
    [
      "a gap before the window",
      () => windows([1, 2], { size: 2, gap: -2 }),
      ArgumentError,
      "from -1 (1 - size) on",
    ],
    [
      "Keras's names",
      () => windows([1, 2], { sequenceLength: 2 } as never),
      ArgumentError,
      "there is no option",
    ],
    ["a scalar", () => windows(3, { size: 1 }), ShapeError, "[N] or [N, D]"],
    ["text", () => windows("abc" as never, { size: 1 }), Error, 'received "abc"'],
    [
      "batches of 0",
      () => windows([1, 2], { size: 1 }).batches({ batchSize: 0 }),
      ArgumentError,
      "batchSize is 0",
    ],
  ];

  test.each(wrong)("refuses %s", (_what, act, kind, message) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(message);
  });
});

describe("split", () => {
  test("by time keeps the order and leaves the gap out", () => {
    const xs = upTo(20);
    const parts = split({ xs, ys: Float32Array.from(xs) }, { validation: 0.2, test: 3, gap: 2 });
    expect(parts.train.xs).toEqual(upTo(9));
    expect(parts.validation.xs).toEqual([11, 12, 13, 14]);
    expect(parts.test.ys).toEqual(Float32Array.of(17, 18, 19));
  });

  test("partitions any number of samples, exactly, the same for the same seed", () => {
    const cases = fc.record({
      count: fc.integer({ min: 5, max: 60 }),
      validation: fc.oneof(fc.constant(0), fc.constant(1), fc.constant(0.25)),
      test: fc.oneof(fc.constant(2), fc.constant(0.4)),
      by: fc.constantFrom("time" as const, "random" as const),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(cases, ({ count, ...config }) => {
        const samples = upTo(count);
        const { train, validation, test: tested } = split(samples, config);
        const all = [...train, ...validation, ...tested];
        expect(all.toSorted((a, b) => a - b)).toEqual(samples);
        const size = (part: number): number => (part < 1 ? Math.round(part * count) : part);
        expect([validation.length, tested.length]).toEqual([
          size(config.validation),
          size(config.test),
        ]);
        expect(split(samples, config)).toEqual({ train, validation, test: tested });
        if (config.by === "time") expect(all).toEqual(samples);
        expect(train).toEqual(train.toSorted((a, b) => a - b));
      }),
      { seed: 5, numRuns: 200 },
    );
    const random = (seed: number): number[] =>
      split(upTo(50), { test: 0.5, by: "random", seed }).test;
    expect(random(1)).not.toEqual(random(2));
  });

  test("tensors on the host and on the GPU", async () => {
    const rows = upTo(10).map((i) => [i, -i]);
    const samples = { host: tensor(rows), lazy: tensor(rows).mul(1), rows };
    for (const by of ["time", "random"] as const) {
      const { train, validation, test: tested } = split(samples, { validation: 0.3, by, seed: 4 });
      expect(train.rows).toHaveLength(7);
      expect(await train.host.array()).toEqual(train.rows);
      expect(await train.lazy.array()).toEqual(train.rows);
      expect(await validation.lazy.array()).toEqual(validation.rows);
      expect([tested.lazy.shape, tested.host.shape]).toEqual([
        [0, 2],
        [0, 2],
      ]);
    }
  });

  test("windows share no step across a border, for any size, stride and gap", () => {
    const cases = fc.record({
      size: fc.integer({ min: 1, max: 9 }),
      horizon: fc.integer({ min: 1, max: 4 }),
      stride: fc.integer({ min: 1, max: 6 }),
      gap: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(cases, (config) => {
        const made = windows(upTo(400), config);
        const { train, validation, test: tested } = split(made, { validation: 0.2, test: 0.2 });
        const span = config.size + config.gap + config.horizon;
        const edges = (part: typeof made): [number, number] => [
          part.starts[0] ?? 0,
          (part.starts.at(-1) ?? 0) + span,
        ];
        expect(edges(train)[1]).toBeLessThanOrEqual(edges(validation)[0]);
        expect(edges(validation)[1]).toBeLessThanOrEqual(edges(tested)[0]);
        // One window fewer between them would overlap.
        expect(edges(validation)[0] - config.stride).toBeLessThan(edges(train)[1]);
        expect(validation.count).toBe(Math.round(made.count * 0.2));
      }),
      { seed: 6, numRuns: 100 },
    );
    const close = split(windows(upTo(20), { size: 4 }), { validation: 0.25, gap: 0 });
    expect([close.train.count, close.validation.count]).toEqual([12, 4]);
  });

  const wrong: [string, () => unknown, new (m: string) => Error, string][] = [
    [
      "lists of other lengths",
      () => split({ a: [1, 2], b: { c: [1] } }, { test: 1 }),
      ShapeError,
      '"a" has 2 samples, but "b.c" has 1',
    ],
    ["no part", () => split([1, 2], {}), ArgumentError, "no validation and no test"],
    [
      "too much",
      () => split([1, 2, 3], { test: 2, validation: 1 }),
      ArgumentError,
      "none is left to train on",
    ],
    [
      "a share of no sample",
      () => split([1, 2, 3], { test: 0.1 }),
      ArgumentError,
      "at least one sample",
    ],
    [
      "one sample and a half",
      () => split([1, 2, 3], { test: 1.5 }),
      ArgumentError,
      "received 1.5 as test",
    ],
    ["a negative share", () => split([1, 2, 3], { test: -0.1 }), ArgumentError, "received -0.1"],
    [
      "a gap at random",
      () => split([1, 2, 3], { test: 1, by: "random", gap: 1 }),
      ArgumentError,
      "by is random",
    ],
    [
      "another way",
      () => split([1, 2, 3], { test: 1, by: "tme" as never }),
      ArgumentError,
      'Did you mean "time"?',
    ],
    ["a date", () => split(new Date(0), { test: 1 }), ArgumentError, "an object (Date)"],
    ["a scalar", () => split(tensor(1), { test: 1 }), ShapeError, "received a scalar"],
    [
      "a misspelt option",
      () => split([1, 2], { valid: 1 } as never),
      ArgumentError,
      "Did you mean validation?",
    ],
  ];

  test.each(wrong)("refuses %s", (_what, act, kind, message) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(message);
  });
});
