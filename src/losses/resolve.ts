import { ArgumentError } from "../errors.ts";
import { resolveName, type Spelled } from "../names/resolve.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  binaryCrossentropyRule,
  categoricalCrossentropyRule,
  sparseCategoricalCrossentropyRule,
} from "./crossentropy.ts";
import type { CrossentropyOptions, FromLogits, HuberOptions } from "./functions.ts";
import type { LossRule } from "./loss-rule.ts";
import {
  cosineSimilarityRule,
  huberRule,
  logCoshRule,
  meanAbsoluteErrorRule,
  meanSquaredErrorRule,
} from "./regression.ts";

/** Losses by their full name. */
export type LossName =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "logCosh"
  | "cosineSimilarity"
  | "binaryCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy";

/** Short names that Keras takes too. */
export type LossAlias = "mse" | "mae";

/** A loss with settings. */
export type LossConfig =
  | { readonly kind: Spelled<LossName> | LossAlias }
  | ({ readonly kind: Spelled<"huber"> } & HuberOptions)
  | ({ readonly kind: Spelled<"sparseCategoricalCrossentropy"> } & FromLogits)
  | ({
      readonly kind: Spelled<"binaryCrossentropy" | "categoricalCrossentropy">;
    } & CrossentropyOptions);

/**
 * A loss of one's own: costs from labels and predictions, both with the batch in front. It gives a scalar, or a cost
 * for each sample (then sample weights apply).
 */
export type LossFunction = (labels: Tensor, predictions: Tensor) => Tensor;

/** A loss as `compile` takes it. */
export type LossSpec = Spelled<LossName> | LossAlias | LossConfig | LossFunction;

/** A loss as the training step uses it. */
export type Loss = LossRule | LossFunction;

type Settings = CrossentropyOptions & HuberOptions;

const makers: Readonly<Record<LossName, (settings: Settings) => LossRule>> = {
  meanSquaredError: () => meanSquaredErrorRule,
  meanAbsoluteError: () => meanAbsoluteErrorRule,
  huber: ({ delta }) => huberRule(positive(delta ?? 1)),
  logCosh: () => logCoshRule,
  cosineSimilarity: () => cosineSimilarityRule,
  binaryCrossentropy: (settings) => binaryCrossentropyRule(crossentropy(settings)),
  categoricalCrossentropy: (settings) => categoricalCrossentropyRule(crossentropy(settings)),
  sparseCategoricalCrossentropy: ({ fromLogits }) =>
    sparseCategoricalCrossentropyRule(fromLogits ?? false),
};

const names = Object.keys(makers) as LossName[];
const aliases: Readonly<Record<LossAlias, LossName>> = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
};

/**
 * The loss that a name, a config or a function stands for.
 * @throws {ArgumentError} for anything else, naming the nearest loss.
 */
export function resolveLoss(spec: LossSpec): Loss {
  if (typeof spec === "function") return spec;
  if (typeof spec !== "object" || spec === null) return makers[lossName(spec)]({});
  const { kind, ...settings } = spec;
  return makers[lossName(kind)](settings);
}

function lossName(given: string): LossName {
  return resolveName<LossName>(given, names, { what: "loss", aliases });
}

function crossentropy({ fromLogits = false, labelSmoothing = 0 }: CrossentropyOptions): {
  fromLogits: boolean;
  labelSmoothing: number;
} {
  if (labelSmoothing >= 0 && labelSmoothing <= 1) return { fromLogits, labelSmoothing };
  throw new ArgumentError(
    `loss: received labelSmoothing ${labelSmoothing}. Expected a number from 0 to 1.`,
  );
}

function positive(delta: number): number {
  if (delta > 0 && Number.isFinite(delta)) return delta;
  throw new ArgumentError(`loss: received delta ${delta}. Expected a number above 0.`);
}
