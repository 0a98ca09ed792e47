import { ArgumentError } from "../errors.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { type ProjectedAttentionConfig, projectedAttentionKeys } from "./attention-config.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import type { ConfigDict } from "./layer-types.ts";
import { ProjectedAttention } from "./projected-attention.ts";

/** What `layers.multiHeadAttention` takes. */
export interface MultiHeadAttentionConfig extends ProjectedAttentionConfig {
  /** Number of heads, N. */
  readonly numHeads: number;
  /** Size of each head's queries and keys, K. */
  readonly keyDim: number;
  /** Size of each head's values, V. Default: `keyDim`. */
  readonly valueDim?: number | null;
  /** Shape of the output behind batch and steps: a size, or a list of them. Default: the features of the query. */
  readonly outputShape?: number | readonly number[] | null;
  /** The axes that attention runs over, of inputs of rank 4 and more. Default null: all between batch and features. */
  readonly attentionAxes?: number | readonly number[] | null;
}

const keys: OwnKeys<MultiHeadAttentionConfig> = {
  ...projectedAttentionKeys,
  numHeads: "number",
  keyDim: "number",
  valueDim: "number",
  outputShape: "any",
  attentionAxes: "any",
};

/**
 * Attention in several heads between projections of query, key and value.
 *
 * Weights: `query/kernel` [D, N, K], `query/bias` [N, K], `key/…` [·, N, K], with `useGate` `gate/…` [D, N, V],
 * `value/…` [·, N, V], `attention_output/kernel` [N, V, D], `attention_output/bias` [D].
 */
export class MultiHeadAttention extends ProjectedAttention {
  static override readonly className = "MultiHeadAttention";
  readonly numHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  readonly attentionAxes: readonly number[] | null;
  readonly #outputTail: readonly number[] | null;

  constructor(config: MultiHeadAttentionConfig) {
    checkConfig("layers.multiHeadAttention", config, keys);
    super(config, (layer) => {
      const heads = wholeNumber(config.numHeads, `${layer}: numHeads`);
      const keySize = wholeNumber(config.keyDim, `${layer}: keyDim`);
      const valueSize = wholeNumber(config.valueDim ?? keySize, `${layer}: valueDim`);
      return { heads, keyHeads: heads, keySize, valueSize };
    });
    this.numHeads = this.layout.heads;
    this.keyDim = this.layout.keySize;
    this.valueDim = this.layout.valueSize;
    this.attentionAxes = axisList(config.attentionAxes ?? null, this.name);
    this.#outputTail = sizeList(config.outputShape ?? null, this.name);
  }

  protected override get outputTail(): readonly number[] | null {
    return this.#outputTail;
  }

  protected override get axes(): readonly number[] | null {
    return this.attentionAxes;
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      numHeads: this.numHeads,
      keyDim: this.keyDim,
      valueDim: this.valueDim,
      outputShape: this.#outputTail && [...this.#outputTail],
      attentionAxes: this.attentionAxes && [...this.attentionAxes],
    };
  }
}

function sizeList(given: number | readonly number[] | null, layer: string): number[] | null {
  if (given === null) return null;
  return [given].flat().map((size) => wholeNumber(size, `${layer}: outputShape`));
}

function axisList(given: number | readonly number[] | null, layer: string): number[] | null {
  const axes = given === null ? null : [given].flat();
  if (axes === null || (axes.length > 0 && axes.every(Number.isInteger))) return axes;
  throw new ArgumentError(
    `${layer}: attentionAxes are ${JSON.stringify(given)}. Expected an axis, or a list of them: [1, 2].`,
  );
}

/**
 * Multi-head attention: each query takes of the values what fits its keys, in `numHeads` projections at once.
 *
 *     head n = softmax(Q_n·K_nᵀ / √K)·V_n      output = concat(heads)·W + b
 *
 * `apply([query, value])`, `apply([query, value, key])`, or `apply(x)` for self-attention: query [B, T, D], value and key
 * [B, S, ·], output [B, T, D]. A query that sees no key, or does not count by its mask, gets zeros from every head
 * (in Keras: the mean of all values). The scores are never stored, and memory grows linearly with T and S, unless
 * `returnAttentionScores` asks for them: then they follow the output, [B, N, T, S].
 *
 * Weights: `query/kernel` [D, N, K], `query/bias` [N, K], likewise `key` and `value`; `attention_output/kernel`
 * [N, V, D], `attention_output/bias` [D].
 *
 * @example
 * const layer = sl.layers.multiHeadAttention({ numHeads: 2, keyDim: 8 });
 * const x = sl.randomNormal([4, 10, 16]);
 * const y = layer.apply(x, { useCausalMask: true }); // [4, 10, 16]
 * const [z, scores] = layer.apply([x, x], { returnAttentionScores: true });
 * scores.shape; // [4, 2, 10, 10]
 * @param config `numHeads`, `keyDim` and the options of {@link MultiHeadAttentionConfig}.
 * @throws {ArgumentError} for sizes that are no whole numbers from 1 up, and for unknown names.
 * @throws {ShapeError} by `apply`, when inputs or masks do not fit.
 * @see Vaswani et al. 2017, arXiv:1706.03762; Keras `keras.layers.MultiHeadAttention`, PyTorch `torch.nn.MultiheadAttention`
 */
export function multiHeadAttention(config: MultiHeadAttentionConfig): MultiHeadAttention {
  return new MultiHeadAttention(config);
}
