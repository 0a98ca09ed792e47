import { DTypeError } from "../errors.ts";
import { type DType, isFloat } from "../graph/dtype.ts";
import { roundToHalf } from "../graph/half.ts";
import type { Value } from "../graph/node.ts";
import { formatSpec, specOf } from "../graph/spec.ts";
import { at, dtypeAttribute, inputOf } from "./attributes.ts";
import type { Op } from "./op.ts";
import { recordOne } from "./record.ts";

const TYPE = { float32: "f32", float16: "quantizeToF16", int32: "i32", bool: "bool" } as const;

/** The largest float32 below 2³¹, where WGSL's conversion to i32 saturates. */
const LARGEST = 2 ** 31 - 128;

/**
 * float32 → int32 drops the fraction and saturates at the float32 next to the ends of int32; NaN
 * gives an unspecified number. → float16 rounds to the nearest, and beyond 65504 to infinity. Anything → bool is
 * `x != 0`, so NaN is true; bool → number is 0 or 1. Gradients pass between floats only.
 */
export const castOp: Op = {
  name: "cast",
  infer: (inputs, attributes) => [specOf(at(inputs, 0).shape, dtypeAttribute(attributes))],
  gradient: (o, node, dys) => {
    const { dtype } = inputOf(node, 0);
    const flows = isFloat(dtype) && isFloat(at(node.outputs, 0).dtype);
    return [flows ? o.cast(at(dys, 0), dtype) : null];
  },
  lowering: {
    kind: "elementwise",
    write: ([x = ""], { inputs, output }) => {
      const from = at(inputs, 0);
      if (output === "bool" && isFloat(from)) return notZero(x);
      // quantizeToF16 is a function of f32, and no conversion to it.
      return output === "float16" && !isFloat(from)
        ? `${TYPE[output]}(f32(${x}))`
        : `${TYPE[output]}(${x})`;
    },
    host: ([x = 0], { output }) => {
      if (output === "float32") return x;
      if (output === "float16") return roundToHalf(x);
      if (output === "bool") return x !== 0 ? 1 : 0;
      return Math.max(-(2 ** 31), Math.min(LARGEST, Math.trunc(x)));
    },
  },
};

/** By the bits: a shader may be compiled as if there were no NaN, and `x != 0` is then false for it. */
function notZero(x: string): string {
  return `((bitcast<u32>(${x}) & 0x7fffffffu) != 0u)`;
}

export function cast(x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : recordOne(castOp, [x], { dtype });
}

/** `x` itself when it has `dtype`; otherwise the error that says how to get there. */
export function expectDType(x: Value, dtype: DType, label: string): Value {
  if (x.dtype === dtype) return x;
  throw new DTypeError(
    `${label}: received ${formatSpec(x.spec)}, expected ${dtype}; write cast(x, "${dtype}").`,
  );
}
