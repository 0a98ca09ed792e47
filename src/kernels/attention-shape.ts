import type { Attributes, Node } from "../graph/node.ts";
import type { Shape } from "../graph/shape.ts";
import { stridesOf } from "../graph/shape.ts";

/** Order of the axes of queries, keys, values and results: heads before time, or time before heads. */
export type AttentionLayout = "BNTD" | "BTND";

/** Sizes of one attention. */
export interface AttentionSizes {
  readonly batch: number;
  /** Heads of the queries, N. */
  readonly heads: number;
  /** Heads of keys and values, M; query head n reads head ⌊n·M/N⌋. */
  readonly keyHeads: number;
  /** Queries, T. */
  readonly time: number;
  /** Keys, S. */
  readonly source: number;
  /** Size of a query and of a key, D. */
  readonly keySize: number;
  /** Size of a value, E. */
  readonly valueSize: number;
}

/** Shapes of rank 4, in the layout. */
export interface AttentionShapes {
  readonly query: Shape;
  readonly key: Shape;
  readonly value: Shape;
}

/** Positions of batch, heads and time among the axes. */
const AXES = { BNTD: [0, 1, 2], BTND: [0, 2, 1] } as const;

export function attentionSizes(shapes: AttentionShapes, layout: AttentionLayout): AttentionSizes {
  const [batchAxis, headAxis, timeAxis] = AXES[layout];
  const { query, key, value } = shapes;
  return {
    batch: query[batchAxis] ?? 0,
    heads: query[headAxis] ?? 0,
    keyHeads: key[headAxis] ?? 0,
    time: query[timeAxis] ?? 0,
    source: key[timeAxis] ?? 0,
    keySize: query[3] ?? 0,
    valueSize: value[3] ?? 0,
  };
}

/** The axes [batch, heads, time, size] in the order of the layout. */
export function inLayout(
  [batch, heads, time, size]: readonly [number, number, number, number],
  layout: AttentionLayout,
): Shape {
  return layout === "BNTD" ? [batch, heads, time, size] : [batch, time, heads, size];
}

/** Elements from one batch, head and row to the next. */
export function layoutStrides(shape: Shape, layout: AttentionLayout): [number, number, number] {
  const strides = stridesOf(shape);
  const [batch, head, time] = AXES[layout];
  return [strides[batch] ?? 0, strides[head] ?? 0, strides[time] ?? 0];
}

/** Elements from one batch, head, query and key to the next, of what stretches to [B, N, T, S]; 0 where it does. */
export function broadcastStrides(shape: Shape): [number, number, number, number] {
  const strides = stridesOf(shape);
  const of = (axis: number): number => (shape[axis] === 1 ? 0 : (strides[axis] ?? 0));
  return [of(0), of(1), of(2), of(3)];
}

/** What a node's attributes say. */
export interface AttentionSettings {
  readonly layout: AttentionLayout;
  /** Factor of the products of queries and keys. */
  readonly scale: number;
  /** Query i sees keys j <= i. */
  readonly causal: boolean;
  /** Query i sees keys with |i - j| < window; null: all. */
  readonly window: number | null;
  /** Share of the weights that is set to zero; the others grow by 1 / (1 - dropout). */
  readonly dropout: number;
}

export function attentionSettings(attributes: Attributes): AttentionSettings {
  const { layout, scale, causal, window, dropout } = attributes;
  return { layout, scale, causal, window, dropout } as AttentionSettings;
}

/** Position of input `name` among a node's inputs, or -1. */
export function inputIndex(node: Node, name: string): number {
  return (node.attributes.inputs as readonly string[]).indexOf(name);
}
