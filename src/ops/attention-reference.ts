import type { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import type { AttentionLayout, AttentionSettings } from "../kernels/attention-shape.ts";
import { type Named, named } from "./named-inputs.ts";
import type { Ops } from "./ops.ts";

/** Stands for -∞ where it must not become NaN; the largest float32. */
const LARGEST = 3.4028234663852886e38;

/** Everything that attention works on, heads before time. */
interface Parts {
  /** [B, N, T, D] */
  readonly query: Value;
  /** [B, M, S, D] */
  readonly key: Value;
  /** [B, M, S, E] */
  readonly value: Value;
  /** scale·q·kᵀ + bias, [B, N, T, S] */
  readonly scores: Value;
  /** bool, stretches to [B, N, T, S]; null: every query sees every key. */
  readonly visible: Value | null;
}

/** Outputs as `attentionOp` lists them. */
export function attentionReference(
  o: Ops,
  inputs: Named<Value>,
  { key, ...settings }: AttentionSettings & { readonly key: HostScalar | undefined },
): Value[] {
  const parts = partsOf(o, inputs, settings);
  const { exps, total, most } = softmaxParts(o, parts);
  const weights = o.div(exps, orOne(o, total));
  const kept = withDropout(o, weights, { rate: settings.dropout, key });
  const result = ofHeads(o, kept, parts.value);
  const isSeen = o.greater(total, o.literal(0));
  const sums = o.concat(
    [o.where(isSeen, most, o.literal(LARGEST)), o.log(orOne(o, total))],
    3, // [B, N, T, 2]
  );
  return [inOrder(o, result, settings.layout), sums];
}

/** The weights alone, [B, N, T, S]: what each query takes of each key, before dropout. */
export function attentionWeights(o: Ops, inputs: Named<Value>, settings: AttentionSettings): Value {
  const { exps, total } = softmaxParts(o, partsOf(o, inputs, settings));
  return o.div(exps, orOne(o, total));
}

/** Outputs as `attentionGradientOp` lists them. */
export function attentionGradientReference(
  o: Ops,
  inputs: Named<Value>,
  { key, ...settings }: AttentionSettings & { readonly key: HostScalar | undefined },
): Value[] {
  const { layout, scale } = settings;
  const parts = partsOf(o, inputs, settings);
  const [, heads = 0] = parts.query.shape;
  const dResult = inOrder(o, named(inputs, "dResult"), layout); // [B, N, T, E]
  const result = inOrder(o, named(inputs, "result"), layout);
  const sums = named(inputs, "sums");
  // A constant: what the weights owe to it they owe to log l as well, with the other sign.
  const most = o.stopGradient(partOfSums(o, sums, 0));
  const exps = o.exp(o.sub(o.sub(parts.scores, most), partOfSums(o, sums, 1)));
  const weights = parts.visible ? o.where(parts.visible, exps, o.literal(0)) : exps;
  const delta = o.sum(o.mul(dResult, result), [3], true); // [B, N, T, 1]
  const kept = withDropout(o, weights, { rate: settings.dropout, key });
  const value = ofQueries(o, parts.value, heads);
  const dKept = o.matMul(dResult, value, false, true); // [B, N, T, S]
  const dropped = withDropout(o, dKept, { rate: settings.dropout, key });
  const dScores = o.mul(weights, o.sub(dropped, delta));
  const factor = o.literal(scale);
  const dQuery = o.mul(o.matMul(dScores, ofQueries(o, parts.key, heads)), factor);
  const dKey = o.mul(toKeyHeads(o, o.matMul(dScores, parts.query, true), parts.key), factor);
  const dValue = toKeyHeads(o, o.matMul(kept, dResult, true), parts.value);
  return [...[dQuery, dKey, dValue].map((one) => inOrder(o, one, layout)), dScores];
}

/**
 * Gradients of query, key and scores for one of (m, log l), `dSums` [B, N, T, 2]: dS = P·d(log l), m being a constant. The
 * backward pass reads both, so gradients of gradients arrive here. The T×S weights are stored.
 */
export function sumsGradient(
  o: Ops,
  inputs: Named<Value>,
  settings: AttentionSettings,
): Record<"query" | "key" | "scores", Value> {
  const { layout, scale } = settings;
  const weights = attentionWeights(o, inputs, settings);
  const scores = o.mul(weights, partOfSums(o, named(inputs, "dSums"), 1));
  const query = inOrder(o, named(inputs, "query"), layout);
  const key = inOrder(o, named(inputs, "key"), layout);
  const scaled = o.mul(scores, o.literal(scale));
  const dQuery = o.matMul(scaled, ofQueries(o, key, query.shape[1] ?? 0));
  const dKey = toKeyHeads(o, o.matMul(scaled, query, true), key);
  return { query: inOrder(o, dQuery, layout), key: inOrder(o, dKey, layout), scores };
}

function partsOf(o: Ops, inputs: Named<Value>, settings: AttentionSettings): Parts {
  const { layout, scale } = settings;
  // Scores of halves may be more than the greatest half.
  const wide = (name: string): Value => o.cast(named(inputs, name), "float32");
  const query = inOrder(o, wide("query"), layout);
  const key = inOrder(o, wide("key"), layout);
  const value = inOrder(o, wide("value"), layout);
  const products = ofHeadsTransposed(o, query, key); // [B, N, T, S]
  const scaled = o.mul(products, o.literal(scale));
  const scores = inputs.bias ? o.add(scaled, inputs.bias) : scaled;
  return { query, key, value, scores, visible: visibleOf(o, scores, { inputs, settings }) };
}

/** Which query sees which key, or null where all do. */
function visibleOf(
  o: Ops,
  scores: Value,
  { inputs, settings }: { inputs: Named<Value>; settings: AttentionSettings },
): Value | null {
  const [time = 0, source = 0] = scores.shape.slice(2);
  const ahead = o.sub(o.reshape(o.range(time), [time, 1]), o.range(source)); // i - j, [T, S]
  const conditions: Value[] = inputs.mask ? [inputs.mask] : [];
  const zero = o.literal(0, [], "int32");
  if (settings.causal) conditions.push(o.greaterEqual(ahead, zero));
  if (settings.window !== null) {
    conditions.push(o.less(o.abs(ahead), o.literal(settings.window, [], "int32")));
  }
  return conditions.reduce<Value | null>(
    (all, one) => (all === null ? one : o.logicalAnd(all, one)),
    null,
  );
}

/** exp(score - most) where visible, their sum, and the largest score of each query. */
function softmaxParts(o: Ops, { scores, visible }: Parts) {
  const hidden = visible ? o.where(visible, scores, o.literal(-LARGEST)) : scores;
  const last = [scores.shape.length - 1];
  // Without a key there is nothing to take the largest of.
  const most =
    scores.shape[3] === 0
      ? o.literal(0, [...scores.shape.slice(0, 3), 1])
      : o.stopGradient(o.max(hidden, last, true));
  const all = o.exp(o.sub(hidden, most));
  const exps = visible ? o.where(visible, all, o.literal(0)) : all;
  return { exps, most, total: o.sum(exps, last, true) };
}

/** m (0) or log l (1) of what `attentionOp` gives as output 1: [B, N, T, 2] → [B, N, T, 1]. */
function partOfSums(o: Ops, sums: Value, part: 0 | 1): Value {
  const [batch = 0, heads = 0, time = 0] = sums.shape;
  return o.slice(sums, [0, 0, 0, part], [batch, heads, time, 1]);
}

/** A divisor: 1 for a query that sees no key, whose numerators are 0. */
function orOne(o: Ops, total: Value): Value {
  return o.where(o.greater(total, o.literal(0)), total, o.literal(1));
}

function withDropout(
  o: Ops,
  x: Value,
  { rate, key }: { rate: number; key: HostScalar | undefined },
): Value {
  if (rate === 0 || key === undefined) return x;
  const keep = o.greaterEqual(o.randomUniform(x.shape, key), o.literal(rate));
  return o.where(keep, o.mul(x, o.literal(1 / (1 - rate))), o.literal(0));
}

/** [B, N, T, S] × [B, M, S, E] → [B, N, T, E]. */
function ofHeads(o: Ops, weights: Value, value: Value): Value {
  return o.matMul(weights, ofQueries(o, value, weights.shape[1] ?? 0));
}

/** [B, N, T, D] × [B, M, S, D] → [B, N, T, S]. */
function ofHeadsTransposed(o: Ops, query: Value, key: Value): Value {
  return o.matMul(query, ofQueries(o, key, query.shape[1] ?? 0), false, true);
}

/** Each head of keys or values as often as it has heads of queries: [B, M, S, D] → [B, N, S, D]. */
function ofQueries(o: Ops, x: Value, heads: number): Value {
  const [batch = 0, keyHeads = 0, source = 0, size = 0] = x.shape;
  if (heads === keyHeads) return x;
  const group = heads / keyHeads;
  const single = o.reshape(x, [batch, keyHeads, 1, source, size]);
  const repeated = o.broadcastTo(single, [batch, keyHeads, group, source, size]);
  return o.reshape(repeated, [batch, heads, source, size]);
}

/** Sums over the heads of queries that share a head of `x`: [B, N, S, D] → [B, M, S, D]. */
function toKeyHeads(o: Ops, gradient: Value, x: Value): Value {
  const [batch = 0, keyHeads = 0, source = 0, size = 0] = x.shape;
  const heads = gradient.shape[1] ?? 0;
  if (heads === keyHeads) return gradient;
  const grouped = o.reshape(gradient, [batch, keyHeads, heads / keyHeads, source, size]);
  return o.sum(grouped, [2]);
}

/** From the layout to heads before time, or back: the same change. */
function inOrder(o: Ops, x: Value, layout: AttentionLayout): Value {
  return layout === "BNTD" ? x : o.transpose(x, [0, 2, 1, 3]);
}
