import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { model as functional, input, sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, noise, numbersOf } from "./support.ts";

const [BATCH, STEPS, CLASSES] = [6, 5, 3];
const random = noise(BATCH * STEPS * (CLASSES + 2), 9);
const at = (b: number, t: number, k: number): number =>
  Math.fround(random[(b * STEPS + t) * (CLASSES + 2) + k] ?? 0);
const grid = <T>(of: (b: number, t: number) => T): T[][] =>
  Array.from({ length: BATCH }, (_, b) => Array.from({ length: STEPS }, (_, t) => of(b, t)));

const isHidden = (b: number, t: number): boolean => t >= STEPS - (b % 3);
const scores = grid((b, t) => Array.from({ length: CLASSES }, (_, c) => 3 * at(b, t, c)));
const x = scores.map((row, b) => row.map((one, t) => (isHidden(b, t) ? one.map(() => -9) : one)));
const classes = grid((b, t) => (b * 7 + t * t) % CLASSES);
const stepWeights = grid((b, t) => 1 + at(b, t, CLASSES));
const rowWeights = stepWeights.map((row) => row[0] ?? 1);
const classWeight = { 0: 0.5, 2: 3 };

/** -log softmax of the class, [B, T]. */
const costs = grid((b, t) => {
  const row = scores[b]?.[t] ?? [];
  const total = Math.log(row.reduce((sum, score) => sum + Math.exp(score), 0));
  return total - (row[classes[b]?.[t] ?? 0] ?? 0);
});

/**
 * keras.losses: `apply_mask` scales the mask by total / (valid + epsilon), with sum_over_batch_size, and multiplies the
 * sample weights; `reduce_weighted_values` divides the sum by the number of values. Rows `from` to `to`.
 */
function kerasLoss(weights: readonly (readonly number[])[] | null, from = 0, to = BATCH): number {
  let [sum, valid] = [0, 0];
  for (let b = from; b < to; b++) {
    for (let t = 0; t < STEPS; t++) valid += isHidden(b, t) ? 0 : 1;
  }
  const total = (to - from) * STEPS;
  for (let b = from; b < to; b++) {
    for (let t = 0; t < STEPS; t++) {
      const mask = (isHidden(b, t) ? 0 : 1) * (total / (valid + 1e-7));
      sum += (costs[b]?.[t] ?? 0) * mask * (weights?.[b]?.[t] ?? 1);
    }
  }
  return sum / total;
}

/** keras.metrics: the mask is 0 or 1, times the weights; Σ value·weight / Σ weight over the epoch. */
function kerasMean(weights: readonly (readonly number[])[] | null): number {
  let [sum, weight] = [0, 0];
  for (let b = 0; b < BATCH; b++) {
    for (let t = 0; t < STEPS; t++) {
      const w = isHidden(b, t) ? 0 : (weights?.[b]?.[t] ?? 1);
      sum += w * (costs[b]?.[t] ?? 0);
      weight += w;
    }
  }
  return sum / weight;
}

const times = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] =>
  a.map((row, i) => row.map((one, t) => one * (b[i]?.[t] ?? 1)));
const spread = grid((b) => rowWeights[b] ?? 1);
const ofClasses = classes.map((row) => row.map((c) => (c === 0 ? 0.5 : c === 2 ? 3 : 1)));

const crossentropy = { kind: "sparseCategoricalCrossentropy", fromLogits: true } as const;
const metric = { ...crossentropy, name: "cost" } as const;

function echo(loss: object = crossentropy) {
  const model = kept(
    sequential({
      layers: [
        layers.masking({ maskValue: -9, inputShape: [STEPS, CLASSES] }),
        layers.dense({ units: CLASSES, kernelInitializer: "identity" }),
      ],
    }),
  );
  model.compile({
    optimizer: { kind: "sgd", learningRate: 1e-30 },
    loss: loss as typeof crossentropy,
    metrics: [metric],
    weightedMetrics: [metric],
  });
  return model;
}

describe("masks and weights, as Keras averages them", () => {
  test.each([
    ["none", undefined, null],
    ["of samples", rowWeights, spread],
    ["of steps", stepWeights, stepWeights],
  ] as const)("evaluate: sample weights %s", async (_label, sampleWeight, weights) => {
    const figures = echo().evaluate(x, classes, {
      batchSize: BATCH,
      ...(sampleWeight && { sampleWeight }),
    });
    const expected = [kerasLoss(weights), kerasMean(null), kerasMean(weights)];
    expectClose(await numbersOf(figures), expected, tolerances.samePrecision);
  });

  test.each([
    ["none", undefined, ofClasses],
    ["of samples", rowWeights, times(spread, ofClasses)],
    ["of steps", stepWeights, times(stepWeights, ofClasses)],
  ] as const)(
    "fit: mask, class weights and sample weights %s",
    async (_label, sampleWeight, weights) => {
      const { history } = await echo().fit(x, classes, {
        batchSize: 4,
        epochs: 1,
        shuffle: false,
        verbose: 0,
        classWeight,
        ...(sampleWeight && { sampleWeight }),
      });
      // The loss of an epoch is the mean over its batches, by their rows: 4 and 2.
      const loss = (4 * kerasLoss(weights, 0, 4) + 2 * kerasLoss(weights, 4, 6)) / 6;
      expectClose(history.loss ?? [], [loss], tolerances.samePrecision);
      expectClose(history.cost ?? [], [kerasMean(null)], tolerances.samePrecision);
      expectClose(history.weighted_cost ?? [], [kerasMean(weights)], tolerances.samePrecision);
    },
  );

  test("a class to be ignored joins the mask; its labels may be no class", async () => {
    const ignored = classes.map((row, b) => row.map((c, t) => ((b + t) % 4 === 0 ? -1 : c)));
    const counts = ignored.map((row) => row.map((c) => (c === -1 ? 0 : 1)));
    const model = echo({ ...crossentropy, ignoreClass: -1 });
    model.compile({ loss: { ...crossentropy, ignoreClass: -1 } });
    const loss = model.evaluate(x, ignored, { batchSize: BATCH, sampleWeight: stepWeights });
    // Mask and class together: Σ cost·weight over what counts / how many count.
    let [sum, valid] = [0, 0];
    grid((b, t) => {
      const c = isHidden(b, t) ? 0 : (counts[b]?.[t] ?? 0);
      sum += c * (costs[b]?.[t] ?? 0) * (stepWeights[b]?.[t] ?? 0);
      valid += c;
    });
    expectClose(await numbersOf(loss), [sum / valid], tolerances.samePrecision);
  });

  test("smoothed labels and an ignored index, in the loss and in metrics of it", async () => {
    const [labelSmoothing, ignoreIndex] = [0.2, -100];
    const ignored = classes.map((row, b) => row.map((c, t) => ((b + t) % 4 === 0 ? -100 : c)));
    const loss = { ...crossentropy, labelSmoothing, ignoreIndex };
    const model = echo(loss);
    model.compile({
      loss,
      optimizer: "sgd",
      metrics: [
        loss,
        { kind: "perplexity", fromLogits: true, maskTokenId: ignoreIndex },
        { kind: "sparseCategoricalAccuracy", ignoreIndex },
      ],
    });
    // By definition: lse - (1 - ε)·x[y] - ε·mean x, over the rows that are neither masked nor ignored.
    let [sum, plain, hits, valid] = [0, 0, 0, 0];
    grid((b, t) => {
      const row = scores[b]?.[t] ?? [];
      const y = ignored[b]?.[t] ?? 0;
      if (isHidden(b, t) || y === ignoreIndex) return;
      const hit = row[y] ?? 0;
      const spread = row.reduce((total, score) => total + score, 0) / CLASSES;
      sum += (costs[b]?.[t] ?? 0) + labelSmoothing * (hit - spread);
      plain += costs[b]?.[t] ?? 0;
      hits += row.every((score) => score <= hit) ? 1 : 0;
      valid++;
    });
    const smoothed = sum / valid;
    const expected = [smoothed, smoothed, Math.exp(plain / valid), hits / valid];
    const figures = model.evaluate(x, ignored, { batchSize: BATCH });
    expectClose(await numbersOf(figures), expected, tolerances.samePrecision);
    const { history } = await model.fit(x, ignored, { epochs: 1, batchSize: BATCH, verbose: 0 });
    expectClose(history.loss ?? [], [smoothed], tolerances.samePrecision);
  });

  test("several outputs: each with its own mask, loss, metrics and weighted metrics", async () => {
    const entry = input({ shape: [STEPS, CLASSES] });
    const masked = layers.masking({ maskValue: -9 }).apply(entry);
    const identity = (name: string) =>
      layers.dense({ units: CLASSES, kernelInitializer: "identity", name });
    const outputs = [identity("left").apply(masked), identity("right").apply(entry)] as never;
    const model = kept(functional({ inputs: entry, outputs }));
    model.compile({
      loss: crossentropy,
      lossWeights: [1, 0.5],
      metrics: { left: metric },
      weightedMetrics: [[metric], [metric]],
    });
    expect(model.metricsNames).toEqual([
      "loss",
      "left_loss",
      "right_loss",
      "left_cost",
      "weighted_left_cost",
      "right_cost",
    ]);
    const data = x.map((row) => row.map((one) => [...one]));
    const figures = await numbersOf(
      model.evaluate(data, [classes, classes] as never, {
        batchSize: BATCH,
        sampleWeight: stepWeights,
      }) as Tensor[],
    );
    // The right output has no mask; where x is -9, its three scores are equal and each class costs log 3.
    const right = grid((b, t) => (isHidden(b, t) ? Math.log(3) : (costs[b]?.[t] ?? 0)));
    const flat = right.flat().map((cost, i) => cost * (stepWeights.flat()[i] ?? 0));
    const sum = flat.reduce((a, b) => a + b, 0);
    const [left, other] = [kerasLoss(stepWeights), sum / (BATCH * STEPS)];
    const weights = stepWeights.flat().reduce((a, b) => a + b, 0);
    expectClose(
      figures,
      [left + 0.5 * other, left, other, kerasMean(null), kerasMean(stepWeights), sum / weights],
      tolerances.samePrecision,
    );
  });

  test("figures of one name are all reported", async () => {
    const model = echo();
    model.compile({ loss: crossentropy, metrics: ["acc", "acc"] });
    expect(model.metricsNames).toEqual(["loss", "acc", "acc_1"]);
    const logs = await model.testOnBatch(x, classes);
    expect(logs).toHaveLength(3);
  });

  test("a weighted metric of one's own must have the weights' axes", () => {
    const model = echo();
    const rowsOnly = (y: Tensor, p: Tensor): Tensor => p.mean([1, 2]).add(y.mean(1));
    model.compile({ loss: crossentropy, metrics: [rowsOnly], weightedMetrics: [rowsOnly] });
    expect(() => model.evaluate(x, classes, { sampleWeight: stepWeights })).toThrow(ShapeError);
    model.compile({ loss: crossentropy, metrics: [rowsOnly] });
    expect(() => model.evaluate(x, classes, { sampleWeight: stepWeights })).not.toThrow();
  });
});
