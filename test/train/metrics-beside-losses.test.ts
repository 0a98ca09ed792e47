import { describe, expect, test } from "vitest";
import { decodeSafetensors } from "../../src/formats/index.ts";
import { initializers } from "../../src/initializers/index.ts";
import { layers } from "../../src/layers/index.ts";
import * as losses from "../../src/losses/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import type { MetricSpec } from "../../src/metrics/resolve.ts";
import {
  type CompileConfig,
  model as functional,
  input,
  loadLayersModel,
  sequential,
} from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, noise, numbersOf } from "./support.ts";

const [ROWS, FEATURES, CLASSES] = [40, 3, 4];
const random = noise(ROWS * (FEATURES + 1), 11);
const x = Array.from({ length: ROWS }, (_, i) =>
  Array.from({ length: FEATURES }, (_, k) => 2 * (random[i * (FEATURES + 1) + k] ?? 0)),
);
const weights = x.map((_, i) => 1 + (random[i * (FEATURES + 1) + FEATURES] ?? 0));
const classes = x.map((_, i) => (i * i + 1) % CLASSES);
const yes = x.map(([a = 0, b = 0], i) => [a + b + (i % 3) - 1 > 0 ? 1 : 0]);

const softmaxLogits = { kind: "sparseCategoricalCrossentropy", fromLogits: true } as const;
const sigmoidLogits = { kind: "binaryCrossentropy", fromLogits: true } as const;

const uniform = (seed: number) => initializers.randomUniform({ minval: -1, maxval: 1, seed });

/** A model that classifies; its weights are not those that it will learn. */
function classifier(config: Omit<CompileConfig, "optimizer">) {
  const kernelInitializer = uniform(4);
  const model = kept(
    sequential({
      layers: [layers.dense({ units: CLASSES, inputShape: [FEATURES], kernelInitializer })],
    }),
  );
  model.compile({ optimizer: { kind: "sgd", learningRate: 0.3 }, ...config });
  return model;
}

/** Two outputs of the same inputs: `level`, logits of classes, and `flag`, one number. */
function twoHeads(flagActivation?: "sigmoid") {
  const entry = input({ shape: [FEATURES] });
  const head = (units: number, name: string, activation?: "sigmoid") => {
    const kernelInitializer = uniform(units);
    return layers
      .dense({ units, name, kernelInitializer, ...(activation && { activation }) })
      .apply(entry);
  };
  const outputs = [head(CLASSES, "level"), head(1, "flag", flagActivation)] as never;
  return kept(functional({ inputs: entry, outputs }));
}

describe("compile", () => {
  test("fit: perplexity is exp of the loss, of validation too", async () => {
    const model = classifier({ loss: softmaxLogits, metrics: ["perplexity"] });
    const validationData = [x.slice(20), classes.slice(20)] as const;
    const { history } = await model.fit(x, classes, {
      epochs: 3,
      batchSize: 16,
      verbose: 0,
      validationData: [...validationData],
    });
    for (const prefix of ["", "val_"]) {
      const expected = (history[`${prefix}loss`] ?? []).map(Math.exp);
      expect(expected).toHaveLength(3);
      expect(new Set(expected).size).toBe(3);
      expectClose(history[`${prefix}perplexity`] ?? [], expected, tolerances.samePrecision);
    }
  });

  test("several outputs: each by its own loss, with weights too", async () => {
    const judged = async (hasSigmoid: boolean): Promise<Map<string, number>> => {
      const model = twoHeads(hasSigmoid ? "sigmoid" : undefined);
      const shared = ["auc", "precision", "acc"] as const;
      const flag = hasSigmoid ? "binaryCrossentropy" : sigmoidLogits;
      model.compile({
        loss: { level: softmaxLogits, flag } as never,
        metrics: [["perplexity"], [...shared]],
        weightedMetrics: { level: "perplexity", flag: [...shared, "recall"] },
      });
      const labels = [classes, yes] as never;
      const options = { batchSize: 16, sampleWeight: weights };
      const figures = await numbersOf(model.evaluate(x, labels, options) as never);
      return new Map(model.metricsNames.map((name, i) => [name, figures[i] ?? Number.NaN]));
    };
    const [logits, shares] = [await judged(false), await judged(true)];
    expect([...logits.keys()]).toEqual([
      ...["loss", "level_loss", "flag_loss", "level_perplexity", "weighted_level_perplexity"],
      ...["flag_auc", "flag_precision", "flag_acc"],
      ...["weighted_flag_auc", "weighted_flag_precision", "weighted_flag_acc", "flag_recall"],
    ]);
    expectClose([...logits.values()], [...shares.values()], tolerances.samePrecision);
    expect(new Set(logits.values()).size).toBe(logits.size);
  });

  test("a list for all outputs is refused by the one that it does not fit, named", () => {
    const model = twoHeads();
    const compile = (config: object): void =>
      model.compile({ loss: [softmaxLogits, sigmoidLogits], ...config });
    expect(() => compile({ metrics: ["acc", "auc"] })).toThrow('of output "level", which takes');
    expect(() => compile({ weightedMetrics: { flag: "perplexity" } })).toThrow('output "flag"');
    expect(() => compile({ metrics: "acc", weightedMetrics: [[], ["auc"]] })).not.toThrow();
    const told = { kind: "perplexity", fromLogits: false };
    const single = classifier({ loss: softmaxLogits });
    const again = { loss: softmaxLogits, weightedMetrics: [told as MetricSpec] };
    expect(() => single.compile(again)).toThrow("metric perplexity: received fromLogits false");
  });
});

describe("a saved model", () => {
  test("holds metrics as they were given, and judges as before", async () => {
    const model = classifier({
      loss: softmaxLogits,
      metrics: [
        "perplexity",
        { kind: "sparseCategoricalCrossentropy", name: "cost" },
        metrics.sparseCategoricalCrossentropy,
      ],
      weightedMetrics: [losses.sparseCategoricalCrossentropy as MetricSpec, metrics.perplexity],
    });
    await model.fit(x, classes, { epochs: 1, verbose: 0 });
    const blob = await model.save();
    const { metadata } = decodeSafetensors(new Uint8Array(await blob.arrayBuffer()));
    const { judge } = JSON.parse(metadata.get("training") ?? "{}");
    expect(judge.metrics).toEqual([
      [
        "perplexity",
        { kind: "sparseCategoricalCrossentropy", name: "cost" },
        "sparseCategoricalCrossentropy",
      ],
    ]);
    const name = "sparseCategoricalCrossentropy";
    expect(judge.weightedMetrics).toEqual([[{ kind: name, name }, "perplexity"]]);
    const again = kept(await loadLayersModel(blob));
    expect(again.metricsNames).toEqual(model.metricsNames);
    const figures = await Promise.all(
      [model, again].map((one) =>
        numbersOf(one.evaluate(x, classes, { batchSize: ROWS, sampleWeight: weights })),
      ),
    );
    expect(figures[1]).toEqual(figures[0]);
    const [, , cost, , weighted = 0, weightedPerplexity = 0] = figures[1] ?? [];
    expectClose([weightedPerplexity], [Math.exp(weighted)], tolerances.samePrecision);
    expect(weighted).not.toBe(cost);
    const [loss = 0, ...plain] = await numbersOf(again.evaluate(x, classes));
    const perplexity = Math.exp(loss);
    expectClose(plain, [perplexity, loss, loss, loss, perplexity], tolerances.samePrecision);
  });
});
