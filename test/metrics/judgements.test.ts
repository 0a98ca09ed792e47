import { describe, expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import type { MetricRule } from "../../src/metrics/metric-rule.ts";
import { type MetricSpec, resolveMetric } from "../../src/metrics/resolve.ts";
import { ops } from "../../src/ops/index.ts";
import { tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";
import { echo, kept, numbersOf } from "../train/support.ts";
import {
  auc,
  CLASSES,
  columnOnly,
  cosine,
  crossentropy,
  f1Score,
  huber,
  isAmong,
  mean,
  percentage,
  precision,
  type Row,
  r2Score,
  recall,
  several,
  single,
  squaredError,
  topOnly,
} from "./keras-equations.ts";

const BATCH = 16;

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
  [
    { kind: "sparseCategoricalAccuracy", ignoreIndex: 1 },
    (rows) =>
      mean(
        rows.filter(({ y }) => y[1] !== 1),
        (row) => isAmong(row, 1),
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
