import { LimitError } from "../errors.ts";
import type { Node } from "../graph/node.ts";
import { formatShape, type Shape } from "../graph/shape.ts";

/** A batched matrix product with its batch axes collapsed as far as both operands allow. */
export interface MatMulShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly batches: number;
  /** Innermost first. Strides are in elements, 0 where the operand is broadcast. */
  readonly batchAxes: readonly BatchAxis[];
  /** Whether the operands' ranks leave batch axes after collapsing, whatever their sizes. */
  readonly isBatched: boolean;
  readonly aShape: Shape;
  readonly bShape: Shape;
}

export interface BatchAxis {
  readonly size: number;
  readonly strideA: number;
  readonly strideB: number;
}

/** Batch axes that the shader's params hold. */
const MAX_BATCH_AXES = 8;

/**
 * The sizes of a `matMul` node.
 * @throws {LimitError} for more than 8 batch axes that cannot be merged with their neighbours.
 */
export function matMulShape(node: Node): MatMulShape {
  const [a, b] = node.inputs;
  if (a === undefined || b === undefined) throw new RangeError("matMul has two inputs");
  const transposeA = node.attributes.transposeA === true;
  const transposeB = node.attributes.transposeB === true;
  const [aOuter, aInner] = lastTwo(a.shape);
  const [bOuter, bInner] = lastTwo(b.shape);
  const flags = { transposeA, transposeB, aShape: a.shape, bShape: b.shape };
  const sizes = {
    ...flags,
    m: transposeA ? aInner : aOuter,
    k: transposeA ? aOuter : aInner,
    n: transposeB ? bOuter : bInner,
  };
  const axes = batchAxes(a.shape, b.shape);
  const batches = axes.reduce((product, axis) => product * axis.size, 1);
  // One matrix B for all: the batches of A are further rows of one product.
  if (b.shape.length === 2 && !transposeA) {
    return { ...sizes, m: batches * sizes.m, batches: 1, batchAxes: [], isBatched: false };
  }
  const isBatched = a.shape.length > 2 || b.shape.length > 2;
  return { ...sizes, batches, batchAxes: collapse(axes, [a.shape, b.shape]), isBatched };
}

/** The uniform words of the batch axes: four an axis. */
export function batchWords({ batchAxes: axes }: MatMulShape): number[] {
  const words = axes.flatMap(({ size, strideA, strideB }) => [size, strideA, strideB, 0]);
  return [...words, ...new Array<number>(4 * MAX_BATCH_AXES - words.length).fill(0)];
}

function batchAxes(a: Shape, b: Shape): BatchAxis[] {
  const axes: BatchAxis[] = [];
  const rank = Math.max(a.length, b.length);
  let strideA = lastTwo(a)[0] * lastTwo(a)[1];
  let strideB = lastTwo(b)[0] * lastTwo(b)[1];
  for (let back = 3; back <= rank; back++) {
    const sizeA = a[a.length - back] ?? 1;
    const sizeB = b[b.length - back] ?? 1;
    const size = sizeA === 1 ? sizeB : sizeA;
    axes.push({ size, strideA: sizeA === 1 ? 0 : strideA, strideB: sizeB === 1 ? 0 : strideB });
    strideA *= sizeA;
    strideB *= sizeB;
  }
  return axes;
}

/** Drops axes of size 1 and merges neighbours through which both operands run evenly. */
function collapse(axes: readonly BatchAxis[], shapes: readonly Shape[]): BatchAxis[] {
  const merged: BatchAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const inner = merged.at(-1);
    const runsOn =
      inner !== undefined &&
      axis.strideA === inner.strideA * inner.size &&
      axis.strideB === inner.strideB * inner.size;
    if (runsOn) merged[merged.length - 1] = { ...inner, size: inner.size * axis.size };
    else merged.push(axis);
  }
  if (merged.length > MAX_BATCH_AXES) {
    throw new LimitError(
      `matMul: ${shapes.map(formatShape).join(" x ")} broadcasts along ${merged.length} batch axes by ` +
        `turns; expected at most ${MAX_BATCH_AXES}. Reshape to fewer axes.`,
    );
  }
  return merged;
}

function lastTwo(shape: Shape): [number, number] {
  return [shape[shape.length - 2] ?? 1, shape[shape.length - 1] ?? 1];
}
