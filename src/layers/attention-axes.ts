import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import { reshape, type Tensor, transpose } from "../tensor/index.ts";
import type { LayerShape } from "./layer-shape.ts";

/**
 * The axes that attention runs over, of inputs [B, …, D]: together they are its time, all others its batch. What
 * moves them is a change of view.
 */
export class AttentionAxes {
  /** From 1 to rank - 2, as they were given. */
  readonly attended: readonly number[];
  /** The others, batch first, without the features. */
  readonly free: readonly number[];
  readonly #rank: number;

  /** @throws {ArgumentError} for axes that are batch or features, occur twice, or are not there. */
  constructor(given: readonly number[] | null, rank: number, layer: string) {
    const inner = Array.from({ length: rank - 2 }, (_, axis) => axis + 1);
    const axes = (given ?? inner).map((axis) => (axis < 0 ? axis + rank : axis));
    const isFit = axes.every((axis) => inner.includes(axis)) && new Set(axes).size === axes.length;
    if (!isFit || axes.length === 0) {
      throw new ArgumentError(
        `${layer}: attentionAxes are [${(given ?? inner).join(",")}] for an input of rank ${rank}. Expected some of ` +
          `${inner.join(", ") || "an input's inner axes; this one has none"}: neither the batch nor the features.`,
        { details: { attentionAxes: given, rank } },
      );
    }
    this.attended = axes;
    this.free = [0, ...inner.filter((axis) => !axes.includes(axis))];
    this.#rank = rank;
  }

  /** Whether inputs are [B, T, D] as they come. */
  get isPlain(): boolean {
    return this.#rank === 3;
  }

  /** Number of rows of the batch that attention sees. */
  batchOf(shape: Shape): number {
    return sizeOf(this.#pick(shape, this.free));
  }

  /** Number of steps that it sees. */
  timeOf(shape: Shape): number {
    return sizeOf(this.#pick(shape, this.attended));
  }

  /** [B, …, D] → [B', T, D]. */
  flatten(x: Tensor): Tensor {
    if (this.isPlain) return x;
    const features = x.shape.at(-1) ?? 1;
    const moved = transpose(x, [...this.free, ...this.attended, this.#rank - 1]);
    return reshape(moved, [this.batchOf(x.shape), this.timeOf(x.shape), features]);
  }

  /** [B', T, …tail] → the axes of a query of this shape, then the tail. */
  restore(y: Tensor, query: Shape): Tensor {
    if (this.isPlain) return y;
    const order = [...this.free, ...this.attended];
    const tail = y.shape.slice(2);
    const apart = reshape(y, [...this.#pick(query, order), ...tail]);
    const back = order.map((_, axis) => order.indexOf(axis));
    return transpose(apart, [...back, ...tail.map((_, axis) => order.length + axis)]);
  }

  /** Scores [B', N, T, S] → [B, …free, N, …T, …S]. */
  restoreScores(scores: Tensor, query: Shape, value: Shape): Tensor {
    if (this.isPlain) return scores;
    const heads = scores.shape[1] ?? 1;
    return reshape(scores, this.scoresShape(query, value, heads) as number[]);
  }

  scoresShape(query: LayerShape, value: LayerShape, heads: number): LayerShape {
    const ofQuery = this.attended.map((axis) => query[axis] ?? null);
    const ofValue = this.attended.map((axis) => value[axis] ?? null);
    return [...this.free.map((axis) => query[axis] ?? null), heads, ...ofQuery, ...ofValue];
  }

  /**
   * An attention mask [T…, S…], [B, T…, S…] or [B, N, T…, S…] as bool [B' or 1, N or 1, T, S].
   * @throws {ShapeError} for another shape, and for a batch or heads in front where axes of the input are left out.
   */
  mask(
    mask: Tensor,
    { heads, query, value }: { heads: number; query: Shape; value: Shape },
    layer: string,
  ): Tensor {
    const tail = [...this.#pick(query, this.attended), ...this.#pick(value, this.attended)];
    const [batch = 1] = query;
    const front = mask.shape.slice(0, Math.max(0, mask.rank - tail.length));
    const wanted = [[], [batch], [batch, heads]][front.length] ?? [-1];
    // Of several axes that become one, a single one cannot stretch.
    const isTail = tail.every((size, i) => {
      const received = mask.shape[front.length + i];
      return received === size || (received === 1 && this.attended.length === 1);
    });
    const isFront = wanted.every((size, i) => front[i] === size || front[i] === 1);
    const isBatch = this.free.length === 1 || front.length === 0;
    if (mask.rank < tail.length || !isTail || !isFront || !isBatch) {
      const shapes = [tail, [batch, ...tail], [batch, heads, ...tail]].slice(
        0,
        this.free.length === 1 ? 3 : 1,
      );
      throw new ShapeError(
        `${layer}: received an attentionMask of shape ${formatShape(mask.shape)}. Expected ` +
          `${shapes.map(formatShape).join(", ")}: ${this.free.length === 1 ? "[T,S], [B,T,S] or [B,N,T,S]" : "[T,S]"}, ` +
          "each axis as there or 1.",
        { details: { received: mask.shape, expected: shapes } },
      );
    }
    const [first = 1, second = 1] = front;
    const count = this.attended.length;
    const sizes = mask.shape.slice(front.length);
    return reshape(mask, [
      first,
      second,
      sizeOf(sizes.slice(0, count)),
      sizeOf(sizes.slice(count)),
    ]);
  }

  #pick(shape: Shape, axes: readonly number[]): number[] {
    return axes.map((axis) => shape[axis] ?? 1);
  }
}
