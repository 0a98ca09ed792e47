import type { HostScalar } from "../graph/host-scalar.ts";
import { ops } from "../ops/index.ts";
import { attentionScores, reshape, Tensor, transpose, where, zerosLike } from "../tensor/index.ts";

/** All that one attention over heads needs, time before heads. */
export interface AttentionRun {
  /** [B, T, N, K] */
  readonly query: Tensor;
  /** [B, S, M, K] */
  readonly key: Tensor;
  /** [B, S, M, V] */
  readonly value: Tensor;
  /** Added to the scores; float32, stretches to [B, N, T, S]. */
  readonly bias?: Tensor | null;
  /** Which query sees which key: bool, stretches to [B, N, T, S]; null: every one. */
  readonly mask: Tensor | null;
  /** Which queries count, bool [B, T]; null: all. The others give zeros. */
  readonly queryMask: Tensor | null;
  /** Factor of the products of queries and keys. */
  readonly scale: number;
  /** Query i sees the keys j <= i. */
  readonly causal: boolean;
  /** Query i sees the keys with |i - j| < window; null: all. */
  readonly window: number | null;
  /** Share of the weights that is dropped, and the key of the choice; null: none. */
  readonly dropout: { readonly rate: number; readonly key: HostScalar } | null;
}

/** softmax(scale·Q·Kᵀ + bias)·V, [B, T, N, V]; zeros for queries that see nothing or do not count. */
export function runAttention(run: AttentionRun): Tensor {
  const { query, key, value, bias, mask, scale, causal, window, dropout } = run;
  const [result] = ops.attention(
    {
      query: query.value,
      key: key.value,
      value: value.value,
      ...(mask && { mask: mask.value }),
      ...(bias && { bias: bias.value }),
    },
    { layout: "BTND", scale, causal, window, dropout: dropout?.rate ?? 0 },
    dropout?.key,
  );
  if (result === undefined) throw new RangeError("attention gave no result");
  return counted(Tensor.of(result), run.queryMask, 1);
}

/** The weights of the values, before dropout: [B, N, T, S]. */
export function scoresOf({ query, key, queryMask, ...run }: AttentionRun): Tensor {
  const { bias = null, mask, scale, causal, window } = run;
  const [q, k] = [headsFirst(query), headsFirst(key)];
  return counted(attentionScores(q, k, { bias, mask, scale, causal, window }), queryMask, 2);
}

/** Zeros where a query does not count; its mask is not part of the other one, which would be T×S for every row. */
function counted(x: Tensor, queryMask: Tensor | null, timeAxis: 1 | 2): Tensor {
  if (queryMask === null) return x;
  const [batch = 0, time = 0] = queryMask.shape;
  const rows = timeAxis === 1 ? [batch, time, 1, 1] : [batch, 1, time, 1];
  return where(reshape(queryMask, rows), x, zerosLike(x));
}

function headsFirst(x: Tensor): Tensor {
  return transpose(x, [0, 2, 1, 3]);
}
