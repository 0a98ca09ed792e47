import type { Node } from "../../src/graph/node.ts";
import { reducedShape, sizeOf } from "../../src/graph/shape.ts";
import type { Combine } from "../../src/kernels/reduce-source.ts";
import { coordinatesOf, flatIndex } from "./coordinates.ts";
import type { Elements, Operand } from "./interpreter.ts";

/** Folds the elements of each result, in row-major order. */
export function reduceRule(
  combine: Combine,
  inputs: readonly Operand[],
  node: Node,
): readonly Elements[] {
  const [x] = inputs;
  if (x === undefined) throw new RangeError(`${node.op} without an input`);
  const axes = node.attributes.axes as readonly number[];
  const shape = reducedShape(x.shape, axes, true);
  const groups = Array.from({ length: sizeOf(shape) }, (): number[] => []);
  for (const place of coordinatesOf(x.shape)) {
    const to = place.map((i, axis) => (axes.includes(axis) ? 0 : i));
    groups[flatIndex(shape, to)]?.push(x.data[flatIndex(x.shape, place)] ?? Number.NaN);
  }
  const isInt = node.outputs[0]?.dtype === "int32";
  const fold = FOLD[combine];
  return [Float64Array.from(groups, (group) => (isInt ? fold(group) | 0 : fold(group)))];
}

const FOLD: Readonly<Record<Combine, (group: readonly number[]) => number>> = {
  sum: (group) => group.reduce((a, b) => a + b, 0),
  prod: (group) => group.reduce((a, b) => a * b, 1),
  max: (group) => Math.max(...group),
  min: (group) => Math.min(...group),
  argMax: (group) => placeOf(Math.max(...group), group),
  argMin: (group) => placeOf(Math.min(...group), group),
};

/** Where a group with NaN has NaN as its extreme, which is the first one. */
function placeOf(extreme: number, group: readonly number[]): number {
  return Number.isNaN(extreme) ? group.findIndex(Number.isNaN) : group.indexOf(extreme);
}
