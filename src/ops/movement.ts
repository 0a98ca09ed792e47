import { ArgumentError, ShapeError } from "../errors.ts";
import type { Attributes, Value } from "../graph/node.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../graph/shape.ts";
import { formatSpec, specOf } from "../graph/spec.ts";
import { broadcastView, padView, reshapeView, sliceView, transposeView } from "../graph/view.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import { at, inputOf, numbersAttribute, pairsAttribute, shapeAttribute } from "./attributes.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { recordOne } from "./record.ts";

const reshapeOp: Op = {
  name: "reshape",
  infer: (inputs, attributes) => {
    const x = at(inputs, 0);
    const shape = checkedShape("reshape", shapeAttribute(attributes));
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new ShapeError(
        `reshape: ${formatSpec(x)} has ${sizeOf(x.shape)} elements, but ${formatShape(shape)} ` +
          `holds ${sizeOf(shape)}. One size may be -1: it takes what is left.`,
        { details: { from: x.shape, to: shape } },
      );
    }
    return [specOf(shape, x.dtype)];
  },
  gradient: (o, node, dys) => [o.reshape(at(dys, 0), inputOf(node, 0).shape)],
  lowering: {
    kind: "movement",
    view: (view, node) => reshapeView(view, at(node.outputs, 0).shape),
  },
};

const transposeOp: Op = {
  name: "transpose",
  infer: (inputs, attributes) => {
    const x = at(inputs, 0);
    const permutation = numbersAttribute(attributes, "permutation");
    const isOrder = x.shape.every((_, axis) => permutation.includes(axis));
    if (permutation.length !== x.shape.length || !isOrder) {
      throw new ShapeError(
        `transpose: permutation ${formatShape(permutation)} of ${formatSpec(x)}. Expected each ` +
          `axis from 0 to ${x.shape.length - 1} once.`,
        { details: { permutation, shape: x.shape } },
      );
    }
    return [
      specOf(
        permutation.map((axis) => at(x.shape, axis)),
        x.dtype,
      ),
    ];
  },
  gradient: (o, node, dys) => {
    const permutation = numbersAttribute(node.attributes, "permutation");
    return [
      o.transpose(
        at(dys, 0),
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ];
  },
  lowering: {
    kind: "movement",
    view: (view, node) => transposeView(view, numbersAttribute(node.attributes, "permutation")),
  },
};

const broadcastToOp: Op = {
  name: "broadcastTo",
  infer: (inputs, attributes) => {
    const x = at(inputs, 0);
    const shape = checkedShape("broadcastTo", shapeAttribute(attributes));
    const added = shape.length - x.shape.length;
    if (added < 0 || x.shape.some((dim, axis) => dim !== 1 && dim !== shape[axis + added])) {
      throw new ShapeError(
        `broadcastTo: ${formatSpec(x)} does not stretch to ${formatShape(shape)}. Aligned at the ` +
          "right, each axis must be equal or 1.",
        { details: { from: x.shape, to: shape } },
      );
    }
    return [specOf(shape, x.dtype)];
  },
  gradient: (o, node, dys) => [sumToShape(o, at(dys, 0), inputOf(node, 0).shape)],
  lowering: {
    kind: "movement",
    view: (view, node) => broadcastView(view, at(node.outputs, 0).shape),
  },
};

/** `size[i]` elements from `begin[i]` on, `step[i]` apart; a negative step walks backwards. */
const sliceOp: Op = {
  name: "slice",
  infer: (inputs, attributes) => {
    const x = at(inputs, 0);
    const region = regionOf(attributes);
    const fits = x.shape.every((dim, axis) => {
      const first = at(region.begin, axis);
      const count = at(region.size, axis);
      const last = first + (count - 1) * at(region.step, axis);
      return count === 0 || (first >= 0 && first < dim && last >= 0 && last < dim);
    });
    if (!fits) {
      throw new ShapeError(
        `slice: ${formatShape(region.size)} elements from ${formatShape(region.begin)} by ` +
          `${formatShape(region.step)} leave ${formatSpec(x)}.`,
        { details: { shape: x.shape, ...region } },
      );
    }
    return [specOf(region.size, x.dtype)];
  },
  gradient: (o, node, dys) => [
    unslice(o, at(dys, 0), { into: inputOf(node, 0).shape, ...regionOf(node.attributes) }),
  ],
  lowering: { kind: "movement", view: (view, node) => sliceView(view, regionOf(node.attributes)) },
};

/** Zeros around. */
const padOp: Op = {
  name: "pad",
  infer: (inputs, attributes) => {
    const x = at(inputs, 0);
    const paddings = pairsAttribute(attributes, "paddings");
    const isCount = (n: number): boolean => isWholeNumber(n, 0);
    if (paddings.length !== x.shape.length || !paddings.flat().every(isCount)) {
      throw new ShapeError(
        `pad: paddings ${JSON.stringify(paddings)} of ${formatSpec(x)}. Expected [before, after] ` +
          `for each of ${x.shape.length} axes, whole numbers from 0 on.`,
        { details: { paddings, shape: x.shape } },
      );
    }
    const sum = (dim: number, axis: number): number =>
      dim + at(paddings, axis)[0] + at(paddings, axis)[1];
    return [specOf(x.shape.map(sum), x.dtype)];
  },
  gradient: (o, node, dys) => {
    const begin = pairsAttribute(node.attributes, "paddings").map(([before]) => before);
    return [o.slice(at(dys, 0), begin, inputOf(node, 0).shape)];
  },
  lowering: {
    kind: "movement",
    view: (view, node) => {
      const before = pairsAttribute(node.attributes, "paddings").map(([first]) => first);
      return padView(view, before, at(node.outputs, 0).shape);
    },
  },
};

/** The same value; no gradient flows through. */
const stopGradientOp: Op = {
  name: "stopGradient",
  infer: (inputs) => [at(inputs, 0)],
  gradient: () => [null],
  lowering: { kind: "movement", view: (view) => view },
};

export function reshape(x: Value, shape: Shape): Value {
  return shapesEqual(x.shape, shape) ? x : recordOne(reshapeOp, [x], { shape: [...shape] });
}

/** Axes in the order of `permutation`; reversed when absent. */
export function transpose(x: Value, permutation?: readonly number[]): Value {
  const order = permutation ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  const isIdentity = order.length === x.shape.length && order.every((axis, i) => axis === i);
  return isIdentity ? x : recordOne(transposeOp, [x], { permutation: [...order] });
}

export function broadcastTo(x: Value, shape: Shape): Value {
  return shapesEqual(x.shape, shape) ? x : recordOne(broadcastToOp, [x], { shape: [...shape] });
}

/** `size[i]` elements of axis i from `begin[i]` on, `step[i]` (default 1) apart. */
export function slice(
  x: Value,
  begin: readonly number[],
  size: Shape,
  step: readonly number[] = x.shape.map(() => 1),
): Value {
  const rank = x.shape.length;
  if (begin.length !== rank || size.length !== rank || step.length !== rank || step.includes(0)) {
    throw new ArgumentError(
      `slice: begin ${formatShape(begin)}, size ${formatShape(size)}, step ${formatShape(step)} ` +
        `of ${formatSpec(x.spec)}. Expected one entry an axis, steps other than 0.`,
    );
  }
  if (shapesEqual(size, x.shape) && step.every((by) => by === 1) && begin.every((b) => b === 0)) {
    return x;
  }
  return recordOne(sliceOp, [x], { begin: [...begin], size: [...size], step: [...step] });
}

export function pad(x: Value, paddings: readonly (readonly [number, number])[]): Value {
  const isEmpty = paddings.length === x.shape.length && paddings.flat().every((n) => n === 0);
  return isEmpty ? x : recordOne(padOp, [x], { paddings: paddings.map((pair) => [...pair]) });
}

/** Elements in opposite order along `axes` (normalised). */
export function reverse(x: Value, axes: readonly number[]): Value {
  const isReversed = (axis: number): boolean => axes.includes(axis) && at(x.shape, axis) > 1;
  const begin = x.shape.map((dim, axis) => (isReversed(axis) ? dim - 1 : 0));
  return slice(
    x,
    begin,
    x.shape,
    x.shape.map((_, axis) => (isReversed(axis) ? -1 : 1)),
  );
}

export function stopGradient(x: Value): Value {
  return recordOne(stopGradientOp, [x]);
}

export const movementOps: readonly Op[] = [
  reshapeOp,
  transposeOp,
  broadcastToOp,
  sliceOp,
  padOp,
  stopGradientOp,
];

/** `x` summed over the axes along which `shape` would have to be stretched to become `x.shape`. */
export function sumToShape(o: Ops, x: Value, shape: Shape): Value {
  const added = x.shape.length - shape.length;
  const stretched = x.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1));
  const summed = stretched.length > 0 ? o.sum(x, stretched, true) : x;
  return o.reshape(summed, shape);
}

interface Region {
  readonly begin: readonly number[];
  readonly size: Shape;
  readonly step: readonly number[];
}

function regionOf(attributes: Attributes): Region {
  return {
    begin: numbersAttribute(attributes, "begin"),
    size: numbersAttribute(attributes, "size"),
    step: numbersAttribute(attributes, "step"),
  };
}

/** Puts `dy` where `slice` took from; zeros elsewhere. */
function unslice(o: Ops, dy: Value, { into, begin, step }: Region & { into: Shape }): Value {
  if (sizeOf(dy.shape) === 0) return o.literal(0, into);
  const backwards = step.flatMap((by, axis) => (by < 0 ? [axis] : []));
  const spread = dilate(o, o.reverse(dy, backwards), step.map(Math.abs));
  const paddings = into.map((dim, axis) => {
    const reach = (at(dy.shape, axis) - 1) * at(step, axis);
    const before = at(begin, axis) + Math.min(0, reach);
    return [before, dim - before - at(spread.shape, axis)] as const;
  });
  return o.pad(spread, paddings);
}

/** Zeros between the elements: element i of an axis moves to i·step. */
function dilate(o: Ops, x: Value, step: readonly number[]): Value {
  if (step.every((by) => by === 1)) return x;
  const paired = x.shape.flatMap((dim) => [dim, 1]);
  const padded = o.pad(
    o.reshape(x, paired),
    step.flatMap((by) => [[0, 0] as const, [0, by - 1] as const]),
  );
  const long = x.shape.map((dim, axis) => dim * at(step, axis));
  const exact = x.shape.map((dim, axis) => (dim - 1) * at(step, axis) + 1);
  return o.slice(
    o.reshape(padded, long),
    exact.map(() => 0),
    exact,
  );
}

function checkedShape(label: string, shape: Shape): Shape {
  if (shape.every((dim) => isWholeNumber(dim, 0))) return shape;
  throw new ShapeError(
    `${label}: shape ${formatShape(shape)} received; expected whole numbers from 0 on.`,
    { details: { shape } },
  );
}
