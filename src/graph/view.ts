import { type Shape, sizeOf, stridesOf } from "./shape.ts";

/**
 * An index map: coordinates `c` over `shape` read element `offset + Σ c[i]·strides[i]` of a dense buffer.
 * Where `bounds` is set and some `c[i]` lies outside `[low, high)`, the element is 0 and nothing is read.
 * Movement operations (reshape, transpose, slice, …) are changes of a view, not copies.
 */
export interface View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  readonly bounds: readonly (readonly [number, number])[] | null;
  /** Elements that `offset` grows by with each step of the scan that the view stands in. */
  readonly perStep: number;
}

/** The whole of a dense row-major buffer. */
export function denseView(shape: Shape): View {
  return { shape, strides: stridesOf(shape), offset: 0, bounds: null, perStep: 0 };
}

export function transposeView(view: View, permutation: readonly number[]): View {
  const pick = <T>(list: readonly T[]): T[] =>
    permutation.map((axis) => list[axis]).filter((item): item is T => item !== undefined);
  return {
    shape: pick(view.shape),
    strides: pick(view.strides),
    offset: view.offset,
    bounds: view.bounds && pick(view.bounds),
    perStep: view.perStep,
  };
}

/** Stretches axes of size 1 (and adds axes in front) by stride 0. */
export function broadcastView(view: View, shape: Shape): View {
  const added = shape.length - view.shape.length;
  const stretched = (axis: number): boolean =>
    axis < added || (view.shape[axis - added] === 1 && shape[axis] !== 1);
  const bounds = view.bounds;
  return {
    shape,
    strides: shape.map((_, axis) => (stretched(axis) ? 0 : (view.strides[axis - added] ?? 0))),
    offset: view.offset,
    bounds:
      bounds &&
      shape.map((dim, axis) => {
        const bound = axis < added ? undefined : bounds[axis - added];
        if (bound === undefined) return [0, dim] as const;
        if (!stretched(axis)) return bound;
        return bound[0] <= 0 && bound[1] >= 1 ? ([0, dim] as const) : ([0, 0] as const);
      }),
    perStep: view.perStep,
  };
}

/** `size[i]` elements of each axis from `begin[i]` on, `step[i]` apart (negative: backwards). */
export function sliceView(
  view: View,
  { begin, size, step }: { begin: readonly number[]; size: Shape; step: readonly number[] },
): View {
  let offset = view.offset;
  const strides = view.strides.map((stride, axis) => {
    offset += stride * (begin[axis] ?? 0);
    return stride * (step[axis] ?? 1);
  });
  const bounds = view.bounds?.map(([low, high], axis) => {
    const start = begin[axis] ?? 0;
    const by = step[axis] ?? 1;
    const dim = size[axis] ?? 0;
    const [first, last] = by > 0 ? [low, high - 1] : [high - 1, low];
    const from = Math.ceil((first - start) / by);
    const to = Math.floor((last - start) / by) + 1;
    return [Math.max(0, from), Math.max(0, Math.min(dim, to))] as const;
  });
  return { shape: size, strides, offset, bounds: bounds ?? null, perStep: view.perStep };
}

/** Zeros around: `before[i]` in front of axis i, the new axis being `shape[i]` long. */
export function padView(view: View, before: readonly number[], shape: Shape): View {
  let offset = view.offset;
  view.strides.forEach((stride, axis) => {
    offset -= stride * (before[axis] ?? 0);
  });
  const bounds = shape.map((_, axis) => {
    const [low, high] = view.bounds?.[axis] ?? [0, view.shape[axis] ?? 0];
    const shift = before[axis] ?? 0;
    return [low + shift, high + shift] as const;
  });
  return { shape, strides: view.strides, offset, bounds, perStep: view.perStep };
}

/** Pieces of an axis: `size` elements, `dilation` apart; the next piece begins `step` elements later. */
export interface Windows {
  readonly axis: number;
  readonly size: number;
  readonly step: number;
  readonly dilation: number;
}

/**
 * `count` windows in place of an axis: one axis for the windows, behind it one for what is inside. Windows that overlap
 * read the same elements. Null on an axis with bounds: which elements are outside is then no range of either axis.
 */
export function windowsView(view: View, windows: Windows, count: number): View | null {
  const { axis, size, step, dilation } = windows;
  if (isBounded(view, axis)) return null;
  const stride = view.strides[axis] ?? 0;
  const split = <T>(list: readonly T[], outer: T, inner: T): T[] =>
    list.flatMap((item, i) => (i === axis ? [outer, inner] : [item]));
  return {
    shape: split(view.shape, count, size),
    strides: split(view.strides, stride * step, stride * dilation),
    offset: view.offset,
    bounds: view.bounds && split(view.bounds, [0, count] as const, [0, size] as const),
    perStep: view.perStep,
  };
}

/** The piece along `axis` that belongs to a step: the axis goes, and each step begins one piece further. */
export function stepView(view: View, axis: number): View | null {
  if (view.perStep !== 0 || isBounded(view, axis)) return null;
  const others = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== axis);
  return {
    shape: others(view.shape),
    strides: others(view.strides),
    offset: view.offset,
    bounds: view.bounds && others(view.bounds),
    perStep: view.strides[axis] ?? 0,
  };
}

/**
 * The same elements under another shape, or null when no strides can say so (a transposed matrix as a
 * vector); then the caller makes a dense copy first.
 */
export function reshapeView(view: View, shape: Shape): View | null {
  if (sizeOf(view.shape) === 0) return { ...denseView(shape), offset: view.offset };
  const strides = new Array<number>(shape.length).fill(0);
  const bounds = view.bounds ? shape.map((dim) => [0, dim] as [number, number]) : null;
  let to = shape.length - 1;
  let from = view.shape.length - 1;
  // Stride of the next axis outwards: axes of size 1 get the one they would have if they were longer, so
  // that a batch of one is read by the same shader as any other.
  let next = 1;
  while (to >= 0 || from >= 0) {
    // Match the smallest run of old axes against a run of new axes of the same size.
    const oldEnd = from;
    const newEnd = to;
    let oldSize = from >= 0 ? (view.shape[from--] ?? 1) : 1;
    let newSize = to >= 0 ? (shape[to--] ?? 1) : 1;
    while (oldSize !== newSize) {
      if (oldSize < newSize) oldSize *= view.shape[from--] ?? 1;
      else newSize *= shape[to--] ?? 1;
    }
    const old = range(from + 1, oldEnd + 1).filter((axis) => view.shape[axis] !== 1);
    if (!isOneRun(view, old)) return null;
    const bounded = old.filter((axis) => isBounded(view, axis));
    const created = range(to + 1, newEnd + 1);
    const wide = created.filter((axis) => shape[axis] !== 1);
    if (bounded.length > 0 && (old.length > 1 || wide.length > 1)) return null;
    let stride = view.strides[old.at(-1) ?? oldEnd] ?? next;
    for (const axis of created.reverse()) {
      strides[axis] = stride;
      stride *= shape[axis] ?? 1;
      const bound = view.bounds?.[old[0] ?? -1];
      if (bounds && bound && bounded.length > 0 && shape[axis] !== 1) {
        bounds[axis] = [bound[0], bound[1]];
      }
    }
    next = stride;
  }
  if (view.bounds?.some((bound, axis) => view.shape[axis] === 1 && bound[0] >= bound[1])) {
    return null;
  }
  const { offset, perStep } = view;
  return { shape, strides, offset, bounds: trimBounds(shape, bounds), perStep };
}

/** True where the view reads its buffer straight through: element i of the view is element i there. */
export function isDense(view: View): boolean {
  if (view.offset !== 0 || view.bounds || view.perStep !== 0) return false;
  const dense = stridesOf(view.shape);
  // Strides of axes of size 1 count, too: the answer must not depend on a batch being one row.
  return view.strides.every((stride, axis) => stride === dense[axis]);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

function isBounded(view: View, axis: number): boolean {
  const bound = view.bounds?.[axis];
  return bound !== undefined && (bound[0] > 0 || bound[1] < (view.shape[axis] ?? 0));
}

function isOneRun(view: View, axes: readonly number[]): boolean {
  for (let i = 0; i + 1 < axes.length; i++) {
    const outer = axes[i] ?? 0;
    const inner = axes[i + 1] ?? 0;
    if (view.strides[outer] !== (view.strides[inner] ?? 0) * (view.shape[inner] ?? 1)) return false;
  }
  return true;
}

function trimBounds(
  shape: Shape,
  bounds: [number, number][] | null,
): readonly (readonly [number, number])[] | null {
  if (!bounds) return null;
  return bounds.some(([low, high], axis) => low > 0 || high < (shape[axis] ?? 0)) ? bounds : null;
}
