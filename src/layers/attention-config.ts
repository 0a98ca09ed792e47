import { ArgumentError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import {
  getRegularizer,
  type RegularizerLike,
  serializeRegularizer,
} from "../regularizers/resolve.ts";
import { dropoutRate } from "./arguments.ts";
import { attentionCallKeys } from "./attention-call.ts";
import type { OwnKeys } from "./check-config.ts";
import {
  type ConstrainedKernelConfig,
  constrainedKernelKeys,
  resolveConstrainedKernel,
  serializeConstrainedKernel,
} from "./kernel-config.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";
import type { RotaryEmbeddingConfig } from "./rotary-embedding.ts";

/** What attention with learned projections takes, however its heads are arranged. */
export interface ProjectedAttentionConfig extends LayerConfig, ConstrainedKernelConfig {
  /** Share of the attention weights that training sets to zero. Default 0. */
  readonly dropout?: number;
  /** Whether the projections have a bias. Default true. */
  readonly useBias?: boolean;
  /** Whether what the heads give is multiplied by sigmoid(query · gate kernel + bias) (Qiu et al. 2025). Default false. */
  readonly useGate?: boolean;
  /** Query i sees the keys with |i - j| < slidingWindow alone. Default null: all. */
  readonly slidingWindow?: number | null;
  /** Taken and without effect: the scores are never stored, unless `returnAttentionScores` asks for them. */
  readonly flashAttention?: boolean | null;
  /** Penalty on the output of each projection. Default none. */
  readonly activityRegularizer?: RegularizerLike | null;
  /** Seed of the dropout. Default: drawn from the seed of `setSeed`. */
  readonly seed?: number | undefined;
  /**
   * Whether queries and keys are turned by their positions (`layers.rotaryEmbedding`), so that a score depends on how far
   * apart they stand; an object gives that layer's settings. The size of a head has to be even. Default false.
   */
  readonly rotary?: Rotary;
}

/** Whether there are rotary positions, and which. */
export type Rotary = boolean | Pick<RotaryEmbeddingConfig, "maxWavelength" | "scalingFactor">;

export const projectedAttentionKeys: OwnKeys<ProjectedAttentionConfig> = {
  dropout: "number",
  useBias: "boolean",
  useGate: "boolean",
  slidingWindow: "any",
  flashAttention: "boolean",
  ...constrainedKernelKeys,
  activityRegularizer: "any",
  seed: "number",
  rotary: "any",
  ...attentionCallKeys,
};

/** The config with defaults filled in and names resolved. */
export type ProjectedAttentionSettings = ReturnType<typeof resolveProjectedAttention>;

/** @throws {ArgumentError} for numbers out of bounds and for unknown names. */
export function resolveProjectedAttention(config: ProjectedAttentionConfig, layer: string) {
  return {
    dropout: dropoutRate(config.dropout ?? 0, `${layer}: dropout`),
    useBias: config.useBias ?? true,
    useGate: config.useGate ?? false,
    slidingWindow: checkWindow(config.slidingWindow ?? null, layer),
    ...resolveConstrainedKernel(config),
    activityRegularizer: getRegularizer(config.activityRegularizer),
    seed: config.seed,
    rotary: checkRotary(config.rotary ?? false, layer),
  };
}

export function serializeProjectedAttention(settings: ProjectedAttentionSettings): ConfigDict {
  const { seed, ...rest } = settings;
  return {
    ...rest,
    ...serializeConstrainedKernel(rest),
    activityRegularizer: serializeRegularizer(rest.activityRegularizer),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** @throws {ArgumentError} for what is neither a boolean nor an object. */
export function checkRotary(rotary: Rotary, layer: string): Rotary {
  if (typeof rotary === "boolean" || (typeof rotary === "object" && rotary !== null)) return rotary;
  throw new ArgumentError(
    `${layer}: received ${describeValue(rotary)} as rotary. Expected a boolean, or { maxWavelength, scalingFactor }.`,
  );
}

function checkWindow(window: number | null, layer: string): number | null {
  if (window === null || isWholeNumber(window, 1)) return window;
  throw new ArgumentError(
    `${layer}: slidingWindow is ${window}. Expected a whole number from 1 up, or null for no window.`,
    { details: { slidingWindow: window } },
  );
}
