import { cast, mul, type Tensor, tanh } from "../tensor/index.ts";
import {
  additiveScores,
  PlainAttention,
  type PlainAttentionConfig,
  plainAttentionKeys,
} from "./attention.ts";
import { attentionParts } from "./attention-call.ts";
import type { AttentionRun } from "./attention-run.ts";
import { checkConfig } from "./check-config.ts";
import { knownDim, type LayerShapes, shapeList } from "./layer-shape.ts";

/** What `layers.additiveAttention` takes. */
export type AdditiveAttentionConfig = PlainAttentionConfig;

/**
 * Attention whose scores are sums, after Bahdanau.
 *
 * Weights: `scale` [D] with `useScale`.
 */
export class AdditiveAttention extends PlainAttention {
  static override readonly className = "AdditiveAttention";

  constructor(config: AdditiveAttentionConfig = {}) {
    super(checkConfig("layers.additiveAttention", config, plainAttentionKeys), true);
  }

  override build(inputShape: LayerShapes): void {
    const { query } = attentionParts(shapeList(inputShape), this.name);
    const features = knownDim(query, -1, this.name);
    if (this.useScale) this.addWeight("scale", [features], "float32", "glorotUniform");
    super.build(inputShape);
  }

  protected override score(
    query: Tensor,
    key: Tensor,
  ): Pick<AttentionRun, "query" | "key" | "bias"> {
    return additiveScores({ query, key }, (pairs) =>
      this.useScale ? mul(tanh(pairs), cast(this.weight("scale"), pairs.dtype)) : tanh(pairs),
    );
  }
}

/**
 * Additive attention: each query takes of the values what fits its keys, the scores being sums.
 *
 *     softmax(Σ scale·tanh(query + key))·value
 *
 * Inputs, masks and scores as in `layers.attention`. Weights: `scale` [D] with `useScale`.
 *
 * @example
 * const layer = sl.layers.additiveAttention();
 * const [query, value] = [sl.randomNormal([2, 3, 4]), sl.randomNormal([2, 5, 4])];
 * layer.apply([query, value]).shape; // [2, 3, 4]
 * @param config The options of {@link AdditiveAttentionConfig}; `useScale` is true by default.
 * @throws {ShapeError} by `apply`, when inputs or masks do not fit.
 * @see Bahdanau, Cho and Bengio 2015, arXiv:1409.0473; Keras `keras.layers.AdditiveAttention`
 */
export function additiveAttention(config?: AdditiveAttentionConfig): AdditiveAttention {
  return new AdditiveAttention(config);
}
