import { ArgumentError } from "../errors.ts";
import { deserializeAs, type Serialized } from "../names/class-registry.ts";
import { describeValue } from "../names/describe.ts";
import type { Spelled } from "../names/resolve.ts";
import type { Tensor } from "../tensor/index.ts";
import * as crossentropies from "./crossentropy-functions.ts";
import { ctc } from "./ctc-function.ts";
import * as divergences from "./divergence-functions.ts";
import * as hinges from "./hinge-functions.ts";
import { Loss } from "./loss.ts";
import type { LossRule } from "./loss-rule.ts";
import type { LossAlias, LossConfig, LossName } from "./names.ts";
import * as regressions from "./regression-functions.ts";
import { lossName, lossNames, makeRule } from "./rules.ts";
import * as tfjs from "./tfjs-functions.ts";

/**
 * A loss of one's own: costs from labels and predictions, both with the batch in front. It gives a scalar, or a cost
 * for each sample (then sample weights apply).
 */
export type LossFunction = (labels: Tensor, predictions: Tensor) => Tensor;

/** A loss as `compile` takes it. */
export type LossSpec =
  | Spelled<LossName>
  | LossAlias
  | LossConfig
  | LossFunction
  | Loss
  | Serialized;

/** A loss as the training step uses it. */
export type ResolvedLoss = LossRule | LossFunction | Loss;

/**
 * The losses of this library as functions. Given to `compile` they are known again: their rule has a cost for each
 * sample, so that sample weights and masks apply, where the function gives one number.
 */
const rulesByFunction = new Map<unknown, LossRule>([
  ...[regressions, hinges, divergences, crossentropies].flatMap((functions) =>
    Object.entries(functions).map(
      ([name, one]) => [one, makeRule(name as LossName, {})] as [unknown, LossRule],
    ),
  ),
  [ctc, makeRule("ctc", {})],
  [tfjs.absoluteDifference, makeRule("meanAbsoluteError", {})],
  [tfjs.huberLoss, makeRule("huber", {})],
  [tfjs.sigmoidCrossEntropy, makeRule("binaryCrossentropy", { fromLogits: true })],
  [tfjs.softmaxCrossEntropy, makeRule("categoricalCrossentropy", { fromLogits: true })],
  [tfjs.hingeLoss, makeRule("hingeLoss", {})],
  [tfjs.logLoss, makeRule("logLoss", {})],
]);

/**
 * The loss that a name, a config, a function, an object of a class or its description stands for.
 * @throws {ArgumentError} for anything else, naming the nearest loss, and for classes that nobody registered.
 */
export function resolveLoss(spec: LossSpec): ResolvedLoss {
  if (typeof spec === "function") return rulesByFunction.get(spec) ?? spec;
  if (typeof spec === "string") return makeRule(lossName(spec), {});
  if (spec instanceof Loss) return spec;
  if (typeof spec !== "object" || spec === null || Array.isArray(spec)) {
    throw new ArgumentError(
      `loss: received ${describeValue(spec)}. Expected a name (${lossNames.join(", ")}), settings ` +
        '{ kind: "huber", delta: 2 }, a function (labels, predictions) => tensor, or an object of a class that ' +
        "extends losses.Loss.",
    );
  }
  if ("className" in spec) return ownLoss(spec);
  const { kind, ...settings } = spec;
  return makeRule(lossName(kind), settings);
}

/** The rule of a loss of this library that is given as a function; undefined for others. */
export function ruleOfFunction(loss: unknown): LossRule | undefined {
  return rulesByFunction.get(loss);
}

/** The rule of a loss; null for those of one's own, which have none. */
export function ruleOf(loss: ResolvedLoss): LossRule | null {
  return typeof loss === "function" || loss instanceof Loss ? null : loss;
}

/**
 * A loss as plain data, which `resolveLoss` takes: a name, `{ kind, ...settings }`, or `{ className, config }`.
 * @throws {ArgumentError} for a function of one's own, and for a class without a className.
 */
export function serializeLoss(loss: ResolvedLoss): string | LossConfig | Serialized {
  if (typeof loss === "function") {
    throw new ArgumentError(
      `loss: ${describeValue(loss)} cannot be saved. Expected a class that extends losses.Loss and was made known ` +
        "with serialization.registerClass.",
    );
  }
  if (!(loss instanceof Loss)) {
    const { name, settings } = loss;
    return settings === undefined ? name : ({ kind: name, ...settings } as LossConfig);
  }
  const className = loss.getClassName();
  if (className === Loss.className) {
    throw new ArgumentError(
      `loss: the class ${loss.constructor.name} has no className, so it cannot be saved. Expected a name of its own: ` +
        'static override readonly className = "Pinball".',
    );
  }
  return { className, config: { ...loss.getConfig() } };
}

function ownLoss(serialized: Serialized): Loss {
  return deserializeAs(serialized, { what: "loss", base: Loss, baseName: "losses.Loss" });
}
