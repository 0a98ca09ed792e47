import { coordinatesOf, flatIndex } from "./coordinates.ts";
import type { Elements, Operand, Rule } from "./interpreter.ts";

/** Movement, element by element: where does each element of the output come from? */
export const movementRules: Readonly<Record<string, Rule>> = {
  reshape: ([x]) => [copyOf(x)],
  stopGradient: ([x]) => [copyOf(x)],
  customGrad: ([x]) => [copyOf(x)],
  transpose: (inputs, node) => {
    const permutation = node.attributes.permutation as readonly number[];
    return [
      moved(inputs, node.outputs[0]?.shape, (place, from) =>
        from.map((_, axis) => place[permutation.indexOf(axis)] ?? 0),
      ),
    ];
  },
  broadcastTo: (inputs, node) => [
    moved(inputs, node.outputs[0]?.shape, (place, from) =>
      from.map((dim, axis) => (dim === 1 ? 0 : (place[place.length - from.length + axis] ?? 0))),
    ),
  ],
  slice: (inputs, node) => {
    const { begin, step } = node.attributes as { begin: number[]; step: number[] };
    return [
      moved(inputs, node.outputs[0]?.shape, (place) =>
        place.map((i, axis) => (begin[axis] ?? 0) + i * (step[axis] ?? 1)),
      ),
    ];
  },
  pad: (inputs, node) => {
    const paddings = node.attributes.paddings as [number, number][];
    return [
      moved(inputs, node.outputs[0]?.shape, (place) =>
        place.map((i, axis) => i - (paddings[axis]?.[0] ?? 0)),
      ),
    ];
  },
  windows: (inputs, node) => {
    const { axis, step, dilation } = node.attributes as Record<string, number>;
    const at = (place: readonly number[], i: number): number => place[i] ?? 0;
    return [
      moved(inputs, node.outputs[0]?.shape, (place, from) =>
        from.map((_, i) => {
          if (i < Number(axis)) return at(place, i);
          if (i > Number(axis)) return at(place, i + 1);
          return at(place, i) * Number(step) + at(place, i + 1) * Number(dilation);
        }),
      ),
    ];
  },
};

/**
 * Element of the output at `place` is the input's at `origin(place)`, or 0 where that lies outside.
 */
function moved(
  [x]: readonly Operand[],
  shape: readonly number[] = [],
  origin: (place: readonly number[], from: readonly number[]) => number[],
): Elements {
  if (x === undefined) throw new RangeError("movement without an input");
  const result: number[] = [];
  for (const place of coordinatesOf(shape)) {
    const from = origin(place, x.shape);
    const isInside = from.every((i, axis) => i >= 0 && i < (x.shape[axis] ?? 0));
    result.push(isInside ? (x.data[flatIndex(x.shape, from)] ?? Number.NaN) : 0);
  }
  return Float64Array.from(result);
}

function copyOf(x: Operand | undefined): Elements {
  return Float64Array.from(x?.data ?? []);
}
