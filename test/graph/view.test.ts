import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Shape, sizeOf, stridesOf } from "../../src/graph/shape.ts";
import {
  broadcastView,
  denseView,
  isDense,
  padView,
  reshapeView,
  sliceView,
  transposeView,
  type View,
  windowsView,
} from "../../src/graph/view.ts";

/** Elements written out one by one: the address that each is read from, null for a zero of a pad. */
interface Model {
  readonly shape: Shape;
  readonly elements: readonly (number | null)[];
}

/** A view with what it should read. */
interface Pair {
  readonly view: View;
  readonly model: Model;
}

const OUTSIDE = null;

describe("view", () => {
  test("reads what a chain of movements says, element by element", () => {
    fc.assert(
      fc.property(shapes, fc.array(moves, { maxLength: 7 }), (shape, chain) => {
        let pair = start(shape);
        for (const move of chain) pair = move(pair);
        expect(readAll(pair.view)).toEqual(pair.model.elements);
        expect(pair.view.shape).toEqual(pair.model.shape);
      }),
      { numRuns: 1500 },
    );
  });

  test("calls dense only what is read straight through", () => {
    fc.assert(
      fc.property(shapes, fc.array(moves, { maxLength: 4 }), (shape, chain) => {
        let pair = start(shape);
        for (const move of chain) pair = move(pair);
        if (isDense(pair.view)) {
          expect(readAll(pair.view)).toEqual(pair.model.elements.map((_, i) => i));
        }
      }),
      { numRuns: 500 },
    );
    expect(isDense(denseView([2, 3]))).toBe(true);
    expect(isDense(transposeView(denseView([2, 3]), [1, 0]))).toBe(false);
  });

  test("gives up a reshape only where no strides can say it", () => {
    let given = 0;
    fc.assert(
      fc.property(
        shapes,
        fc.array(unboundedMoves, { maxLength: 4 }),
        numbers,
        (shape, chain, n) => {
          let pair = start(shape);
          for (const move of chain) pair = move(pair);
          const to = factorsOf(sizeOf(pair.view.shape), n);
          const view = reshapeView(pair.view, to);
          if (view === null) {
            given++;
            expect(isAffine(pair.model.elements, to)).toBe(false);
          } else expect(readAll(view)).toEqual(pair.model.elements);
        },
      ),
      { numRuns: 1500 },
    );
    expect(given).toBeGreaterThan(0);
  });

  test("says a transposed matrix as a vector cannot be had by strides", () => {
    expect(reshapeView(transposeView(denseView([2, 3]), [1, 0]), [6])).toBe(null);
    expect(reshapeView(transposeView(denseView([2, 3]), [1, 0]), [3, 2, 1])).not.toBe(null);
  });

  test("keeps the zeros of a pad through a stretched axis of size 1", () => {
    // An axis of one element, padded in front and cut back to the pad alone: all zeros when stretched.
    const padded = padView(denseView([1, 2]), [1, 0], [2, 2]);
    const cut = sliceView(padded, { begin: [0, 0], size: [1, 2], step: [1, 1] });
    expect(readAll(broadcastView(cut, [3, 2]))).toEqual(new Array(6).fill(OUTSIDE));
    expect(reshapeView(cut, [2])).toBe(null);
  });

  test("gives up windows on an axis with zeros around, and only there", () => {
    const view = padView(denseView([3, 4]), [0, 1], [3, 6]);
    const windows = { size: 2, step: 1, dilation: 1 };
    expect(windowsView(view, { ...windows, axis: 1 }, 5)).toBeNull();
    const other = windowsView(view, { ...windows, axis: 0 }, 2);
    expect(other?.shape).toEqual([2, 2, 6]);
    expect(other && readAll(other).slice(0, 12)).toEqual([
      ...[OUTSIDE, 0, 1, 2, 3, OUTSIDE],
      ...[OUTSIDE, 4, 5, 6, 7, OUTSIDE],
    ]);
  });

  test("an empty view has no elements under any shape", () => {
    const view = reshapeView(denseView([0, 3]), [3, 0, 2]);
    expect(view?.shape).toEqual([3, 0, 2]);
    expect(view && readAll(view)).toEqual([]);
  });
});

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
const numbers = fc.array(fc.nat({ max: 999 }), { minLength: 8, maxLength: 8 });

type Move = (pair: Pair) => Pair;

const transposed = numbers.map(
  (n): Move =>
    (pair) => {
      const order = permutation(pair.view.shape.length, n);
      return moved(pair, {
        view: transposeView(pair.view, order),
        from: (place) => order.map((_, axis) => place[order.indexOf(axis)] ?? 0),
      });
    },
);

const sliced = numbers.map(
  (n): Move =>
    (pair) => {
      const step = pair.view.shape.map((_, axis) => [1, 2, -1, -2, 3][at(n, axis) % 5] ?? 1);
      const begin = pair.view.shape.map((dim, axis) => at(n, axis + 1) % dim);
      const size = pair.view.shape.map((dim, axis) => {
        const [first, by] = [begin[axis] ?? 0, step[axis] ?? 1];
        const most = by > 0 ? Math.ceil((dim - first) / by) : Math.floor(first / -by) + 1;
        return 1 + (at(n, axis + 2) % most);
      });
      return moved(pair, {
        view: sliceView(pair.view, { begin, size, step }),
        from: (place) => place.map((i, axis) => (begin[axis] ?? 0) + i * (step[axis] ?? 1)),
      });
    },
);

const padded = numbers.map(
  (n): Move =>
    (pair) => {
      if (sizeOf(pair.view.shape) > 200) return pair;
      const before = pair.view.shape.map((_, axis) => at(n, axis) % 3);
      const shape = pair.view.shape.map(
        (dim, axis) => dim + (before[axis] ?? 0) + (at(n, axis + 3) % 3),
      );
      return moved(pair, {
        view: padView(pair.view, before, shape),
        from: (place) => place.map((i, axis) => i - (before[axis] ?? 0)),
      });
    },
);

const broadcast = numbers.map(
  (n): Move =>
    (pair) => {
      if (sizeOf(pair.view.shape) > 200) return pair;
      const wide = pair.view.shape.map((dim, axis) => (dim === 1 ? 1 + (at(n, axis) % 3) : dim));
      const shape = at(n, 6) % 3 === 0 ? [2, ...wide] : wide;
      const added = shape.length - wide.length;
      return moved(pair, {
        view: broadcastView(pair.view, shape),
        from: (place) =>
          pair.view.shape.map((dim, axis) => (dim === 1 ? 0 : at(place, axis + added))),
      });
    },
);

const reshaped = numbers.map(
  (n): Move =>
    (pair) => {
      const shape = factorsOf(sizeOf(pair.view.shape), n);
      const view = reshapeView(pair.view, shape);
      // No strides for it: the caller copies, and so does the test.
      if (view === null) return start(shape);
      return { view, model: { shape, elements: pair.model.elements } };
    },
);

const windowed = numbers.map(
  (n): Move =>
    (pair) => {
      const axis = at(n, 0) % Math.max(1, pair.view.shape.length);
      const length = pair.view.shape[axis];
      if (length === undefined || sizeOf(pair.view.shape) > 200) return pair;
      const size = 1 + (at(n, 1) % length);
      const dilation = 1 + (at(n, 2) % (size === 1 ? 3 : Math.floor((length - 1) / (size - 1))));
      const step = 1 + (at(n, 3) % 3);
      const count = Math.floor((length - (size - 1) * dilation - 1) / step) + 1;
      const view = windowsView(pair.view, { axis, size, step, dilation }, count);
      if (view === null) return start(pair.view.shape.toSpliced(axis, 1, count, size));
      return moved(pair, {
        view,
        from: (place) =>
          place.toSpliced(axis, 2, at(place, axis) * step + at(place, axis + 1) * dilation),
      });
    },
);

const moves = fc.oneof(transposed, sliced, padded, broadcast, windowed, reshaped, reshaped);
const unboundedMoves = fc.oneof(transposed, sliced, broadcast, windowed, reshaped);

function start(shape: Shape): Pair {
  const elements = Array.from({ length: sizeOf(shape) }, (_, i) => i);
  return { view: denseView(shape), model: { shape, elements } };
}

function moved(
  { model }: Pair,
  { view, from }: { view: View; from: (place: readonly number[]) => number[] },
): Pair {
  const elements = placesOf(view.shape).map((place) => {
    const origin = from(place);
    const isInside = origin.every((i, axis) => i >= 0 && i < at(model.shape, axis));
    return isInside ? (model.elements[dot(origin, stridesOf(model.shape))] ?? OUTSIDE) : OUTSIDE;
  });
  return { view, model: { shape: view.shape, elements } };
}

/** Every address that a view reads, by its own definition. */
function readAll(view: View): (number | null)[] {
  return placesOf(view.shape).map((place) => {
    const isInside = view.bounds?.every(([low, high], axis) => {
      const i = place[axis] ?? 0;
      return i >= low && i < high;
    });
    return (isInside ?? true) ? view.offset + dot(place, view.strides) : OUTSIDE;
  });
}

/** Whether some offset and strides give these addresses over `shape`. */
function isAffine(addresses: readonly (number | null)[], shape: Shape): boolean {
  const dense = stridesOf(shape);
  const first = addresses[0] ?? 0;
  const strides = shape.map((dim, axis) =>
    dim > 1 ? (addresses[at(dense, axis)] ?? 0) - first : 0,
  );
  return placesOf(shape).every((place, i) => addresses[i] === first + dot(place, strides));
}

function placesOf(shape: Shape): number[][] {
  const strides = stridesOf(shape);
  return Array.from({ length: sizeOf(shape) }, (_, i) =>
    shape.map((dim, axis) => Math.floor(i / at(strides, axis)) % dim),
  );
}

function permutation(rank: number, n: readonly number[]): number[] {
  const left = Array.from({ length: rank }, (_, i) => i);
  return Array.from({ length: rank }, (_, i) => at(left.splice(at(n, i) % left.length, 1), 0));
}

/** A shape of `size` elements. */
function factorsOf(size: number, n: readonly number[]): number[] {
  let rest = size;
  const shape: number[] = [];
  for (let i = 0; i < (at(n, 7) % 4) + 1; i++) {
    const divisors = Array.from({ length: rest }, (_, k) => k + 1).filter((k) => rest % k === 0);
    const taken = at(divisors, at(n, i) % divisors.length);
    shape.push(taken);
    rest /= taken;
  }
  return [...shape, rest];
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * at(b, i), 0);
}

function at(list: readonly number[], index: number): number {
  return list[index] ?? 0;
}
