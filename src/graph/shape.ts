import { ShapeError } from "../errors.ts";

/** Sizes of the axes, outermost first; `[]` is a scalar. Data is dense and row-major. */
export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** `[2,3]` for messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

export function shapesEqual(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/**
 * The shape that both broadcast to, by NumPy's rule (aligned at the right, 1 stretches).
 * @throws {ShapeError} when an axis differs and neither is 1.
 */
export function broadcastShapes(a: Shape, b: Shape, label: string): number[] {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${label}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: axis ${rank - i} has ` +
          `${x} and ${y}. Expected equal sizes, or 1 on one side; reshape or expandDims one of them.`,
        { details: { a, b } },
      );
    }
    result[rank - i] = x === 1 ? y : x;
  }
  return result;
}

/**
 * `axis` as a number from 0 to rank - 1; negative counts from the end.
 * @throws {ShapeError} outside [-rank, rank).
 */
export function normalizeAxis(axis: number, rank: number, label: string): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(
      `${label}: axis ${axis} is outside a tensor of rank ${rank}. Expected a whole number ` +
        `from ${-rank} to ${rank - 1}.`,
      { details: { axis, rank } },
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/** One, several, or (undefined) all axes, normalised, in ascending order, each once. */
export function normalizeAxes(
  axis: number | readonly number[] | undefined,
  rank: number,
  label: string,
): number[] {
  if (axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axis === "number" ? [axis] : axis;
  return [...new Set(list.map((one) => normalizeAxis(one, rank, label)))].sort((a, b) => a - b);
}

/** Shape after reducing `axes` (ascending, normalised). */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  const result: number[] = [];
  shape.forEach((dim, axis) => {
    if (!axes.includes(axis)) result.push(dim);
    else if (keepDims) result.push(1);
  });
  return result;
}
