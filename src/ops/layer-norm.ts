import type { Value } from "../graph/node.ts";
import { lowerLayerNorm, lowerLayerNormGradient } from "../kernels/layer-norm.ts";
import { at, inputOf, numberAttribute } from "./attributes.ts";
import { cast } from "./cast.ts";
import { toFloat } from "./common-dtype.ts";
import { expectGradientOf, expectVectors } from "./norm-inputs.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { outputOf, record, recordOne } from "./record.ts";

/**
 * Inputs x [.., D], gamma [D], beta [D]; over the last axis
 *
 *     x̂ = (x - mean x) / √(var x + ε)      y = gamma·x̂ + beta
 *
 * with the variance of the population (divided by D). Ba, Kiros & Hinton 2016, arXiv:1607.06450.
 */
const layerNormOp: Op = {
  name: "layerNorm",
  infer: (inputs) => {
    const x = at(inputs, 0);
    expectVectors("layerNorm", x, { gamma: at(inputs, 1), beta: at(inputs, 2) });
    return [x];
  },
  gradient: (o, node, dys) => {
    const epsilon = numberAttribute(node.attributes, "epsilon");
    return o.layerNormGradient(inputOf(node, 0), inputOf(node, 1), at(dys, 0), epsilon);
  },
  reference: (o, inputs, node) => {
    const epsilon = numberAttribute(node.attributes, "epsilon");
    const { normalized } = normalize(o, at(inputs, 0), epsilon);
    return [o.add(o.mul(normalized, at(inputs, 1)), at(inputs, 2))];
  },
  lowering: { kind: "kernel", lower: lowerLayerNorm },
};

/**
 * Inputs x [.., D], gamma [D], dy [.., D]; outputs dx, dgamma, dbeta. With w = dy·gamma:
 *
 *     dx = (w - mean w - x̂·mean(w·x̂)) / √(var x + ε)      dgamma = Σ dy·x̂      dbeta = Σ dy
 */
const layerNormGradientOp: Op = {
  name: "layerNormGradient",
  infer: (inputs) => {
    const x = at(inputs, 0);
    const gamma = at(inputs, 1);
    expectVectors("layerNormGradient", x, { gamma });
    expectGradientOf("layerNormGradient", x, at(inputs, 2));
    return [x, gamma, gamma];
  },
  reference: (o, inputs, node) => {
    const [x, gamma, dy] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const last = [x.shape.length - 1];
    const rows = x.shape.map((_, axis) => axis).slice(0, -1);
    const { normalized, scale } = normalize(o, x, numberAttribute(node.attributes, "epsilon"));
    const weighted = o.mul(dy, gamma);
    const along = o.mul(normalized, o.mean(o.mul(weighted, normalized), last, true));
    const dx = o.mul(o.sub(o.sub(weighted, o.mean(weighted, last, true)), along), scale);
    return [dx, o.sum(o.mul(dy, normalized), rows), o.sum(dy, rows)];
  },
  lowering: { kind: "kernel", lower: lowerLayerNormGradient },
};

export function layerNorm(x: Value, gamma: Value, beta: Value, epsilon: number): Value {
  const inputs = [toFloat(x), ...[gamma, beta].map((value) => cast(value, "float32"))];
  return recordOne(layerNormOp, inputs, { epsilon });
}

/** dx, dgamma, dbeta */
export function layerNormGradient(
  x: Value,
  gamma: Value,
  dy: Value,
  epsilon: number,
): readonly Value[] {
  const node = record(layerNormGradientOp, [x, gamma, dy], { epsilon });
  return [outputOf(node, 0), outputOf(node, 1), outputOf(node, 2)];
}

export const layerNormOps: readonly Op[] = [layerNormOp, layerNormGradientOp];

function normalize(o: Ops, x: Value, epsilon: number): { normalized: Value; scale: Value } {
  const last = [x.shape.length - 1];
  const centered = o.sub(x, o.mean(x, last, true));
  const variance = o.mean(o.square(centered), last, true);
  const scale = o.rsqrt(o.add(variance, o.literal(epsilon)));
  return { normalized: o.mul(centered, scale), scale };
}
