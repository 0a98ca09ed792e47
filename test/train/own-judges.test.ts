import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { ArgumentError, NumericsError } from "../../src/errors.ts";
import { type LossSpec, resolveLoss, ruleOf, serializeLoss } from "../../src/losses/resolve.ts";
import { type MetricSpec, resolveMetric, serializeMetric } from "../../src/metrics/resolve.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linearData, linearModel } from "./support.ts";

/** The examples of `losses.Loss` and `metrics.Metric`: whoever writes one of their own writes this much. */
class Pinball extends sl.losses.Loss {
  static override readonly className = "PinballOfATest";
  constructor(readonly config: { quantile: number }) {
    super();
  }
  override call(labels: sl.Tensor, predictions: sl.Tensor): sl.Tensor {
    const error = labels.sub(predictions);
    const { quantile } = this.config;
    return sl.maximum(error.mul(quantile), error.mul(quantile - 1)).mean(-1);
  }
  override getConfig(): object {
    return this.config;
  }
}

class MeanBias extends sl.metrics.Metric {
  static override readonly className = "MeanBias";
  readonly size = 2;
  totals(labels: sl.Tensor, predictions: sl.Tensor, weights: sl.Tensor | null): sl.Tensor {
    const bias = predictions.sub(labels).mean(-1); // [B]
    const counts = weights ?? sl.onesLike(bias);
    return sl.stack([bias.mul(counts).sum(), counts.sum()]);
  }
  result(totals: sl.Tensor): sl.Tensor {
    return totals
      .slice([0], [1])
      .div(totals.slice([1], [1]))
      .squeeze();
  }
}

sl.serialization.registerClass(Pinball);
sl.serialization.registerClass(MeanBias);

const { x, y } = linearData(10);
const weights = y.map((_, i) => 1 + (i % 3));
const sgd = { kind: "sgd", learningRate: 0.1 } as const;

/** Of a model whose weights are zero: predictions are 0, so errors are the labels. */
const pinball = (quantile: number, weight: (i: number) => number): number =>
  y.reduce((sum, [one = 0], i) => {
    return sum + weight(i) * Math.max(one * quantile, one * (quantile - 1));
  }, 0) / y.length;

describe("a loss of one's own", () => {
  test("trains, with sample weights, and is judged as it says", async () => {
    const model = linearModel();
    model.compile({ optimizer: sgd, loss: new Pinball({ quantile: 0.9 }) });
    const loss = model.evaluate(x, y, { sampleWeight: weights }) as sl.Tensor;
    expectClose(await loss.data(), [pinball(0.9, (i) => weights[i] ?? 1)], tolerances.loss);
    const { history } = await model.fit(x, y, { epochs: 60, verbose: 0 });
    expect(history.loss?.at(-1)).toBeLessThan(0.5 * (history.loss?.[0] ?? 0));
  });

  test("goes through plain data and back", async () => {
    const data = JSON.parse(
      JSON.stringify(serializeLoss(new Pinball({ quantile: 0.2 }))),
    ) as LossSpec;
    expect(data).toEqual({ className: "PinballOfATest", config: { quantile: 0.2 } });
    const model = linearModel();
    model.compile({ optimizer: sgd, loss: data });
    const loss = model.evaluate(x, y) as sl.Tensor;
    expectClose(await loss.data(), [pinball(0.2, () => 1)], tolerances.loss);
  });

  test("is refused where it cannot be saved or is not known", () => {
    expect(() => serializeLoss((a, b) => a.sub(b))).toThrow("registerClass");
    class Nameless extends sl.losses.Loss {
      override call(labels: sl.Tensor): sl.Tensor {
        return labels;
      }
    }
    expect(() => serializeLoss(new Nameless())).toThrow("className");
    const unknown = { className: "PinballOfATes", config: {} };
    expect(() => resolveLoss(unknown)).toThrow(ArgumentError);
    expect(() => resolveLoss(unknown)).toThrow('"PinballOfATest"');
    expect(() => resolveLoss(unknown)).toThrow("registerClass");
    expect(() => resolveLoss({ className: "MeanBias", config: {} })).toThrow("losses.Loss");
    const model = linearModel();
    class Wrong extends sl.losses.Loss {
      override call(): sl.Tensor {
        return 5 as never;
      }
    }
    model.compile({ optimizer: sgd, loss: new Wrong() });
    expect(() => model.evaluate(x, y)).toThrow("The loss Loss gave 5");
  });
});

describe("a metric of one's own", () => {
  const bias = (weight: (i: number) => number): number => {
    const total = y.reduce((sum, _, i) => sum + weight(i), 0);
    return y.reduce((sum, [one = 0], i) => sum - weight(i) * one, 0) / total;
  };

  test("keeps totals over batches, with weights, beside others", async () => {
    const model = linearModel();
    model.compile({
      optimizer: sgd,
      loss: "mse",
      metrics: [new MeanBias(), "mae"],
      weightedMetrics: new MeanBias(),
    });
    expect(model.metricsNames).toEqual(["loss", "meanBias", "mae", "weighted_meanBias"]);
    const figures = model.evaluate(x, y, { batchSize: 4, sampleWeight: weights }) as sl.Tensor[];
    const [, plain, , weighted] = await Promise.all(figures.map((one) => one.data()));
    expectClose(plain ?? [], [bias(() => 1)], tolerances.loss);
    expectClose(weighted ?? [], [bias((i) => weights[i] ?? 1)], tolerances.loss);
  });

  test("goes through plain data and back", async () => {
    const data = JSON.parse(
      JSON.stringify(serializeMetric(resolveMetric(new MeanBias()))),
    ) as MetricSpec;
    expect(data).toEqual({ className: "MeanBias", config: {} });
    const model = linearModel();
    model.compile({ optimizer: sgd, loss: "mse", metrics: data });
    const [, figure] = model.evaluate(x, y) as sl.Tensor[];
    expectClose((await figure?.data()) ?? [], [bias(() => 1)], tolerances.loss);
  });

  test("is refused where it cannot be saved, is not known, or gives another shape", () => {
    const median = (a: sl.Tensor, b: sl.Tensor): sl.Tensor => a.sub(b);
    expect(() => serializeMetric(resolveMetric(median))).toThrow("registerClass");
    expect(() => resolveMetric({ className: "MeanBia", config: {} })).toThrow('"MeanBias"');
    expect(() => resolveMetric({ className: "PinballOfATest", config: {} })).toThrow(
      "metrics.Metric",
    );
    class Wide extends MeanBias {
      static override readonly className = "Wide" as "MeanBias";
      override totals(labels: sl.Tensor): sl.Tensor {
        return labels.mean(0);
      }
    }
    const model = linearModel();
    model.compile({ optimizer: sgd, loss: "mse", metrics: [new Wide()] });
    expect(() => model.evaluate(x, y)).toThrow("metric wide: totals() gave shape [1]");
  });
});

describe("losses and metrics of the library as plain data", () => {
  const losses: readonly (readonly [LossSpec, unknown])[] = [
    ["mse", "meanSquaredError"],
    [
      { kind: "huber", delta: 2 },
      { kind: "huber", delta: 2 },
    ],
    [
      sl.losses.sigmoidCrossEntropy,
      { kind: "binaryCrossentropy", fromLogits: true, labelSmoothing: 0 },
    ],
    [sl.losses.hingeLoss as LossSpec, "hingeLoss"],
    [sl.losses.logLoss as LossSpec, { kind: "logLoss", epsilon: 1e-7 }],
    [
      {
        kind: "sparse_categorical_crossentropy" as "sparseCategoricalCrossentropy",
        ignoreClass: -1,
      },
      { kind: "sparseCategoricalCrossentropy", fromLogits: false, ignoreClass: -1 },
    ],
    [
      { kind: "sparseCategoricalCrossentropy", ignoreIndex: -100, labelSmoothing: 0.1 },
      {
        kind: "sparseCategoricalCrossentropy",
        fromLogits: false,
        labelSmoothing: 0.1,
        ignoreClass: -100,
      },
    ],
    [
      { kind: "ctc", zeroInfinity: true },
      { kind: "ctc", zeroInfinity: true },
    ],
  ];

  test.each(losses)("%o", (spec, expected) => {
    const data = serializeLoss(resolveLoss(spec));
    expect(data).toEqual(expected);
    const again = resolveLoss(JSON.parse(JSON.stringify(data)) as LossSpec);
    expect(ruleOf(again)?.name).toBe(ruleOf(resolveLoss(spec))?.name);
    expect(serializeLoss(again)).toEqual(expected);
  });

  test("every loss by name", () => {
    const names = [
      "mape",
      "MSLE",
      "kld",
      "KLDivergence",
      "kullback_leibler_divergence",
      "logcosh",
      "poisson",
    ];
    const resolved = names.map((name) => ruleOf(resolveLoss(name as "mape"))?.name);
    expect(resolved).toEqual([
      "meanAbsolutePercentageError",
      "meanSquaredLogarithmicError",
      "klDivergence",
      "klDivergence",
      "klDivergence",
      "logCosh",
      "poisson",
    ]);
  });

  test("metrics keep the name they report under", () => {
    const specs: readonly MetricSpec[] = [
      "mae",
      { kind: "precision", thresholds: 0.3, name: "careful" },
      sl.metrics.auc as MetricSpec,
      sl.losses.huberLoss as MetricSpec,
      sl.losses.cosineSimilarity as MetricSpec,
    ];
    for (const spec of specs) {
      const metric = resolveMetric(spec);
      const again = resolveMetric(
        JSON.parse(JSON.stringify(serializeMetric(metric))) as MetricSpec,
      );
      expect(again.name).toBe(metric.name);
      expect(again.serialized).toEqual(metric.serialized);
    }
    expect(specs.map((spec) => resolveMetric(spec).name)).toEqual([
      "mae",
      "careful",
      "auc",
      "huber",
      "cosineSimilarity",
    ]);
  });
});

describe("labels that cannot be are named", () => {
  const model = () => {
    const made = kept(sl.sequential({ layers: [sl.layers.dense({ units: 3, inputShape: [2] })] }));
    return made;
  };

  test("NaN, by its place, for every verb and loss of the library", async () => {
    const spoilt = y.map(([one = 0], i) => [i === 7 ? Number.NaN : one]);
    const message = 'y for output "dense_';
    await expect(linearModel().fit(x, spoilt)).rejects.toThrow("received NaN at [7,0] (element 7)");
    expect(() => linearModel().evaluate(x, spoilt)).toThrow(message);
    await expect(linearModel().trainOnBatch(x, spoilt)).rejects.toThrow(ArgumentError);
    // On the GPU already, or with a loss of one's own, which may know what to do: the loss shows it.
    const there = sl.variable(sl.tensor(spoilt));
    await expect(linearModel().fit(x, there, { verbose: 0 })).rejects.toThrow(NumericsError);
    there.dispose();
    const own = linearModel();
    own.compile({
      optimizer: sgd,
      loss: (a, b) => sl.where(a.isNaN(), 0, a.sub(b)).square().mean(-1),
    });
    await own.fit(x, spoilt, { verbose: 0 });
  });

  test("class numbers out of range, but for the one to be ignored", async () => {
    const ids = x.map((_, i) => (i === 4 ? -1 : i % 3));
    const plain = model();
    plain.compile({ optimizer: sgd, loss: "sparseCategoricalCrossentropy" });
    await expect(plain.fit(x, ids)).rejects.toThrow("class number -1 (element 4)");
    const ignoring = model();
    ignoring.compile({
      optimizer: sgd,
      loss: { kind: "sparseCategoricalCrossentropy", ignoreClass: -1, fromLogits: true },
    });
    const { history } = await ignoring.fit(x, ids, { verbose: 0 });
    expect(history.loss?.[0]).toBeGreaterThan(0);
    const beyond = x.map((_, i) => (i === 2 ? 3 : 0));
    await expect(ignoring.fit(x, beyond)).rejects.toThrow("class number 3 (element 2)");
  });

  test("shapes", () => {
    const made = model();
    for (const loss of [
      "categoricalFocalCrossentropy",
      "klDivergence",
      "categoricalHinge",
    ] as const) {
      made.compile({ optimizer: sgd, loss });
      expect(() => made.evaluate(x, y)).toThrow(`${loss}: received labels of shape [10,1]`);
    }
  });

  test("settings", () => {
    const refused: readonly (readonly [unknown, string])[] = [
      [{ kind: "binaryFocalCrossentropy", gamma: -1 }, "gamma -1"],
      [{ kind: "categoricalFocalCrossentropy", alpha: 2 }, "alpha 2"],
      [{ kind: "categoricalFocalCrossentropy", applyClassBalancing: true }, "applyClassBalancing"],
      [{ kind: "sparseCategoricalCrossentropy", ignoreClass: 0.5 }, "ignoreClass 0.5"],
      [{ kind: "sparseCategoricalCrossentropy", ignoreIndex: 0.5 }, "ignoreIndex 0.5"],
      [{ kind: "sparseCategoricalCrossentropy", ignoreClass: 1, ignoreIndex: 2 }, "two words"],
      [{ kind: "sparseCategoricalCrossentropy", labelSmoothing: 1.5 }, "labelSmoothing 1.5"],
      [{ kind: "ctc", blank: 2 }, "blank"],
      [{ kind: "huber", delta: -1 }, "delta -1"],
    ];
    for (const [spec, says] of refused) {
      expect(() => resolveLoss(spec as LossSpec)).toThrow(ArgumentError);
      expect(() => resolveLoss(spec as LossSpec)).toThrow(says);
    }
    expect(() => sl.losses.huber([0], [1], null, { delta: 0 })).toThrow("delta 0");
  });
});
