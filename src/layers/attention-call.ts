import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { cast, logicalAnd, reshape, Tensor, type TensorLike, toTensor } from "../tensor/index.ts";
import type { CallOptions, Mask } from "./layer-types.ts";
import type { SymbolicTensor } from "./symbolic.ts";

/** A mask as an argument of a call: bool, or numbers where 0 is false. */
export type MaskLike = TensorLike | SymbolicTensor | null | undefined;

/** Arguments of one call of an attention layer. */
export interface AttentionCallOptions extends CallOptions {
  /** Whether query i sees the keys j <= i alone. Default false. */
  readonly useCausalMask?: boolean | undefined;
  /** Which query may see which key: [T, S], [B, T, S] or [B, N, T, S]. Default: each sees all. */
  readonly attentionMask?: MaskLike;
  /** Which queries count, [B, T]; attention gives zeros for the others. Default: what travels with the query. */
  readonly queryMask?: MaskLike;
  /** Which values count, [B, S]. Default: what travels with the value. */
  readonly valueMask?: MaskLike;
  /** Which keys count, [B, S], in addition. Default: what travels with the key, where one is given. */
  readonly keyMask?: MaskLike;
  /** Whether the attention weights follow the output, before dropout: `[output, scores]`. Default false. */
  readonly returnAttentionScores?: boolean | undefined;
}

/** What belongs to the call and is easily taken for a part of the config. */
export const attentionCallKeys = {
  useCausalMask: "ofCall",
  returnAttentionScores: "ofCall",
} as const;

/** What a call works on. */
export interface AttentionParts<T> {
  readonly query: T;
  readonly value: T;
  readonly key: T;
}

/**
 * One input attends to itself; two are query and value, the value being the key as well; the third is the key.
 * @throws {ArgumentError} for none, or more than three.
 */
export function attentionParts<T>(inputs: readonly T[], layer: string): AttentionParts<T> {
  const [query, value = query, key = value] = inputs;
  if (query !== undefined && value !== undefined && key !== undefined && inputs.length <= 3) {
    return { query, value, key };
  }
  throw new ArgumentError(
    `${layer}: received ${inputs.length} inputs. Expected [query, value], [query, value, key], or one tensor, which ` +
      "attends to itself.",
  );
}

/** Whether all that a call reads is one tensor: then keys and values belong to the steps of the queries. */
export function isSelfAttention({ query, value, key }: AttentionParts<Tensor>): boolean {
  return query.value === value.value && query.value === key.value;
}

/** Masks of query, value and key, [B, T] and [B, S]. */
export type PartMasks = readonly [query: Tensor | null, value: Tensor | null, key: Tensor | null];

/**
 * The masks of a call: those given by name, else those of `mask`, which go with the inputs in their order.
 * @throws {ArgumentError} for one mask beside several inputs: whose it is would be a guess.
 */
export function partMasks(
  mask: Mask,
  count: number,
  { layer, kwargs }: { layer: string; kwargs: AttentionCallOptions },
): PartMasks {
  if (mask instanceof Tensor && count > 1) {
    throw new ArgumentError(
      `${layer}: received one mask for ${count} inputs. Expected a list, null where there is none: ` +
        "{ mask: [queryMask, valueMask] }, or { valueMask }.",
    );
  }
  const list: readonly (Tensor | null)[] = mask instanceof Tensor ? [mask] : (mask ?? []);
  const [ofQuery = null, ofSecond = null, ofKey = null] = list;
  const ofValue = count === 1 && list.length < 2 ? ofQuery : ofSecond;
  const given = (name: "queryMask" | "valueMask" | "keyMask", own: Tensor | null) =>
    kwargs[name] === undefined ? own : maskTensor(kwargs[name], `${layer} ${name}`);
  return [given("queryMask", ofQuery), given("valueMask", ofValue), given("keyMask", ofKey)];
}

/** Sizes that masks have to fit. */
export interface MaskSizes {
  readonly layer: string;
  readonly batch: number;
  readonly time: number;
  readonly source: number;
}

/**
 * Which queries and which keys count, bool [B, T] and [B, S]; null: all. They stay apart from each other: together they
 * would be T×S for every row of the batch.
 * @throws {ShapeError} for a mask that does not fit.
 */
export function countingSteps(
  [ofQuery, ofValue, ofKey]: PartMasks,
  { layer, batch, time, source }: MaskSizes,
): { queryMask: Tensor | null; keyMask: Tensor | null } {
  const fit = (mask: Tensor | null, steps: number, name: string) =>
    mask && checked(mask, [batch, steps], `${layer}: ${name}`);
  return {
    queryMask: fit(ofQuery, time, "queryMask"),
    keyMask: both(fit(ofValue, source, "valueMask"), fit(ofKey, source, "keyMask")),
  };
}

/**
 * Which query sees which key: bool [B, N, T, S], an axis being 1 where all are alike; null: every one.
 * @param keyMask bool [B, S].
 * @param others bool [T, S], or as the result.
 */
export function visibleKeys(
  keyMask: Tensor | null,
  others: readonly (Tensor | null)[],
): Tensor | null {
  const [batch = 0, source = 0] = keyMask?.shape ?? [];
  const keys = keyMask && reshape(keyMask, [batch, 1, 1, source]);
  return others.reduce<Tensor | null>(
    (all, one) => both(all, one?.rank === 2 ? reshape(one, [1, 1, ...one.shape]) : one),
    keys,
  );
}

function both(a: Tensor | null, b: Tensor | null): Tensor | null {
  return a && b ? logicalAnd(a, b) : (a ?? b);
}

/** @throws {ShapeError} unless the mask has this shape. */
function checked(mask: Tensor, expected: readonly number[], what: string): Tensor {
  if (shapesEqual(mask.shape, expected)) return mask;
  throw new ShapeError(
    `${what} has shape ${formatShape(mask.shape)}. Expected ${formatShape(expected)}, batch and steps.`,
    { details: { received: mask.shape, expected } },
  );
}

/**
 * A mask as a bool tensor.
 * @throws {ArgumentError} for what is neither a tensor nor numbers.
 */
export function maskTensor(mask: unknown, what: string): Tensor | null {
  if (mask === null || mask === undefined) return null;
  if (mask instanceof Tensor || Array.isArray(mask) || ArrayBuffer.isView(mask)) {
    const given = toTensor(mask as TensorLike, what);
    return given.dtype === "bool" ? given : cast(given, "bool");
  }
  throw new ArgumentError(
    `${what}: received ${describeValue(mask)}. Expected a bool tensor or an array, true where something counts.`,
  );
}
