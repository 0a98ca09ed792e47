import { ShapeError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { formatShape } from "../../graph/shape.ts";
import { type AttentionSettings, attentionSizes } from "../../kernels/attention-shape.ts";
import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { checkLengths, isNumbers } from "../../names/lengths.ts";
import { checkAttention } from "../../ops/attention-inputs.ts";
import { attentionWeights } from "../../ops/attention-reference.ts";
import { ops } from "../../ops/index.ts";
import type { TensorLike } from "../convert.ts";
import { Tensor } from "../tensor.ts";
import { boolOperand, indexOperand, operand } from "./operand.ts";
import { keyOf } from "./random.ts";

/** What `attentionScores` takes besides queries and keys. */
export interface AttentionScoresOptions {
  /** Query i sees the keys j <= i alone. Default false. */
  readonly causal?: boolean | null;
  /** bool, stretches to [B,N,T,S]: true where a query sees a key. Default: everywhere. */
  readonly mask?: TensorLike | null;
  /**
   * How many keys of each row of the batch count, [B]: the first `length` of them, the others being padding. Whole numbers
   * from 0 to S, as an array of numbers, a typed array, or an int32 tensor. Numbers on the host are checked; those in a
   * tensor are not read back: below 0 counts as 0, above S as S. Default: all.
   */
  readonly keyLengths?: TensorLike | null;
  /** Added to the scores before the softmax; stretches to [B,N,T,S]. Default: nothing. */
  readonly bias?: TensorLike | null;
  /** Factor of the products of queries and keys. Default 1/√D. */
  readonly scale?: number | null;
  /** Query i sees the keys with |i - j| < window; with `causal` its own and the window - 1 before. Default: all. */
  readonly window?: number | null;
}

/** What `scaledDotProductAttention` takes besides queries, keys and values. */
export interface AttentionOptions extends AttentionScoresOptions {
  /**
   * Share of the weights that is set to zero, from 0 up to, without, 1; the others grow by 1/(1 - dropout). Default 0.
   * In the body of a `scan` each step drops others; the T×S scores of a step are then stored.
   */
  readonly dropout?: number | null;
  /** Seed of the dropout. Default: from the engine's seed. */
  readonly seed?: number | null;
}

const scoreKeys: ConfigKeys<AttentionScoresOptions> = {
  causal: "boolean",
  mask: "any",
  keyLengths: "any",
  bias: "any",
  scale: "number",
  window: "number",
};
const keys: ConfigKeys<AttentionOptions> = { ...scoreKeys, dropout: "number", seed: "number" };

/**
 * What each query makes of the values, by how well it fits their keys:
 *
 *     softmax(scale·Q·Kᵀ + bias)·V
 *
 * The T×S scores are never stored, forwards or backwards: memory grows linearly with T and S. A query that may see
 * no key gives zeros and has zero gradients (PyTorch gives NaN). What a query does not see may hold anything, NaN too.
 *
 * @example
 * await sl.scaledDotProductAttention([[[[2, 2]]]], [[[[1, 0], [0, 1]]]], [[[[1, 2], [3, 6]]]]).array(); // [[[[2,4]]]]
 *
 * @param query [B,N,T,D]
 * @param key [B,M,S,D]; N is a multiple of M, and query head n reads head ⌊n·M/N⌋.
 * @param value [B,M,S,E]
 * @param options The options of {@link AttentionOptions}. Dropout is applied whenever it is given.
 * @returns [B,N,T,E]
 * @throws {ShapeError} when the shapes do not fit, {DTypeError} for a mask that is not bool.
 * @throws {ArgumentError} for settings out of bounds, and for key lengths that are not whole numbers from 0 to S.
 * @see PyTorch `torch.nn.functional.scaled_dot_product_attention`, Keras `keras.ops.dot_product_attention` (which has
 *   time before heads); Vaswani et al. 2017, arXiv:1706.03762; Dao 2023, arXiv:2307.08691
 */
export function scaledDotProductAttention(
  query: TensorLike,
  key: TensorLike,
  value: TensorLike,
  options: AttentionOptions = {},
): Tensor {
  const label = "scaledDotProductAttention";
  checkKeys(label, options, keys);
  const [q, k, v] = [floats(query, label), floats(key, label), floats(value, label)];
  const dropout = options.dropout ?? 0;
  const settings = { ...settingsOf(q, options), dropout };
  const inputs = { query: q, key: k, value: v, ...stretched({ query: q, key: k }, options, label) };
  checkAttention(specsOf(inputs), settings, label);
  const seed = dropout > 0 ? keyOf(options.seed ?? undefined, label) : undefined;
  const [result] = ops.attention(inputs, settings, seed);
  if (result === undefined) throw new RangeError("attention gave no result");
  return Tensor.of(result);
}

/**
 * The weights with which each query of `scaledDotProductAttention` takes the values, for those who look at them: rows
 * that add up to 1, or zeros for a query that sees no key. All T×S of them are stored.
 *
 * @example
 * await sl.attentionScores([[[[2, 2]]]], [[[[1, 0], [0, 1]]]]).array(); // [[[[0.5,0.5]]]]
 *
 * @param query [B,N,T,D]
 * @param key [B,M,S,D], N being a multiple of M.
 * @param options The options of {@link AttentionScoresOptions}.
 * @returns [B,N,T,S]
 * @throws as `scaledDotProductAttention`.
 * @see Keras `MultiHeadAttention`'s `return_attention_scores`
 */
export function attentionScores(
  query: TensorLike,
  key: TensorLike,
  options: AttentionScoresOptions = {},
): Tensor {
  const label = "attentionScores";
  checkKeys(label, options, scoreKeys);
  const [q, k] = [floats(query, label), floats(key, label)];
  const settings = { ...settingsOf(q, options), dropout: 0 };
  const inputs = { query: q, key: k, value: k, ...stretched({ query: q, key: k }, options, label) };
  checkAttention(specsOf(inputs), settings, label);
  return Tensor.of(attentionWeights(ops, inputs, settings));
}

function floats(x: TensorLike, label: string): Value {
  return ops.cast(operand(x, label), "float32");
}

function settingsOf(
  query: Value,
  { causal, scale, window }: AttentionScoresOptions,
): Omit<AttentionSettings, "dropout"> {
  const size = query.shape[3] ?? 1;
  return {
    layout: "BNTD",
    scale: scale ?? 1 / Math.sqrt(size),
    causal: causal ?? false,
    window: window ?? null,
  };
}

/** Mask and bias with axes of size 1 in front, so that they have rank 4; key lengths become part of the mask. */
function stretched(
  { query, key }: { query: Value; key: Value },
  { mask, bias, keyLengths }: AttentionScoresOptions,
  label: string,
): { mask?: Value; bias?: Value } {
  const masks: Value[] = [];
  if (mask !== undefined && mask !== null) masks.push(toRankFour(boolOperand(mask, label), label));
  if (keyLengths !== undefined && keyLengths !== null) {
    masks.push(withinLengths(keyLengths, { query, key }, label));
  }
  const [first, second] = masks;
  const both = first && second ? ops.logicalAnd(first, second) : first;
  return {
    ...(both && { mask: both }),
    ...(bias !== undefined &&
      bias !== null && { bias: toRankFour(ops.cast(operand(bias, label), "float32"), label) }),
  };
}

/** bool [B, 1, 1, S]: the keys that count. */
function withinLengths(
  given: TensorLike,
  { query, key }: { query: Value; key: Value },
  label: string,
): Value {
  const { batch, source } = attentionSizes(
    { query: query.shape, key: key.shape, value: key.shape },
    "BNTD",
  );
  if (isNumbers(given) && given.length === batch) {
    checkLengths(given, `${label}: keyLengths`, { count: source, of: "the keys" });
  }
  const lengths = indexOperand(given, `${label}: keyLengths`);
  if (lengths.shape.length !== 1 || lengths.shape[0] !== batch) {
    throw new ShapeError(
      `${label}: received keyLengths of shape ${formatShape(lengths.shape)}. Expected ${formatShape([batch])}, one for each ` +
        "row of the batch.",
      { details: { received: lengths.shape, expected: [batch] } },
    );
  }
  return ops.less(ops.range(source), ops.reshape(lengths, [batch, 1, 1, 1]));
}

function toRankFour(x: Value, label: string): Value {
  const missing = 4 - x.shape.length;
  if (missing < 0) {
    throw new ShapeError(
      `${label}: received a mask or bias of shape ${formatShape(x.shape)}. Expected at most rank 4, [B,N,T,S].`,
    );
  }
  return missing === 0 ? x : ops.reshape(x, [...new Array<number>(missing).fill(1), ...x.shape]);
}

function specsOf<Inputs extends Readonly<Record<string, Value>>>(inputs: Inputs) {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, value.spec]));
}
