import { ArgumentError } from "../errors.ts";
import type { LossRule } from "../losses/loss-rule.ts";
import { type Link, linkOfLoss, type OutputScale, outputScaleOf } from "../losses/output-scale.ts";
import type { MetricName } from "./names.ts";

// A loss that was told `fromLogits` knows what its output is. A metric of the same output that takes logits for
// probabilities would report a wrong number without a word, so it takes from the loss what it was not told itself.

/** The loss of the output that a metric judges. */
export interface BesideLoss {
  readonly loss: LossRule;
  /** Name of the output. */
  readonly output: string;
}

/** What a metric goes by where it was not told. */
export interface MetricDefaults {
  readonly fromLogits: boolean;
  /** Predictions above it count as yes. */
  readonly threshold: number;
}

/** Keras's defaults; those of a metric that stands beside no loss. */
export const ofProbabilities: MetricDefaults = { fromLogits: false, threshold: 0.5 };
/** The sigmoid of 0 is 0.5. */
const ofLogits: MetricDefaults = { fromLogits: true, threshold: 0 };

/** Metrics that take logits or probabilities, and what their `fromLogits` applies. */
const links: Readonly<Partial<Record<MetricName, Link>>> = {
  ...linkOfLoss,
  perplexity: "softmax",
  auc: "sigmoid",
};

/** Metrics that hold single numbers against a threshold, and settings that say what is yes instead of the default. */
const bounds: Readonly<Partial<Record<MetricName, readonly string[]>>> = {
  binaryAccuracy: ["threshold"],
  precision: ["thresholds", "topK"],
  recall: ["thresholds", "topK"],
};

/** Metrics of probabilities that cannot be told `fromLogits`. */
const probabilitiesOnly: readonly MetricName[] = ["klDivergence", "logLoss"];

/**
 * What a metric goes by where its settings say nothing, beside this loss. Losses that do not say what their output is
 * leave it at probabilities.
 * @throws {ArgumentError} where metric and loss say different things of one output, and where what the loss says does
 *   not tell how the metric is to read it.
 */
export function defaultsBeside(
  beside: BesideLoss | null,
  name: MetricName,
  settings: object,
): MetricDefaults {
  const scale = beside === null ? null : outputScaleOf(beside.loss);
  if (beside === null || scale === null) return ofProbabilities;
  const conflict =
    scale === "probabilities"
      ? conflictWithProbabilities(name, settings)
      : conflictWithLogits(name, settings, scale);
  if (conflict !== null) {
    const place = `the loss ${beside.loss.name} of output "${beside.output}", which takes ${scale}`;
    throw new ArgumentError(
      `metric ${name}: received ${conflict.received} beside ${place}. Expected ${conflict.expected}.`,
    );
  }
  return scale === "probabilities" ? ofProbabilities : ofLogits;
}

interface Conflict {
  readonly received: string;
  /** With the way out. */
  readonly expected: string;
}

function conflictWithProbabilities(name: MetricName, settings: object): Conflict | null {
  if (links[name] === undefined || given(settings, "fromLogits") !== true) return null;
  return {
    received: "fromLogits true",
    expected:
      "no fromLogits of the metric and, if the output is logits, fromLogits: true of the loss, from which the metric " +
      "takes it",
  };
}

function conflictWithLogits(
  name: MetricName,
  settings: object,
  scale: Exclude<OutputScale, "probabilities">,
): Conflict | null {
  const activation: Link = scale === "sigmoid logits" ? "sigmoid" : "softmax";
  const probabilities = `a model that ends in ${activation} and a loss without fromLogits`;
  if (probabilitiesOnly.includes(name)) {
    return { received: "a metric of probabilities", expected: probabilities };
  }
  const link = links[name];
  if (link !== undefined) {
    const told = given(settings, "fromLogits");
    if (told === false) {
      return {
        received: "fromLogits false",
        expected: `no fromLogits of the metric, which takes it from the loss; or ${probabilities}`,
      };
    }
    if (told !== null || link === activation) return null;
    const applied = link === "sigmoid" ? "the sigmoid of each number" : "the softmax of each row";
    return {
      received: "no fromLogits",
      expected: `${probabilities}, or fromLogits: true of the metric, which then reads ${applied}`,
    };
  }
  const keys = bounds[name];
  const isBounded = keys === undefined || keys.some((key) => given(settings, key) !== null);
  if (isBounded || activation === "sigmoid") return null;
  const choice = keys.join(" or ");
  // The 0.5 of a softmax is at no one logit: it moves with the other numbers of the row.
  return { received: `no ${choice}`, expected: `${choice}, or ${probabilities}` };
}

/** What is set under a key; null is as good as absent. */
function given(settings: object, key: string): unknown {
  return (settings as Readonly<Record<string, unknown>>)[key] ?? null;
}
