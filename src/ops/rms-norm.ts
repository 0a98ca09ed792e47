import type { Value } from "../graph/node.ts";
import { lowerRmsNorm, lowerRmsNormGradient } from "../kernels/rms-norm.ts";
import { at, inputOf, numberAttribute } from "./attributes.ts";
import { cast } from "./cast.ts";
import { toFloat } from "./common-dtype.ts";
import { expectGradientOf, expectVectors } from "./norm-inputs.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { outputOf, record, recordOne } from "./record.ts";

/**
 * Inputs x [.., D], gamma [D]; over the last axis
 *
 *     x̂ = x / √(mean x² + ε)      y = gamma·x̂
 *
 * Zhang & Sennrich 2019, arXiv:1910.07467.
 */
const rmsNormOp: Op = {
  name: "rmsNorm",
  infer: (inputs) => {
    const x = at(inputs, 0);
    expectVectors("rmsNorm", x, { gamma: at(inputs, 1) });
    return [x];
  },
  gradient: (o, node, dys) => {
    const epsilon = numberAttribute(node.attributes, "epsilon");
    return o.rmsNormGradient(inputOf(node, 0), inputOf(node, 1), at(dys, 0), epsilon);
  },
  reference: (o, inputs, node) => {
    const x = at(inputs, 0);
    const scale = scaleOf(o, x, numberAttribute(node.attributes, "epsilon"));
    return [o.mul(o.mul(x, scale), at(inputs, 1))];
  },
  lowering: { kind: "kernel", lower: lowerRmsNorm },
};

/**
 * Inputs x [.., D], gamma [D], dy [.., D]; outputs dx, dgamma. With w = dy·gamma:
 *
 *     dx = (w - x̂·mean(w·x̂)) / √(mean x² + ε)      dgamma = Σ dy·x̂
 */
const rmsNormGradientOp: Op = {
  name: "rmsNormGradient",
  infer: (inputs) => {
    const [x, gamma] = [at(inputs, 0), at(inputs, 1)];
    expectVectors("rmsNormGradient", x, { gamma });
    expectGradientOf("rmsNormGradient", x, at(inputs, 2));
    return [x, gamma];
  },
  reference: (o, inputs, node) => {
    const [x, gamma, dy] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const last = [x.shape.length - 1];
    const rows = x.shape.map((_, axis) => axis).slice(0, -1);
    const scale = scaleOf(o, x, numberAttribute(node.attributes, "epsilon"));
    const normalized = o.mul(x, scale);
    const weighted = o.mul(dy, gamma);
    const along = o.mul(normalized, o.mean(o.mul(weighted, normalized), last, true));
    return [o.mul(o.sub(weighted, along), scale), o.sum(o.mul(dy, normalized), rows)];
  },
  lowering: { kind: "kernel", lower: lowerRmsNormGradient },
};

export function rmsNorm(x: Value, gamma: Value, epsilon: number): Value {
  const inputs = [toFloat(x), ...[gamma].map((value) => cast(value, "float32"))];
  return recordOne(rmsNormOp, inputs, { epsilon });
}

/** dx, dgamma */
export function rmsNormGradient(
  x: Value,
  gamma: Value,
  dy: Value,
  epsilon: number,
): readonly Value[] {
  const node = record(rmsNormGradientOp, [x, gamma, dy], { epsilon });
  return [outputOf(node, 0), outputOf(node, 1)];
}

export const rmsNormOps: readonly Op[] = [rmsNormOp, rmsNormGradientOp];

/** [.., 1] */
function scaleOf(o: Ops, x: Value, epsilon: number): Value {
  const squares = o.mean(o.square(x), [x.shape.length - 1], true);
  return o.rsqrt(o.add(squares, o.literal(epsilon)));
}
