import { DTypeError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { formatSpec } from "../graph/spec.ts";
import { lowerSoftmax } from "../kernels/softmax.ts";
import { at, booleanAttribute } from "./attributes.ts";
import { throughFloat32, toFloat } from "./common-dtype.ts";
import type { Op } from "./op.ts";
import type { Ops, Unary } from "./ops.ts";
import { recordOne } from "./record.ts";

/**
 * Over the last axis: y = exp(x - max x) / Σ exp(x - max x); with `log`, its logarithm.
 *
 *     softmax     dx = y·(dy - Σ dy·y)
 *     logSoftmax  dx = dy - exp(y)·Σ dy
 */
const softmaxOp: Op = {
  name: "softmax",
  infer: (inputs, attributes) => {
    const x = at(inputs, 0);
    const label = booleanAttribute(attributes, "log") ? "logSoftmax" : "softmax";
    if (x.dtype !== "float32")
      throw new DTypeError(`${label}: ${formatSpec(x)}; expected float32.`);
    if (x.shape.length === 0) {
      throw new ShapeError(`${label}: received a scalar; expected rank 1 or more.`);
    }
    return [x];
  },
  gradient: (o, node, dys) => {
    const y = at(node.outputs, 0);
    const dy = at(dys, 0);
    const last = [y.shape.length - 1];
    if (booleanAttribute(node.attributes, "log")) {
      return [o.sub(dy, o.mul(o.exp(y), o.sum(dy, last, true)))];
    }
    return [o.mul(y, o.sub(dy, o.sum(o.mul(dy, y), last, true)))];
  },
  reference: (o, inputs, node) => {
    const shifted = shift(o, at(inputs, 0));
    const last = [shifted.shape.length - 1];
    const total = o.sum(o.exp(shifted), last, true);
    const isLog = booleanAttribute(node.attributes, "log");
    return [isLog ? o.sub(shifted, o.log(total)) : o.div(o.exp(shifted), total)];
  },
  lowering: { kind: "kernel", lower: lowerSoftmax },
};

export const softmax: Unary = (x) => softmaxOf(x, false);
export const logSoftmax: Unary = (x) => softmaxOf(x, true);

function softmaxOf(x: Value, log: boolean): Value {
  return throughFloat32(toFloat(x), (wide) => recordOne(softmaxOp, [wide], { log }));
}

export const softmaxOps: readonly Op[] = [softmaxOp];

/** Minus the row's maximum: exp never sees a positive number. */
function shift(o: Ops, x: Value): Value {
  return o.sub(x, o.stopGradient(o.max(x, [x.shape.length - 1], true)));
}
