import { ArgumentError } from "../errors.ts";
import { resolveName } from "../names/resolve.ts";
import { wholeNumber } from "../names/whole-number.ts";
import type { RegularizerLike } from "../regularizers/resolve.ts";
import { type ActivationLike, activationName, getActivation } from "./activation-names.ts";
import { dropoutRate } from "./arguments.ts";
import { checkRotary, type Rotary } from "./attention-config.ts";
import type { OwnKeys } from "./check-config.ts";
import { type KernelConfig, kernelKeys, resolveKernel, serializeKernel } from "./kernel-config.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

const feedForwards = ["dense", "swiglu", "geglu"] as const;

const normalizations = ["layer", "rms"] as const;

/** How a transformer block normalizes. */
export type NormalizationKind = (typeof normalizations)[number];
/** What a transformer block does with each step by itself. */
export type FeedForwardKind = (typeof feedForwards)[number];

/** What `layers.transformerEncoder` and `layers.transformerDecoder` take. */
export interface TransformerConfig extends LayerConfig, KernelConfig {
  /** Size of the hidden layer of the feed-forward part, F. */
  readonly intermediateDim: number;
  /** Number of heads; the number of features D is a multiple of it. */
  readonly numHeads: number;
  /** Share of attention weights, and of what attention and feed-forward part give, that training sets to zero. Default 0. */
  readonly dropout?: number;
  /** Activation of the hidden layer. Default `"relu"`. */
  readonly activation?: ActivationLike;
  /**
   * `"dense"`: activation(x·W₁)·W₂. `"swiglu"`: (silu(x·W)·(x·W₁))·W₂, `"geglu"` the same with gelu (Shazeer 2020,
   * arXiv:2002.05202). Default `"dense"`.
   */
  readonly feedForward?: FeedForwardKind;
  /** Added to the variance by the normalizations. Default 1e-5. */
  readonly layerNormEpsilon?: number;
  /** Penalty on the output. Default none. */
  readonly activityRegularizer?: RegularizerLike | null;
  /** Whether attention and feed-forward part see normalized inputs (GPT-2), not the sums normalized (BERT). Default false. */
  readonly normalizeFirst?: boolean;
  /** Whether attention and feed-forward part have biases. Default true. */
  readonly useBias?: boolean;
  /** `"layer"`: layer normalization; `"rms"`: by the root mean square. Default `"layer"`. */
  readonly normalization?: NormalizationKind;
  /** Whether self-attention turns queries and keys by their positions, as in `layers.multiHeadAttention`. Default false. */
  readonly rotary?: Rotary;
  /**
   * Whether training computes the inside of the block once more when its gradient arrives, in place of keeping it: less
   * memory for more time, the same numbers (`sl.recompute`). Default false.
   */
  readonly recompute?: boolean;
}

export const transformerKeys: OwnKeys<TransformerConfig> = {
  intermediateDim: "number",
  numHeads: "number",
  dropout: "number",
  activation: "any",
  feedForward: "any",
  layerNormEpsilon: "number",
  ...kernelKeys,
  activityRegularizer: "any",
  normalizeFirst: "boolean",
  useBias: "boolean",
  normalization: "any",
  rotary: "any",
  recompute: "boolean",
};

/** The config with defaults filled in and names resolved. */
export type TransformerSettings = ReturnType<typeof resolveTransformer>;

/** @throws {ArgumentError} for numbers out of bounds and for unknown names. */
export function resolveTransformer(config: TransformerConfig, layer: string) {
  const feedForward = resolveName(config.feedForward ?? "dense", feedForwards, {
    what: "feedForward",
  });
  const { activation = null } = config;
  if (feedForward !== "dense" && activation !== null) {
    throw new ArgumentError(
      `${layer}: received an activation beside feedForward "${feedForward}", which has its own. Expected one of them.`,
    );
  }
  return {
    intermediateDim: wholeNumber(config.intermediateDim, `${layer}: intermediateDim`),
    numHeads: wholeNumber(config.numHeads, `${layer}: numHeads`),
    dropout: dropoutRate(config.dropout ?? 0, `${layer}: dropout`),
    activation: getActivation(feedForward === "dense" ? (activation ?? "relu") : null),
    feedForward,
    layerNormEpsilon: config.layerNormEpsilon ?? 1e-5,
    ...resolveKernel(config),
    normalizeFirst: config.normalizeFirst ?? false,
    useBias: config.useBias ?? true,
    normalization: resolveName(config.normalization ?? "layer", normalizations, {
      what: "normalization",
    }),
    rotary: checkRotary(config.rotary ?? false, layer),
    recompute: config.recompute ?? false,
  };
}

export function serializeTransformer(settings: TransformerSettings): ConfigDict {
  return {
    ...settings,
    activation: settings.feedForward === "dense" ? activationName(settings.activation) : null,
    ...serializeKernel(settings),
  };
}
