import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import * as losses from "../../src/losses/index.ts";
import { type LossSpec, resolveLoss, ruleOf } from "../../src/losses/resolve.ts";
import * as metrics from "../../src/metrics/index.ts";
import { type MetricSpec, resolveMetric } from "../../src/metrics/resolve.ts";

/** What resolving a metric beside a loss says; null: nothing. */
function refusalOf(loss: LossSpec, metric: MetricSpec): string | null {
  const rule = ruleOf(resolveLoss(loss));
  const beside = rule === null ? null : { loss: rule, output: "out" };
  try {
    resolveMetric(metric, { beside });
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return (error as ArgumentError).message;
  }
}

const binary = { kind: "binaryCrossentropy", fromLogits: true } as const;
const sparse = { kind: "sparseCategoricalCrossentropy", fromLogits: true } as const;
const binaryPlace =
  'beside the loss binaryCrossentropy of output "out", which takes sigmoid logits.';
const sparsePlace =
  'beside the loss sparseCategoricalCrossentropy of output "out", which takes softmax logits.';
const toSoftmax = "a model that ends in softmax and a loss without fromLogits";
const toSigmoid = "a model that ends in sigmoid and a loss without fromLogits";

describe("a metric that goes against the loss of its output", () => {
  test.each<readonly [MetricSpec, LossSpec, string]>([
    [
      { kind: "perplexity", fromLogits: false },
      sparse,
      `metric perplexity: received fromLogits false ${sparsePlace} Expected no fromLogits of the metric, which takes ` +
        `it from the loss; or ${toSoftmax}.`,
    ],
    [
      { kind: "auc", fromLogits: false },
      binary,
      `metric auc: received fromLogits false ${binaryPlace} Expected no fromLogits of the metric, which takes it from ` +
        `the loss; or ${toSigmoid}.`,
    ],
    [
      { kind: "auc", fromLogits: false },
      sparse,
      `metric auc: received fromLogits false ${sparsePlace}`,
    ],
    [
      { kind: "binaryCrossentropy", fromLogits: true },
      "binaryCrossentropy",
      'metric binaryCrossentropy: received fromLogits true beside the loss binaryCrossentropy of output "out", which ' +
        "takes probabilities. Expected no fromLogits of the metric and, if the output is logits, fromLogits: true of " +
        "the loss, from which the metric takes it.",
    ],
    [
      { kind: "perplexity", fromLogits: true },
      { kind: "sparseCategoricalCrossentropy", fromLogits: false },
      "metric perplexity: received fromLogits true beside the loss sparseCategoricalCrossentropy of",
    ],
    [
      losses.softmaxCrossEntropy as MetricSpec,
      losses.categoricalCrossentropy as LossSpec,
      "metric categoricalCrossentropy: received fromLogits true beside the loss categoricalCrossentropy of",
    ],
  ])("%o beside %o", (metric, loss, says) => {
    expect(refusalOf(loss, metric)).toContain(says);
  });
});

describe("a metric that the loss of its output does not tell how to read it", () => {
  const ofNumbers = "fromLogits: true of the metric, which then reads the sigmoid of each number";
  const ofRows = "fromLogits: true of the metric, which then reads the softmax of each row";
  test.each<readonly [MetricSpec, LossSpec, string]>([
    [
      "auc",
      sparse,
      `metric auc: received no fromLogits ${sparsePlace} Expected ${toSoftmax}, or ${ofNumbers}.`,
    ],
    [
      metrics.binaryCrossentropy,
      { kind: "categoricalFocalCrossentropy", fromLogits: true },
      "metric binaryCrossentropy: received no fromLogits beside the loss categoricalFocalCrossentropy",
    ],
    [
      "perplexity",
      binary,
      `metric perplexity: received no fromLogits ${binaryPlace} Expected ${toSigmoid}, or ${ofRows}.`,
    ],
    [
      { kind: "precision", classId: 1 },
      sparse,
      `metric precision: received no thresholds or topK ${sparsePlace} Expected thresholds or topK, or ${toSoftmax}.`,
    ],
    [metrics.recall, sparse, `metric recall: received no thresholds or topK ${sparsePlace}`],
    [
      "binaryAccuracy",
      losses.softmaxCrossEntropy,
      "metric binaryAccuracy: received no threshold beside the loss categoricalCrossentropy",
    ],
    [
      "kld",
      sparse,
      `metric klDivergence: received a metric of probabilities ${sparsePlace} Expected ${toSoftmax}.`,
    ],
    [
      losses.logLoss as MetricSpec,
      binary,
      `metric logLoss: received a metric of probabilities ${binaryPlace} Expected ${toSigmoid}.`,
    ],
  ])("%o beside %o", (metric, loss, says) => {
    expect(refusalOf(loss, metric)).toContain(says);
  });

  test.each<readonly [MetricSpec, LossSpec]>([
    ["accuracy", sparse],
    ["f1Score", sparse],
    [{ kind: "precision", thresholds: 0.3 }, sparse],
    [{ kind: "recall", topK: 1 }, sparse],
    [{ kind: "binaryAccuracy", threshold: 1 }, sparse],
    [{ kind: "auc", fromLogits: true }, sparse],
    [{ kind: "perplexity", fromLogits: true }, binary],
    [{ kind: "perplexity", fromLogits: false }, "sparseCategoricalCrossentropy"],
    [{ kind: "perplexity", fromLogits: true }, "mse"],
    [{ kind: "sparseTopKCategoricalAccuracy", k: 2 }, sparse],
    ["kld", "categoricalCrossentropy"],
    ["mse", sparse],
  ])("%o beside %o is not such a one", (metric, loss) => {
    expect(refusalOf(loss, metric)).toBeNull();
  });

  test("settings that are wrong by themselves are named first", () => {
    const wrong = { kind: "precision", threshold: 0.3 } as unknown as MetricSpec;
    expect(refusalOf(sparse, wrong)).toContain("Did you mean thresholds?");
    const word = { kind: "binaryCrossentropy", fromLogits: "no" } as unknown as MetricSpec;
    expect(refusalOf(binary, word)).toContain('received "no" as fromLogits');
  });
});
