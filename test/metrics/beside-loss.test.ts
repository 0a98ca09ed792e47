import { describe, expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import * as losses from "../../src/losses/index.ts";
import { type LossSpec, resolveLoss, ruleOf } from "../../src/losses/resolve.ts";
import * as metrics from "../../src/metrics/index.ts";
import { type MetricSpec, resolveMetric } from "../../src/metrics/resolve.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { echo, kept, numbersOf } from "../train/support.ts";
import {
  auc,
  CLASSES,
  columnOnly,
  crossentropy,
  isAmong,
  mean,
  precision,
  type Row,
  recall,
  several,
  single,
  topOnly,
} from "./keras-equations.ts";

// Expected figures are Keras's of probabilities; the model gives logits of them.

const sigmoidLogits = { kind: "binaryCrossentropy", fromLogits: true } as const;
const softmaxLogits = { kind: "sparseCategoricalCrossentropy", fromLogits: true } as const;

const asSigmoidLogits = (rows: readonly Row[]): Row[] =>
  rows.map((row) => ({ ...row, p: row.p.map((p) => Math.log(p / (1 - p))) }));
const asSoftmaxLogits = (rows: readonly Row[]): Row[] =>
  rows.map((row, i) => ({ ...row, p: row.p.map((p) => Math.log(p) + (i % 5) - 2) }));
const unweighted = (rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row, w: 1 }));

const isRight = ({ y, p }: Row): number =>
  y.filter((one, c) => one === ((p[c] ?? 0) > 0.5 ? 1 : 0)).length / y.length;
const binaryCost = ({ y, p }: Row): number =>
  y.reduce((sum, one, c) => sum - Math.log(one === 1 ? (p[c] ?? 0) : 1 - (p[c] ?? 0)), 0) /
  y.length;
const f1OfColumn = (rows: readonly Row[]): number =>
  (2 * precision(rows) * recall(rows)) / (precision(rows) + recall(rows));

/** Every element of `several` as a row of one column. */
const column: readonly Row[] = several.flatMap(({ y, p, w }) =>
  y.map((one, c) => ({ y: [one], p: [p[c] ?? 0], w })),
);

const inputs = (rows: readonly Row[]): number[][] => rows.map(({ p }) => [...p]);
const oneHot = (rows: readonly Row[]): number[][] => rows.map(({ y }) => [...y]);
const classNumbers = (rows: readonly Row[]): number[] => rows.map(({ y }) => y.indexOf(1));

interface Judging {
  readonly loss: LossSpec;
  readonly metrics: readonly MetricSpec[];
  readonly rows: readonly Row[];
  readonly labels: number[] | number[][];
}

/** The loss, then metrics without, then with weights, of a model that gives what it gets. */
function figuresOf({ loss, metrics, rows, labels }: Judging): Promise<number[]> {
  const model = echo([rows[0]?.p.length ?? 0], { loss, metrics, weightedMetrics: metrics });
  const sampleWeight = rows.map(({ w }) => w);
  return numbersOf(model.evaluate(inputs(rows), labels, { batchSize: 16, sampleWeight }));
}

describe("beside a binary crossentropy of logits", () => {
  const rows = column;
  const logits = asSigmoidLogits(rows);
  const judges: readonly (readonly [MetricSpec, (rows: readonly Row[]) => number])[] = [
    ["acc", (rows) => mean(rows, isRight)],
    [metrics.binaryAccuracy, (rows) => mean(rows, isRight)],
    ["precision", precision],
    [metrics.recall, recall],
    ["f1Score", f1OfColumn],
    [{ kind: "auc", curve: "PR" }, (rows) => auc(rows, "PR", 200)],
    [{ kind: "bce", name: "cost" }, (rows) => mean(rows, binaryCost)],
  ];

  test("metrics of one column read logits, with weights too", async () => {
    // A threshold of 0.5 would be another one.
    expect(precision(logits, 0.5)).not.toBe(precision(rows));
    expect(recall(logits, 0.5)).not.toBe(recall(rows));
    const [, ...actual] = await figuresOf({
      loss: { kind: "binaryFocalCrossentropy", fromLogits: true },
      metrics: judges.map(([spec]) => spec),
      rows: logits,
      labels: oneHot(logits),
    });
    const plain = judges.map(([, expected]) => expected(unweighted(rows)));
    const weighted = judges.map(([, expected]) => expected(rows));
    expectClose(actual, [...plain, ...weighted], tolerances.samePrecision);
  });

  test("they are those of the same model with a sigmoid at its end", async () => {
    const twin = kept(
      sequential({
        layers: [layers.activation({ activation: "sigmoid", inputShape: [1] })],
      }),
    );
    const specs = judges.map(([spec]) => spec);
    twin.compile({ loss: "binaryCrossentropy", metrics: specs });
    const model = echo([1], { loss: losses.sigmoidCrossEntropy, metrics: specs });
    const data = [inputs(logits), oneHot(logits)] as const;
    const [actual, expected] = [model.evaluate(...data), twin.evaluate(...data)];
    expectClose(await numbersOf(actual), await numbersOf(expected), tolerances.samePrecision);
  });

  test("several columns; the k largest have no threshold, and what is given wins", async () => {
    const [, ...actual] = await figuresOf({
      loss: sigmoidLogits,
      metrics: [
        "binaryAccuracy",
        { kind: "recall", classId: 2 },
        { kind: "precision", topK: 2 },
        { kind: "precision", thresholds: 0.5, name: "half" },
        { kind: "auc", fromLogits: true },
      ],
      rows: asSigmoidLogits(several),
      labels: oneHot(several),
    });
    const expected = (rows: readonly Row[]): number[] => [
      mean(rows, isRight),
      recall(columnOnly(rows, 2)),
      precision(topOnly(rows, 2), -1e9),
      precision(asSigmoidLogits(rows), 0.5),
      auc(rows, "ROC", 200),
    ];
    const both = [...expected(unweighted(several)), ...expected(several)];
    expectClose(actual, both, tolerances.samePrecision);
  });
});

describe("beside a categorical crossentropy of logits", () => {
  const logits = asSoftmaxLogits(single);

  test("perplexity is exp of the loss; crossentropies are that of the loss", async () => {
    const [loss = 0, ...actual] = await figuresOf({
      loss: softmaxLogits,
      metrics: [
        "perplexity",
        metrics.perplexity,
        { kind: "perplexity", maskTokenId: 1, name: "some" },
        "sparse_categorical_crossentropy",
        losses.sparseCategoricalCrossentropy as MetricSpec,
        "accuracy",
      ],
      rows: unweighted(logits),
      labels: classNumbers(logits),
    });
    const cost = mean(unweighted(single), crossentropy);
    const counted = unweighted(single).filter(({ y }) => y[1] !== 1);
    const some = Math.exp(mean(counted, crossentropy));
    const hits = mean(unweighted(single), (row) => isAmong(row, 1));
    const expected = [Math.exp(cost), Math.exp(cost), some, cost, cost, hits];
    expectClose([loss], [cost], tolerances.samePrecision);
    expectClose(actual, [...expected, ...expected], tolerances.samePrecision);
    expectClose(actual.slice(0, 1), [Math.exp(loss)], tolerances.samePrecision);
  });

  test("one-hot labels; thresholds, topK and told metrics keep what they were given", async () => {
    const [, ...actual] = await figuresOf({
      loss: losses.softmaxCrossEntropy,
      metrics: [
        "categoricalCrossentropy",
        { kind: "precision", thresholds: 0 },
        { kind: "recall", topK: 2 },
        { kind: "auc", fromLogits: true },
        { kind: "binaryAccuracy", threshold: 0 },
      ],
      rows: logits,
      labels: oneHot(logits),
    });
    const expected = (rows: readonly Row[]): number[] => {
      const scores = asSoftmaxLogits(rows);
      const shares = scores.map((row) => ({ ...row, p: row.p.map((x) => 1 / (1 + Math.exp(-x))) }));
      const cost = mean(rows, crossentropy);
      const [sure, some] = [precision(scores, 0), recall(topOnly(rows, 2), -1e9)];
      return [cost, sure, some, auc(shares, "ROC", 200), mean(shares, isRight)];
    };
    const both = [...expected(unweighted(single)), ...expected(single)];
    expectClose(actual, both, tolerances.samePrecision);
  });

  test("functions and classes of one's own see the logits", async () => {
    const lowest = (_: Tensor, p: Tensor): Tensor => p.min(-1);
    class Largest extends metrics.Metric {
      readonly size = 1;
      totals(_: Tensor, p: Tensor): Tensor {
        return p.max().reshape([1]);
      }
      result(totals: Tensor): Tensor {
        return totals.reshape([]);
      }
    }
    const model = echo([CLASSES], { loss: softmaxLogits, metrics: [lowest, new Largest()] });
    const figures = await numbersOf(
      model.evaluate(inputs(logits), classNumbers(logits), { batchSize: logits.length }),
    );
    const low = mean(unweighted(logits), ({ p }) => Math.min(...p));
    const high = Math.max(...logits.flatMap(({ p }) => p));
    expectClose(figures.slice(1), [low, high], tolerances.samePrecision);
  });
});

describe("beside losses that say nothing of logits", () => {
  test("metrics read probabilities", async () => {
    const rows = column;
    const told = { kind: "binaryCrossentropy", fromLogits: true, name: "told" } as const;
    for (const loss of ["mse", (y: Tensor, p: Tensor) => y.sub(p).square().mean(-1)] as const) {
      const specs = ["precision", "acc", "auc", "f1Score", told] as const;
      const data = { rows, labels: oneHot(rows) };
      const [, ...actual] = await figuresOf({ loss, metrics: specs, ...data });
      const shares = rows.map((row) => ({ ...row, p: row.p.map((x) => 1 / (1 + Math.exp(-x))) }));
      const expected = (rows: readonly Row[], shares: readonly Row[]): number[] => {
        const [exact, area] = [precision(rows), auc(rows, "ROC", 200)];
        return [exact, mean(rows, isRight), area, f1OfColumn(rows), mean(shares, binaryCost)];
      };
      const plain = expected(unweighted(rows), unweighted(shares));
      expectClose(actual, [...plain, ...expected(rows, shares)], tolerances.samePrecision);
    }
  });

  test("so they do where they stand beside no loss at all, and by themselves", async () => {
    expect(resolveMetric("precision").serialized).toBe("precision");
    expect(await metrics.precision([1, 0], [0.4, 0.6]).data()).toEqual(new Float32Array([0]));
    const ctc = ruleOf(resolveLoss("ctc"));
    expect(ctc).not.toBeNull();
    if (ctc === null) return;
    const beside = { loss: ctc, output: "steps" };
    expect(() => resolveMetric({ kind: "auc", fromLogits: false }, { beside })).not.toThrow();
  });
});
