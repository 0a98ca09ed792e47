import { ShapeError } from "../errors.ts";
import { resolveName } from "../names/resolve.ts";
import { cast, expandDims, mul, reshape, sum, type Tensor, tanh, zeros } from "../tensor/index.ts";
import { dropoutRate, floatInput } from "./arguments.ts";
import { AttentionAxes } from "./attention-axes.ts";
import {
  type AttentionCallOptions,
  type AttentionParts,
  attentionCallKeys,
  countingSteps,
  maskTensor,
  type PartMasks,
  visibleKeys,
} from "./attention-call.ts";
import { type Attended, AttentionLayer } from "./attention-layer.ts";
import { type AttentionRun, runAttention, scoresOf } from "./attention-run.ts";
import { carriedStates, requireWholeSequence } from "./carried-states.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import { formatLayerShape, type LayerShape, type LayerShapes } from "./layer-shape.ts";
import type { ConfigDict, LayerConfig } from "./layer-types.ts";

const scoreModes = ["dot", "concat"] as const;

/** What attention without projections takes, whatever its scores are. */
export interface PlainAttentionConfig extends LayerConfig {
  /** Whether the scores have a scale that training learns. */
  readonly useScale?: boolean;
  /** Share of the attention weights that training sets to zero. Default 0. */
  readonly dropout?: number;
  /** Seed of the dropout. Default: drawn from the seed of `setSeed`. */
  readonly seed?: number | undefined;
}

/** What `layers.attention` takes. */
export interface AttentionConfig extends PlainAttentionConfig {
  /** `"dot"`: query · key; `"concat"`: w · Σ tanh(query + key), with a w that training learns. Default `"dot"`. */
  readonly scoreMode?: (typeof scoreModes)[number];
}

export const plainAttentionKeys: OwnKeys<PlainAttentionConfig> = {
  useScale: "boolean",
  dropout: "number",
  seed: "number",
  ...attentionCallKeys,
};

/** Attention between sequences as they are: one head, no projections. For layers that say what the scores are. */
export abstract class PlainAttention extends AttentionLayer {
  readonly useScale: boolean;

  constructor(config: PlainAttentionConfig, useScale: boolean) {
    const dropout = dropoutRate(
      config.dropout ?? 0,
      `${config.name ?? new.target.className}: dropout`,
    );
    super(config, { dropout, seed: config.seed });
    this.useScale = config.useScale ?? useScale;
  }

  /** query [B, T, D] and key [B, S, D] as heads [B, ·, 1, D], or scores of another kind as a bias [B, 1, T, S]. */
  protected abstract score(
    query: Tensor,
    key: Tensor,
  ): Pick<AttentionRun, "query" | "key" | "bias">;

  protected override attend(
    { query, value, key }: AttentionParts<Tensor>,
    masks: PartMasks,
    kwargs: AttentionCallOptions,
  ): Attended {
    const isCausal = kwargs.useCausalMask === true;
    const isOfSteps = [value, key].some((one) => carriedStates()?.isOfSteps(one));
    if (isCausal || isOfSteps) requireWholeSequence(this.name);
    const [q, k, v] = [query, key, value].map((x) => floatInput(x, this.name)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const [batch = 0, time = 0] = q.shape;
    const [, source = 0, size = 0] = v.shape;
    const given = maskTensor(kwargs.attentionMask, `${this.name} attentionMask`);
    const shapes = { heads: 1, query: q.shape, value: v.shape };
    const attention = given && new AttentionAxes(null, 3, this.name).mask(given, shapes, this.name);
    const sizes = { layer: this.name, batch, time, source };
    const { queryMask, keyMask } = countingSteps(masks, sizes);
    const run = {
      ...this.score(q, k),
      value: expandDims(v, 2), // [B, S, 1, E]
      mask: visibleKeys(keyMask, [attention]),
      queryMask,
      scale: 1,
      causal: isCausal,
      window: null,
      dropout: this.dropoutOf(kwargs),
    };
    return {
      output: reshape(runAttention(run), [batch, time, size]),
      scores: () => reshape(scoresOf(run), [batch, time, source]),
    };
  }

  protected override checkParts(parts: AttentionParts<LayerShape>): void {
    super.checkParts(parts);
    const [ofQuery = null, ofKey = null] = [parts.query.at(-1), parts.key.at(-1)];
    const isEqual = ofQuery === null || ofKey === null || ofQuery === ofKey;
    if (parts.query.length === 3 && isEqual) return;
    throw new ShapeError(
      `${this.name}: received query ${formatLayerShape(parts.query)} and key ${formatLayerShape(parts.key)}. Expected ` +
        "[B, T, D] and [B, S, D]: their features are compared as they are.",
      { details: { query: parts.query, key: parts.key } },
    );
  }

  protected override outputShapes({
    query,
    value,
  }: AttentionParts<LayerShape>): readonly [LayerShape, LayerShape] {
    const [batch = null, time = null] = query;
    const [, source = null, size = null] = value;
    return [
      [batch, time, size],
      [batch, time, source],
    ];
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      useScale: this.useScale,
      dropout: this.dropout,
      ...(this.seed === undefined ? {} : { seed: this.seed }),
    };
  }
}

/** Scores Σ f(query + key) over the features, [B, 1, T, S]. What is T×S×D large is stored for gradients alone. */
export function additiveScores(
  { query, key }: { query: Tensor; key: Tensor },
  f: (pairs: Tensor) => Tensor,
): Pick<AttentionRun, "query" | "key" | "bias"> {
  const [batch = 0, time = 0] = query.shape;
  const [, source = 0] = key.shape;
  const pairs = f(expandDims(query, 2).add(expandDims(key, 1))); // [B, T, S, D]
  return {
    query: zeros([batch, time, 1, 1]),
    key: zeros([batch, source, 1, 1]),
    bias: expandDims(sum(pairs, -1), 1),
  };
}

/**
 * Dot-product attention without projections, after Luong.
 *
 * Weights: `scale` [] with `useScale`, `concat_score_weight` [] with the score mode `"concat"`.
 */
export class Attention extends PlainAttention {
  static override readonly className = "Attention";
  readonly scoreMode: (typeof scoreModes)[number];

  constructor(config: AttentionConfig = {}) {
    super(
      checkConfig("layers.attention", config, { ...plainAttentionKeys, scoreMode: "any" }),
      false,
    );
    this.scoreMode = resolveName(config.scoreMode ?? "dot", scoreModes, { what: "scoreMode" });
  }

  override build(inputShape: LayerShapes): void {
    if (this.useScale) this.addWeight("scale", [], "float32", "ones");
    if (this.scoreMode === "concat") this.addWeight("concat_score_weight", [], "float32", "ones");
    super.build(inputShape);
  }

  protected override score(
    query: Tensor,
    key: Tensor,
  ): Pick<AttentionRun, "query" | "key" | "bias"> {
    if (this.scoreMode === "dot") {
      const scaled = this.useScale ? mul(query, cast(this.weight("scale"), query.dtype)) : query;
      return { query: expandDims(scaled, 2), key: expandDims(key, 2) };
    }
    const scores = additiveScores({ query, key }, (pairs) =>
      tanh(this.useScale ? mul(pairs, cast(this.weight("scale"), pairs.dtype)) : pairs),
    );
    const bias =
      scores.bias && mul(scores.bias, cast(this.weight("concat_score_weight"), query.dtype));
    return { ...scores, bias: bias ?? null };
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), scoreMode: this.scoreMode };
  }
}

/**
 * Dot-product attention: each query takes of the values what fits its keys, without projections.
 *
 *     softmax(query·keyᵀ)·value
 *
 * `apply([query, value])`, `apply([query, value, key])`, or `apply(x)`: query [B, T, D], value [B, S, E], key [B, S, D],
 * output [B, T, E]. Masks are those of the inputs, `mask: [queryMask, valueMask]`, or given by name as in
 * `layers.multiHeadAttention`; a query that does not count, or sees no key, gives zeros. With `returnAttentionScores` the
 * scores follow, [B, T, S].
 *
 * Weights: `scale` [] with `useScale`, `concat_score_weight` [] with `scoreMode: "concat"`.
 *
 * @example
 * const layer = sl.layers.attention({ useScale: true });
 * const [query, value] = [sl.randomNormal([2, 3, 4]), sl.randomNormal([2, 5, 4])];
 * layer.apply([query, value]).shape; // [2, 3, 4]
 * @param config The options of {@link AttentionConfig}; `useScale` is false by default.
 * @throws {ArgumentError} for unknown names.
 * @throws {ShapeError} by `apply`, when inputs or masks do not fit.
 * @see Luong et al. 2015, arXiv:1508.04025; Keras `keras.layers.Attention`
 */
export function attention(config?: AttentionConfig): Attention {
  return new Attention(config);
}
