import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import type { MetricRule } from "../../src/metrics/metric-rule.ts";
import { type MetricSpec, resolveMetric } from "../../src/metrics/resolve.ts";
import { ops } from "../../src/ops/index.ts";
import { type Tensor, tensor } from "../../src/tensor/index.ts";
import { type Sequential, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { kept, noise } from "../train/support.ts";

// Expected figures: loops over single elements, from the equations of keras.metrics (Keras 3), in float64.

const ROWS = 37;
const CLASSES = 4;
const BATCH = 16;

/** A row of labels and predictions with its weight. */
interface Row {
  readonly y: readonly number[];
  readonly p: readonly number[];
  readonly w: number;
}

const bits = (x: number): number => (x > 0.1 ? 1 : 0);
const share = (x: number): number => Math.fround(0.5 + x / 2);

const random = noise(ROWS * (2 * CLASSES + 1), 5);
const at = (row: number, column: number): number => random[row * (2 * CLASSES + 1) + column] ?? 0;

/** Several-hot rows; probabilities that lean to the labels; weights from 0 to 2. */
const several: readonly Row[] = Array.from({ length: ROWS }, (_, i) => {
  const y = Array.from({ length: CLASSES }, (_, c) => bits(at(i, c)));
  const p = y.map((one, c) => share(0.6 * at(i, CLASSES + c) + 0.3 * (2 * one - 1)));
  return { y, p, w: i % 5 === 0 ? 0 : 2 * share(at(i, 2 * CLASSES)) };
});

/** The same with one class a row. */
const single: readonly Row[] = several.map(({ p, w }, i) => {
  const label = (i * i + 1) % CLASSES;
  return { y: p.map((_, c) => (c === label ? 1 : 0)), p, w };
});

const epsilon = 1e-7;
const sum = (xs: readonly number[]): number => xs.reduce((total, x) => total + x, 0);
const quotient = (a: number, b: number): number => (b === 0 ? 0 : a / b);
const elements = (rows: readonly Row[]): { y: number; p: number; w: number }[] =>
  rows.flatMap(({ y, p, w }) => y.map((one, c) => ({ y: one, p: p[c] ?? 0, w })));

function precision(rows: readonly Row[], threshold = 0.5): number {
  const said = elements(rows).filter(({ p }) => p > threshold);
  return quotient(
    sum(said.filter(({ y }) => y !== 0).map(({ w }) => w)),
    sum(said.map(({ w }) => w)),
  );
}

function recall(rows: readonly Row[], threshold = 0.5): number {
  const yes = elements(rows).filter(({ y }) => y !== 0);
  const hits = yes.filter(({ p }) => p > threshold);
  return quotient(sum(hits.map(({ w }) => w)), sum(yes.map(({ w }) => w)));
}

/** Only the k largest of each row are let through. */
const topOnly = (rows: readonly Row[], k: number): Row[] =>
  rows.map(({ y, p, w }) => {
    const order = p.map((_, c) => c).sort((a, b) => (p[b] ?? 0) - (p[a] ?? 0));
    return { y, w, p: p.map((x, c) => (order.indexOf(c) < k ? x : -1e10)) };
  });

const columnOnly = (rows: readonly Row[], c: number): Row[] =>
  rows.map(({ y, p, w }) => ({ y: [y[c] ?? 0], p: [p[c] ?? 0], w }));

function f1Score(rows: readonly Row[], average: string, threshold: number | null): number {
  const said = ({ p }: Row, c: number): number => {
    if (threshold !== null) return (p[c] ?? 0) > threshold ? 1 : 0;
    return (p[c] ?? 0) >= Math.max(...p) ? 1 : 0;
  };
  const counts = Array.from({ length: CLASSES }, (_, c) => ({
    hits: sum(rows.map((row) => row.w * said(row, c) * (row.y[c] ?? 0))),
    alarms: sum(rows.map((row) => row.w * said(row, c) * (1 - (row.y[c] ?? 0)))),
    misses: sum(rows.map((row) => row.w * (1 - said(row, c)) * (row.y[c] ?? 0))),
    actual: sum(rows.map((row) => row.w * (row.y[c] ?? 0))),
  }));
  const score = ({ hits, alarms, misses }: { hits: number; alarms: number; misses: number }) => {
    const [p, r] = [hits / (hits + alarms + epsilon), hits / (hits + misses + epsilon)];
    return (2 * p * r) / (p + r + epsilon);
  };
  if (average === "micro") {
    const total = (key: "hits" | "alarms" | "misses") => sum(counts.map((one) => one[key]));
    return score({ hits: total("hits"), alarms: total("alarms"), misses: total("misses") });
  }
  const scores = counts.map(score);
  if (average === "macro") return sum(scores) / CLASSES;
  const actual = sum(counts.map((one) => one.actual)) + epsilon;
  return sum(scores.map((one, c) => (one * (counts[c]?.actual ?? 0)) / actual));
}

function auc(rows: readonly Row[], curve: string, count: number, how = "interpolation"): number {
  const bounds = Array.from({ length: count }, (_, i) =>
    Math.fround(i === 0 ? -epsilon : i === count - 1 ? 1 + epsilon : i / (count - 1)),
  );
  const all = elements(rows);
  const above = (weight: (one: { y: number; w: number }) => number): number[] =>
    bounds.map((bound) => sum(all.filter(({ p }) => p > bound).map(weight)));
  const hits = above(({ y, w }) => y * w);
  const alarms = above(({ y, w }) => (1 - y) * w);
  const positives = sum(all.map(({ y, w }) => y * w));
  const negatives = sum(all.map(({ y, w }) => (1 - y) * w));
  const of = (xs: readonly number[], i: number): number => xs[i] ?? 0;
  let area = 0;
  for (let i = 0; i + 1 < count; i++) {
    if (curve === "PR" && how === "interpolation") {
      const p = [of(hits, i) + of(alarms, i), of(hits, i + 1) + of(alarms, i + 1)] as const;
      const newHits = of(hits, i) - of(hits, i + 1);
      const slope = quotient(newHits, Math.max(p[0] - p[1], 0));
      const intercept = of(hits, i + 1) - slope * p[1];
      const ratio = p[0] > 0 && p[1] > 0 ? p[0] / p[1] : 1;
      area += quotient(slope * (newHits + intercept * Math.log(ratio)), positives);
      continue;
    }
    const point = (k: number): readonly [number, number] => {
      const rate = quotient(of(hits, k), positives);
      if (curve === "ROC") return [quotient(of(alarms, k), negatives), rate];
      return [rate, quotient(of(hits, k), of(hits, k) + of(alarms, k))];
    };
    const [[x0, y0], [x1, y1]] = [point(i), point(i + 1)];
    const height = {
      interpolation: (y0 + y1) / 2,
      minoring: Math.min(y0, y1),
      majoring: Math.max(y0, y1),
    };
    area += (x0 - x1) * height[how as "minoring"];
  }
  return area;
}

function r2Score(rows: readonly Row[], isWeighted = false): number {
  const weight = sum(rows.map(({ w }) => w));
  const columns = Array.from({ length: CLASSES }, (_, c) => {
    const mean = sum(rows.map(({ y, w }) => w * (y[c] ?? 0))) / weight;
    const spread = sum(rows.map(({ y, w }) => w * ((y[c] ?? 0) - mean) ** 2));
    const errors = sum(rows.map(({ y, p, w }) => w * ((y[c] ?? 0) - (p[c] ?? 0)) ** 2));
    return { score: 1 - errors / spread, spread };
  });
  if (!isWeighted) return sum(columns.map(({ score }) => score)) / CLASSES;
  return (
    sum(columns.map(({ score, spread }) => score * spread)) / sum(columns.map((c) => c.spread))
  );
}

const mean = (rows: readonly Row[], value: (row: Row) => number): number =>
  sum(rows.map((row) => row.w * value(row))) / sum(rows.map(({ w }) => w));
const cosine = ({ y, p }: Row): number => {
  const norm = (xs: readonly number[]): number =>
    Math.sqrt(Math.max(sum(xs.map((x) => x * x)), 1e-12));
  return sum(y.map((one, c) => one * (p[c] ?? 0))) / (norm(y) * norm(p));
};
const isAmong = ({ y, p }: Row, k: number): number =>
  p.filter((x) => x > (p[y.indexOf(1)] ?? 0)).length < k ? 1 : 0;
const crossentropy = ({ y, p }: Row): number => -Math.log((p[y.indexOf(1)] ?? 0) / sum(p));

type Expected = (rows: readonly Row[]) => number;

const cases: readonly (readonly [MetricSpec, readonly Row[], Expected])[] = [
  ["precision", several, precision],
  ["recall", several, recall],
  [{ kind: "precision", thresholds: 0.3 }, several, (rows) => precision(rows, 0.3)],
  [{ kind: "recall", topK: 2 }, several, (rows) => recall(topOnly(rows, 2), -1e9)],
  [
    { kind: "precision", topK: 2, thresholds: 0.4 },
    several,
    (rows) => precision(topOnly(rows, 2), 0.4),
  ],
  [{ kind: "recall", classId: 2 }, several, (rows) => recall(columnOnly(rows, 2))],
  [
    { kind: "precision", topK: 1, classId: 1 },
    several,
    (rows) => precision(columnOnly(topOnly(rows, 1), 1), -1e9),
  ],
  ["f1Score", several, (rows) => f1Score(rows, "macro", null)],
  [{ kind: "f1Score", average: "micro" }, several, (rows) => f1Score(rows, "micro", null)],
  [
    { kind: "f1Score", average: "weighted", threshold: 0.6 },
    several,
    (rows) => f1Score(rows, "weighted", 0.6),
  ],
  ["auc", several, (rows) => auc(rows, "ROC", 200)],
  [{ kind: "auc", curve: "PR" }, several, (rows) => auc(rows, "PR", 200)],
  [
    { kind: "auc", curve: "PR", numThresholds: 21, summationMethod: "minoring" },
    several,
    (rows) => auc(rows, "PR", 21, "minoring"),
  ],
  [
    { kind: "auc", numThresholds: 11, summationMethod: "majoring" },
    several,
    (rows) => auc(rows, "ROC", 11, "majoring"),
  ],
  ["r2Score", several, (rows) => r2Score(rows)],
  [
    { kind: "r2Score", classAggregation: "varianceWeightedAverage" },
    several,
    (rows) => r2Score(rows, true),
  ],
  ["cosineSimilarity", several, (rows) => mean(rows, cosine)],
  ["cosineProximity", several, (rows) => mean(rows, (row) => -cosine(row))],
  [
    { kind: "topKCategoricalAccuracy", k: 2 },
    single,
    (rows) => mean(rows, (row) => isAmong(row, 2)),
  ],
  ["rmse", several, (rows) => Math.sqrt(mean(rows, squaredError))],
  ["mape", several, (rows) => mean(rows, percentage)],
  [{ kind: "huber", delta: 0.1 }, several, (rows) => mean(rows, huber)],
];

function squaredError({ y, p }: Row): number {
  return sum(y.map((one, c) => (one - (p[c] ?? 0)) ** 2)) / CLASSES;
}

function percentage({ y, p }: Row): number {
  const each = y.map((one, c) => (100 * Math.abs(one - (p[c] ?? 0))) / Math.max(one, epsilon));
  return sum(each) / CLASSES;
}

function huber({ y, p }: Row): number {
  const each = y.map((one, c) => {
    const error = Math.abs(one - (p[c] ?? 0));
    return error <= 0.1 ? error ** 2 / 2 : 0.1 * error - 0.005;
  });
  return sum(each) / CLASSES;
}

/** The same with labels that are class numbers. */
const sparseCases: readonly (readonly [MetricSpec, Expected])[] = [
  [{ kind: "sparseTopKCategoricalAccuracy", k: 2 }, (rows) => mean(rows, (row) => isAmong(row, 2))],
  ["perplexity", (rows) => Math.exp(mean(rows, crossentropy))],
  [
    { kind: "perplexity", maskTokenId: 1 },
    (rows) =>
      Math.exp(
        mean(
          rows.filter(({ y }) => y[1] !== 1),
          crossentropy,
        ),
      ),
  ],
  ["precision", precision],
  ["f1_score", (rows) => f1Score(rows, "macro", null)],
  [{ kind: "auc", curve: "PR" }, (rows) => auc(rows, "PR", 200)],
];

const labelOf = (spec: MetricSpec): string => JSON.stringify(spec);
const unweighted = (rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row, w: 1 }));
const batches = (rows: readonly Row[]): Row[][] =>
  [0, BATCH, 2 * BATCH].map((begin) => rows.slice(begin, begin + BATCH)); // the last one is ragged

/** Batch after batch in the interpreter, in float64. */
function byBatches(rule: MetricRule, rows: readonly Row[], hasWeights: boolean): number {
  const parts = batches(rows).map((batch) =>
    rule.totals(
      tensor(batch.map(({ y }) => [...y])).value,
      tensor(batch.map(({ p }) => [...p])).value,
      hasWeights ? tensor(batch.map(({ w }) => w)).value : null,
    ),
  );
  return evaluate([rule.result(parts.reduce(rule.combine ?? ops.add))])[0]?.[0] ?? Number.NaN;
}

describe("metrics over several batches, in float64", () => {
  test.each(cases.map((one) => [labelOf(one[0]), ...one] as const))("%s", (_label, ...one) => {
    const [spec, rows, expected] = one;
    const rule = resolveMetric(spec);
    expectClose([byBatches(rule, rows, true)], [expected(rows)], tolerances.reduction);
    expectClose([byBatches(rule, rows, false)], [expected(unweighted(rows))], tolerances.reduction);
  });
});

/** A model that gives its input as it is, with a mask where a step is all -1. */
function echo(shape: number[], config: Parameters<Sequential["compile"]>[0]): Sequential {
  const model = kept(
    sequential({ layers: [layers.masking({ maskValue: -1, inputShape: shape })] }),
  );
  model.compile(config);
  return model;
}

async function numbersOf(figures: Tensor | Tensor[]): Promise<number[]> {
  return Promise.all([figures].flat().map(async (one) => (await one.data())[0] ?? Number.NaN));
}

describe("metrics in the plan, on the GPU", () => {
  // One of each kind; a plan of all would be slow to compile.
  const all = cases.filter(
    ([spec, rows]) =>
      rows === several &&
      (typeof spec === "string"
        ? ["recall", "r2Score", "rmse", "f1Score"].includes(spec)
        : labelOf(spec).includes("classId") || labelOf(spec).includes("majoring")),
  );

  test("metrics and weightedMetrics, over batches of which the last is smaller", async () => {
    const specs = all.map(([spec]) => spec);
    expect(specs.length).toBe(7);
    const model = echo([CLASSES], { loss: "mse", metrics: specs, weightedMetrics: specs });
    const figures = model.evaluate(
      several.map(({ p }) => [...p]),
      several.map(({ y }) => [...y]),
      { batchSize: BATCH, sampleWeight: several.map(({ w }) => w) },
    );
    const [, ...actual] = await numbersOf(figures);
    const plain = all.map(([, rows, expected]) => expected(unweighted(rows)));
    const weighted = all.map(([, rows, expected]) => expected(rows));
    expectClose(actual, [...plain, ...weighted], tolerances.samePrecision);
  });

  test("labels that are class numbers", async () => {
    const specs = sparseCases.map(([spec]) => spec);
    const model = echo([CLASSES], {
      loss: "sparseCategoricalCrossentropy",
      metrics: specs,
      weightedMetrics: specs,
    });
    const figures = model.evaluate(
      single.map(({ p }) => [...p]),
      single.map(({ y }) => y.indexOf(1)),
      { batchSize: BATCH, sampleWeight: single.map(({ w }) => w) },
    );
    const [, ...actual] = await numbersOf(figures);
    const plain = sparseCases.map(([, expected]) => expected(unweighted(single)));
    const weighted = sparseCases.map(([, expected]) => expected(single));
    expectClose(actual, [...plain, ...weighted], tolerances.samePrecision);
  });

  test("steps that a mask hides do not count, nor steps of the weight 0", async () => {
    // Rows become steps: [6 samples, 6 steps, classes]; every seventh step is hidden.
    const steps = 6;
    const rows = several.slice(0, 36).map((row, i) => ({ ...row, isHidden: i % 7 === 3 }));
    const split = <T>(of: (row: (typeof rows)[number]) => T): T[][] =>
      Array.from({ length: 6 }, (_, b) => rows.slice(b * steps, (b + 1) * steps).map(of));
    const specs = all.map(([spec]) => spec);
    const model = echo([steps, CLASSES], {
      loss: "mse",
      metrics: specs.slice(0, 3),
      weightedMetrics: specs,
    });
    const figures = model.evaluate(
      split(({ p, isHidden }) => (isHidden ? p.map(() => -1) : [...p])),
      split(({ y }) => [...y]),
      { batchSize: 4, sampleWeight: split(({ w }) => w) },
    );
    const [, ...actual] = await numbersOf(figures);
    const visible = rows.filter(({ isHidden }) => !isHidden);
    const plain = all.slice(0, 3).map(([, , expected]) => expected(unweighted(visible)));
    const weighted = all.map(([, , expected]) => expected(visible));
    expectClose(actual, [...plain, ...weighted], tolerances.samePrecision);
  });

  test("fit reports them for training and validation data", async () => {
    // Weights of identity and a learning rate too small to move them.
    const model = kept(
      sequential({
        layers: [
          layers.dense({ units: CLASSES, inputShape: [CLASSES], kernelInitializer: "identity" }),
        ],
      }),
    );
    model.compile({
      optimizer: { kind: "sgd", learningRate: 1e-30 },
      loss: "mse",
      metrics: [
        "r2Score",
        { kind: "f1Score", name: "f1" },
        { kind: "auc", numThresholds: 20, name: "area" },
      ],
      weightedMetrics: ["r2Score"],
    });
    const x = several.map(({ p }) => [...p]);
    const y = several.map(({ y }) => [...y]);
    const { history } = await model.fit(x, y, {
      epochs: 2,
      batchSize: BATCH,
      verbose: 0,
      sampleWeight: several.map(({ w }) => w),
      validationData: [x, y],
    });
    const plain = unweighted(several);
    const expected = {
      r2Score: r2Score(plain),
      f1: f1Score(plain, "macro", null),
      area: auc(plain, "ROC", 20),
      weighted_r2Score: r2Score(several),
      val_r2Score: r2Score(plain),
      val_f1: f1Score(plain, "macro", null),
      val_area: auc(plain, "ROC", 20),
      val_weighted_r2Score: r2Score(plain),
    };
    for (const [name, figure] of Object.entries(expected)) {
      expectClose(history[name] ?? [], [figure, figure], {
        ...tolerances.samePrecision,
        label: name,
      });
    }
  });
});

describe("edges", () => {
  const figure = async (one: Tensor): Promise<number> => (await one.data())[0] ?? Number.NaN;

  test("a prediction that equals the threshold is not above it, in float32", async () => {
    for (const bound of [0.1, 0.3, 0.5, 0.7]) {
      const next = (x: number, by: number): number => {
        const words = new Int32Array(Float32Array.of(x).buffer);
        words[0] = (words[0] ?? 0) + by;
        return new Float32Array(words.buffer)[0] ?? 0;
      };
      const predictions = [bound, next(bound, 1), next(bound, -1)];
      const options = { thresholds: bound };
      expect(await figure(metrics.recall([1, 1, 1], predictions, options))).toBeCloseTo(1 / 3, 6);
    }
    // Thresholds of auc: i/4. Predictions on them: 0.25 is above 0 and no other.
    const area = metrics.auc([1, 1, 0, 0], [0.5, 0.75, 0.25, 0.25], { numThresholds: 5 });
    expect(await figure(area)).toBe(1);
  });

  test("nothing said, nothing so, nothing that varies: 0, not NaN", async () => {
    expect(await figure(metrics.precision([1, 1], [0, 0]))).toBe(0);
    expect(await figure(metrics.recall([0, 0], [1, 1]))).toBe(0);
    expect(await figure(metrics.f1Score([[0, 0]], [[0, 0]]))).toBe(0);
    expect(await figure(metrics.auc([1, 1], [0.3, 0.6]))).toBe(0);
    expect(await figure(metrics.auc([0, 0], [0.3, 0.6], { curve: "PR" }))).toBe(0);
    expect(await figure(metrics.r2Score([2, 2], [1, 3]))).toBe(0);
  });

  test("a perfect and a reversed order have the areas 1 and 0; from logits too", async () => {
    expect(await figure(metrics.auc([0, 1, 1], [0, 1, 1]))).toBe(1);
    expect(await figure(metrics.auc([1, 0, 0], [0, 1, 1]))).toBe(0);
    const logits = { fromLogits: true } as const;
    expect(await figure(metrics.auc([0, 1, 1], [-1e4, 2, 1e4], logits))).toBe(1);
  });

  test("r2Score of labels far from 0 keeps its digits", async () => {
    // Labels 10,000 + small: Σy² - (Σy)²/n would have no digit left in float32.
    const small = [...noise(200, 3)].map((x) => Math.round(x * 64) / 64);
    const labels = small.map((x) => [10_000 + x]);
    const predictions = small.map((x, i) => [10_000 + x + (i % 3) / 64]);
    const center = sum(small) / small.length;
    const errors = sum(small.map((_, i) => ((i % 3) / 64) ** 2));
    const expected = 1 - errors / sum(small.map((x) => (x - center) ** 2));
    const model = echo([1], { loss: "mse", metrics: ["r2Score"] });
    const [, score] = await numbersOf(model.evaluate(predictions, labels, { batchSize: 40 }));
    expectClose([score ?? 0], [expected], tolerances.samePrecision);
  });

  test("ties at the edge of the k largest: accuracies let them in, precision takes the first", async () => {
    const tied = [[0.4, 0.4, 0.2]];
    const accuracy = metrics.topKCategoricalAccuracy([[0, 1, 0]], tied, { k: 1 });
    expect(await figure(accuracy)).toBe(1);
    expect(await figure(metrics.precision([[0, 1, 0]], tied, { topK: 1 }))).toBe(0);
    expect(await figure(metrics.precision([[1, 0, 0]], tied, { topK: 1 }))).toBe(1);
    const missing = metrics.sparseTopKCategoricalAccuracy([7], tied, { k: 3 });
    expect(await figure(missing)).toBe(0);
  });
});

describe("errors", () => {
  test("settings out of bounds are refused", () => {
    const refused: readonly (readonly [unknown, string])[] = [
      [{ kind: "precision", thresholds: [0.1, 0.2] }, "thresholds"],
      [{ kind: "precision", topK: 0 }, "topK 0"],
      [{ kind: "recall", classId: -1 }, "classId -1"],
      [{ kind: "f1Score", average: null }, "average"],
      [{ kind: "f1Score", average: "mean" }, "macro"],
      [{ kind: "auc", numThresholds: 1 }, "numThresholds 1"],
      [{ kind: "auc", curve: "PQ" }, '"PR"'],
      [{ kind: "topKCategoricalAccuracy", k: 1.5 }, "k 1.5"],
      [{ kind: "precision", threshold: 0.3 }, "thresholds"],
      [{ kind: "mae", name: "" }, "name"],
      [{ kind: "r2Score", numRegressors: 2 }, "numRegressors"],
    ];
    for (const [spec, says] of refused) {
      expect(() => resolveMetric(spec as MetricSpec), says).toThrow(ArgumentError);
      expect(() => resolveMetric(spec as MetricSpec), says).toThrow(says);
    }
    expect(() => metrics.precision([[1, 0]], [[0.5, 0.5]], { classId: 2 })).toThrow("classId 2");
    expect(() => metrics.topKCategoricalAccuracy([[0, 1]], [[0, 1]], { k: 0 })).toThrow("k 0");
  });

  test("shapes that do not fit are refused", () => {
    for (const metric of [metrics.precision, metrics.recall, metrics.f1Score, metrics.auc]) {
      expect(() => metric([[1, 0]], [[1, 0, 0]])).toThrow(ShapeError);
    }
    expect(() => metrics.r2Score([[1, 0]], [[1, 0, 0]])).toThrow(ShapeError);
  });
});
