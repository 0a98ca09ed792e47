import { ShapeError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Node, Value } from "../graph/node.ts";
import { normalizeAxes, normalizeAxis, reducedShape, type Shape, sizeOf } from "../graph/shape.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import type { Combine } from "../kernels/reduce-source.ts";
import { at, booleanAttribute, inputOf, numbersAttribute } from "./attributes.ts";
import { cast } from "./cast.ts";
import { toFloat } from "./common-dtype.ts";
import type { Op } from "./op.ts";
import type { Ops, Reduce } from "./ops.ts";
import { recordOne } from "./record.ts";

type ReduceGradient = (o: Ops, node: Node, dy: Value) => Value;

function reduceOp(combine: "sum" | "prod" | "max" | "min", gradient: ReduceGradient): Op {
  return {
    name: combine,
    infer: (inputs, attributes) => [
      inferReduce(combine, at(inputs, 0), {
        axes: numbersAttribute(attributes, "axes"),
        keepDims: booleanAttribute(attributes, "keepDims"),
      }),
    ],
    gradient: (o, node, dys) => [gradient(o, node, at(dys, 0))],
    lowering: { kind: "reduce", combine },
  };
}

const sumOp = reduceOp("sum", (o, node, dy) => spread(o, node, dy));

/** dx = dy · (product of all others): right also where elements are 0, when y/x is not. */
const prodOp = reduceOp("prod", (o, node, dy) => {
  const x = inputOf(node, 0);
  const axes = numbersAttribute(node.attributes, "axes");
  const rest = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...rest, ...axes];
  const turned = o.transpose(x, order);
  const length = sizeOf(axes.map((axis) => at(x.shape, axis)));
  const rows = o.reshape(turned, [...rest.map((axis) => at(x.shape, axis)), length]);
  const others = o.mul(
    o.cumprod(rows, rest.length, true),
    o.cumprod(rows, rest.length, true, true),
  );
  const back = o.transpose(
    o.reshape(others, turned.shape),
    order.map((_, axis) => order.indexOf(axis)),
  );
  return o.mul(spread(o, node, dy), back);
});

/**
 * NaN where any element is NaN. Equal extremes share the gradient evenly, as in Keras and PyTorch's
 * amax.
 */
const maxOp = reduceOp("max", extremeGradient);
/**
 * NaN where any element is NaN. Equal extremes share the gradient evenly, as in Keras and PyTorch's
 * amin.
 */
const minOp = reduceOp("min", extremeGradient);

function argOp(combine: "argMax" | "argMin"): Op {
  return {
    name: combine,
    infer: (inputs, attributes) => {
      const axes = numbersAttribute(attributes, "axes");
      const reduced = inferReduce(combine, at(inputs, 0), { axes, keepDims: false });
      return [specOf(reduced.shape, "int32")];
    },
    gradient: () => [null],
    lowering: { kind: "reduce", combine },
  };
}

/** Position of the first greatest element; of the first NaN, if there is one. */
const argMaxOp = argOp("argMax");
/** Position of the first least element; of the first NaN, if there is one. */
const argMinOp = argOp("argMin");

/**
 * Sum · 1/count. The count is a scalar of the node, not text of a shader: it changes with the
 * batch.
 */
const meanOp: Op = {
  name: "mean",
  infer: (inputs, attributes) => [
    inferReduce("mean", at(inputs, 0), {
      axes: numbersAttribute(attributes, "axes"),
      keepDims: booleanAttribute(attributes, "keepDims"),
    }),
  ],
  gradient: (o, node, dys) => [spread(o, node, o.mul(at(dys, 0), o.scalar(at(node.scalars, 0))))],
  reference: (o, inputs, node) => {
    const axes = numbersAttribute(node.attributes, "axes");
    // A mean of halves is a half, their sum need not be.
    const wide = o.cast(at(inputs, 0), "float32");
    const total = o.sum(wide, axes, booleanAttribute(node.attributes, "keepDims"));
    return [o.cast(o.mul(total, o.scalar(at(node.scalars, 0))), at(inputs, 0).dtype)];
  },
  lowering: { kind: "expand" },
};

export const sum = reduceFunction(sumOp);
export const prod = reduceFunction(prodOp);
export const max = reduceFunction(maxOp);
export const min = reduceFunction(minOp);

export const mean: Reduce = (x, axes, keepDims = false) => {
  const list = normalizeAxes(axes, x.shape.length, "mean");
  const count = sizeOf(list.map((axis) => at(x.shape, axis)));
  const scalars = [HostScalar.of(1 / count)];
  return recordOne(meanOp, [toFloat(x)], { axes: list, keepDims }, { scalars });
};

export const argMax = (x: Value, axis: number): Value => argFunction(argMaxOp, x, axis);
export const argMin = (x: Value, axis: number): Value => argFunction(argMinOp, x, axis);

export const reduceOps: readonly Op[] = [sumOp, prodOp, maxOp, minOp, argMaxOp, argMinOp, meanOp];

function reduceFunction(op: Op): Reduce {
  return (x, axes, keepDims = false) => {
    const list = normalizeAxes(axes, x.shape.length, op.name);
    const number = cast(x, x.dtype === "bool" ? "int32" : x.dtype);
    return list.length === 0 ? number : recordOne(op, [number], { axes: list, keepDims });
  };
}

function argFunction(op: Op, x: Value, axis: number): Value {
  const number = cast(x, x.dtype === "bool" ? "int32" : x.dtype);
  const axes = [normalizeAxis(axis, x.shape.length, op.name)];
  return recordOne(op, [number], { axes, keepDims: false });
}

interface Reduction {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

function inferReduce(label: Combine | "mean", x: Spec, { axes, keepDims }: Reduction): Spec {
  const isEmpty = axes.some((axis) => x.shape[axis] === 0);
  if (isEmpty && label !== "sum" && label !== "prod") {
    throw new ShapeError(
      `${label}: ${formatSpec(x)} has no elements along axis ${axes.join(" or ")}, so there is ` +
        `no ${label}. Expected at least one.`,
      { details: { shape: x.shape, axes } },
    );
  }
  return specOf(reducedShape(x.shape, axes, keepDims), x.dtype);
}

/** `value`, of the reduced shape, stretched over the axes that were reduced. */
function spread(o: Ops, node: Node, value: Value): Value {
  const shape: Shape = inputOf(node, 0).shape;
  return o.broadcastTo(o.reshape(value, keptShape(node)), shape);
}

function keptShape(node: Node): Shape {
  return reducedShape(inputOf(node, 0).shape, numbersAttribute(node.attributes, "axes"), true);
}

function extremeGradient(o: Ops, node: Node, dy: Value): Value {
  const x = inputOf(node, 0);
  const isExtreme = o.cast(o.equal(x, spread(o, node, at(node.outputs, 0))), x.dtype);
  const count = o.sum(isExtreme, numbersAttribute(node.attributes, "axes"), true);
  return o.mul(isExtreme, o.div(o.reshape(dy, keptShape(node)), count));
}
