import { ArgumentError, ShapeError } from "../errors.ts";
import type { Attributes, Node, Value } from "../graph/node.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import { type Windows, windowsView } from "../graph/view.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import { at, inputOf, numberAttribute } from "./attributes.ts";
import { reshape, slice } from "./movement.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { recordOne } from "./record.ts";

/*
 * What convolution and pooling stand on: an axis cut into windows. A window is a change of view, so the unfolded matrix of
 * a convolution is written by one kernel, however large the window is.
 */

/** All windows that fit along an axis: [.., length, ..] → [.., count, size, ..]. */
const windowsOp: Op = {
  name: "windows",
  infer: (inputs, attributes) => {
    const [x, windows] = [at(inputs, 0), windowsOf(attributes)];
    return [
      specOf(split(x.shape, windows.axis, [countOf("windows", x, windows), windows.size]), x.dtype),
    ];
  },
  gradient: (o, node, dys) => {
    const { axis } = windowsOf(node.attributes);
    const dy = at(dys, 0); // [.., count, size, ..]
    const piece = (first: number, size: number): Value =>
      o.slice(
        dy,
        dy.shape.map((_, i) => (i === axis + 1 ? first : 0)),
        dy.shape.map((dim, i) => (i === axis + 1 ? size : dim)),
      );
    return [overlapAdd(o, node, piece)];
  },
  lowering: {
    kind: "movement",
    view: (view, node) => {
      const windows = windowsOf(node.attributes);
      return windowsView(view, windows, at(at(node.outputs, 0).shape, windows.axis));
    },
  },
};

/** The greatest element of each window: [.., length, ..] → [.., count, ..]. */
const windowMaxOp: Op = {
  name: "windowMax",
  infer: (inputs, attributes) => {
    const [x, windows] = [at(inputs, 0), windowsOf(attributes)];
    return [specOf(split(x.shape, windows.axis, [countOf("windowMax", x, windows)]), x.dtype)];
  },
  gradient: (o, node, dys) => {
    const windows = windowsOf(node.attributes);
    const behind = windows.axis + 1;
    const best = o.argMax(o.windows(inputOf(node, 0), windows), behind); // [.., count, ..]
    const inside = (x: Value): Value => o.reshape(x, x.shape.toSpliced(behind, 0, 1));
    const [place, dy] = [inside(best), inside(at(dys, 0))]; // [.., count, 1, ..]
    const piece = (first: number, size: number): Value => {
      const positions = o.add(o.range(size), o.literal(first, [], "int32"));
      const along = o.reshape(positions, [size, ...place.shape.slice(behind + 1).map(() => 1)]);
      return o.where(o.equal(place, along), dy, o.literal(0));
    };
    return [overlapAdd(o, node, piece)];
  },
  reference: (o, inputs, node) => {
    const windows = windowsOf(node.attributes);
    return [o.max(o.windows(at(inputs, 0), windows), [windows.axis + 1])];
  },
  lowering: { kind: "expand" },
};

export function windows(x: Value, given: Windows): Value {
  const { axis, size, step, dilation } = given;
  const count = countOf("windows", x.spec, given);
  // Windows that lie side by side are a reshape: nothing to move, and the gradient is another one.
  if (size === 1 || (size === step && dilation === 1)) {
    const begin = x.shape.map(() => 0);
    const used = size === 1 ? count : count * size;
    const by = x.shape.map((_, i) => (i === axis && size === 1 ? step : 1));
    const cut = slice(x, begin, split(x.shape, axis, [used]), by);
    return reshape(cut, split(x.shape, axis, [count, size]));
  }
  return recordOne(windowsOp, [x], { ...given });
}

export function windowMax(x: Value, given: Windows): Value {
  return recordOne(windowMaxOp, [x], { ...given });
}

export const windowOps: readonly Op[] = [windowsOp, windowMaxOp];

function windowsOf(attributes: Attributes): Windows {
  const [axis, size] = [numberAttribute(attributes, "axis"), numberAttribute(attributes, "size")];
  const step = numberAttribute(attributes, "step");
  return { axis, size, step, dilation: numberAttribute(attributes, "dilation") };
}

/**
 * How many windows fit.
 * @throws {ArgumentError} for numbers below 1, and for a step above 1 together with a dilation.
 * @throws {ShapeError} where not one fits.
 */
function countOf(label: string, x: Spec, { axis, size, step, dilation }: Windows): number {
  const isCount = [size, step, dilation].every((n) => isWholeNumber(n, 1));
  if (!isCount || (step > 1 && dilation > 1)) {
    throw new ArgumentError(
      `${label}: size ${size}, step ${step}, dilation ${dilation}. Expected whole numbers from 1 on, and a step or a ` +
        "dilation above 1, not both.",
      { details: { size, step, dilation } },
    );
  }
  const span = (size - 1) * dilation + 1;
  const length = at(x.shape, axis);
  if (span > length) {
    throw new ShapeError(
      `${label}: one of ${span} elements on axis ${axis} of ${formatSpec(x)}. Expected ${length} at most.`,
      { details: { shape: x.shape, axis, size, dilation } },
    );
  }
  return Math.floor((length - span) / step) + 1;
}

/**
 * The transpose of `windows`: each element is the sum of its copies in all windows. `piece(first, size)` gives positions
 * from `first` on of every window, [.., count, size, ..].
 *
 * Position q·step + r of window n is element (n + q)·step + r: whole blocks of `step` positions move together, so that a
 * step above 1 needs no zeros between elements. With a step of 1, block q is position q and moves by q·dilation.
 */
function overlapAdd(o: Ops, node: Node, piece: (first: number, size: number) => Value): Value {
  const { axis, size, step, dilation } = windowsOf(node.attributes);
  const x = inputOf(node, 0);
  const last = Math.ceil(size / step) - 1;
  const pads = (shape: readonly number[]): [number, number][] => shape.map(() => [0, 0]);
  const blocks = Array.from({ length: last + 1 }, (_, q) => {
    const block = piece(q * step, Math.min(step, size - q * step));
    const missing = step - at(block.shape, axis + 1);
    const around = pads(block.shape);
    around[axis] = [q * dilation, (last - q) * dilation];
    around[axis + 1] = [0, missing];
    return o.pad(block, around);
  });
  const rows = sumOf(o, blocks); // [.., count + last·dilation, step, ..]
  const reached = at(rows.shape, axis) * step;
  const flat = o.reshape(rows, split(x.shape, axis, [reached]));
  const length = at(x.shape, axis);
  const begin = x.shape.map(() => 0);
  if (reached >= length) return o.slice(flat, begin, x.shape);
  const behind = pads(x.shape);
  behind[axis] = [0, length - reached];
  return o.pad(flat, behind);
}

/** In pairs: a long chain would be cut by the depth that expressions may have. */
function sumOf(o: Ops, values: readonly Value[]): Value {
  const [first, second] = values;
  if (first !== undefined && second === undefined) return first;
  const half = Math.ceil(values.length / 2);
  return o.add(sumOf(o, values.slice(0, half)), sumOf(o, values.slice(half)));
}

/** `shape` with other axes in place of `axis`. */
function split(shape: readonly number[], axis: number, sizes: readonly number[]): number[] {
  return shape.toSpliced(axis, 1, ...sizes);
}
