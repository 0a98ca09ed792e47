import { ArgumentError } from "../errors.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { type ProjectedAttentionConfig, projectedAttentionKeys } from "./attention-config.ts";
import { checkConfig, type OwnKeys } from "./check-config.ts";
import type { ConfigDict } from "./layer-types.ts";
import { type AttentionHeads, ProjectedAttention } from "./projected-attention.ts";

/** What `layers.groupedQueryAttention` takes. */
export interface GroupedQueryAttentionConfig extends ProjectedAttentionConfig {
  /** Size of each head, K. */
  readonly headDim: number;
  /** Heads of the queries, N. */
  readonly numQueryHeads: number;
  /** Heads of keys and values, M; `numQueryHeads` is a multiple of it. */
  readonly numKeyValueHeads: number;
}

const keys: OwnKeys<GroupedQueryAttentionConfig> = {
  ...projectedAttentionKeys,
  headDim: "number",
  numQueryHeads: "number",
  numKeyValueHeads: "number",
};

/**
 * Multi-head attention in which several heads of queries share a head of keys and values.
 *
 * Weights: `query/kernel` [D, N, K], `query/bias` [N, K], `key/…` [·, M, K], with `useGate` `gate/…` [D, N, K],
 * `value/…` [·, M, K], `attention_output/kernel` [N, K, D], `attention_output/bias` [D].
 */
export class GroupedQueryAttention extends ProjectedAttention {
  static override readonly className = "GroupedQueryAttention";
  readonly headDim: number;
  readonly numQueryHeads: number;
  readonly numKeyValueHeads: number;

  constructor(config: GroupedQueryAttentionConfig) {
    checkConfig("layers.groupedQueryAttention", config, keys);
    super(config, (layer) => headsOf(config, layer));
    this.headDim = this.layout.keySize;
    this.numQueryHeads = this.layout.heads;
    this.numKeyValueHeads = this.layout.keyHeads;
  }

  override getConfig(): ConfigDict {
    return {
      ...super.getConfig(),
      headDim: this.headDim,
      numQueryHeads: this.numQueryHeads,
      numKeyValueHeads: this.numKeyValueHeads,
    };
  }
}

/** @throws {ArgumentError} for sizes that are none, and for heads that cannot be shared evenly. */
function headsOf(config: GroupedQueryAttentionConfig, layer: string): AttentionHeads {
  const heads = wholeNumber(config.numQueryHeads, `${layer}: numQueryHeads`);
  const keyHeads = wholeNumber(config.numKeyValueHeads, `${layer}: numKeyValueHeads`);
  const size = wholeNumber(config.headDim, `${layer}: headDim`);
  if (heads % keyHeads === 0) return { heads, keyHeads, keySize: size, valueSize: size };
  throw new ArgumentError(
    `${layer}: received ${heads} numQueryHeads for ${keyHeads} numKeyValueHeads. Expected a multiple, so that each head ` +
      "of keys and values serves as many heads of queries.",
    { details: { numQueryHeads: heads, numKeyValueHeads: keyHeads } },
  );
}

/**
 * Grouped-query attention: as multi-head attention, with fewer heads of keys and values than of queries, so that these
 * take less memory and time. With one head of keys and values it is multi-query attention.
 *
 * Query head n reads head ⌊n·M/N⌋ of keys and values. Calls, masks and scores as in `layers.multiHeadAttention`.
 *
 * Weights: `query/kernel` [D, N, K], `query/bias` [N, K]; `key` and `value` [·, M, K]; `attention_output/kernel`
 * [N, K, D], `attention_output/bias` [D].
 *
 * @example
 * const layer = sl.layers.groupedQueryAttention({ headDim: 8, numQueryHeads: 4, numKeyValueHeads: 2 });
 * layer.apply(sl.randomNormal([2, 10, 32]), { useCausalMask: true }).shape; // [2, 10, 32]
 * @param config `headDim`, `numQueryHeads`, `numKeyValueHeads` and the options of {@link GroupedQueryAttentionConfig}.
 * @throws {ArgumentError} for heads that do not divide, and for unknown names.
 * @throws {ShapeError} by `apply`, when inputs or masks do not fit.
 * @see Ainslie et al. 2023, arXiv:2305.13245; Keras `keras.layers.GroupQueryAttention`
 */
export function groupedQueryAttention(config: GroupedQueryAttentionConfig): GroupedQueryAttention {
  return new GroupedQueryAttention(config);
}
