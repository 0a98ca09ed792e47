import { DTypeError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { sizeOf } from "../graph/shape.ts";
import { specOf } from "../graph/spec.ts";
import { mul } from "./arithmetic.ts";
import { shapeAttribute } from "./attributes.ts";
import { literal } from "./leaves.ts";
import { broadcastTo } from "./movement.ts";
import type { Op } from "./op.ts";
import type { Random } from "./ops.ts";
import { normal, truncatedNormal, uniform, uniformBits } from "./random-bits.ts";
import { recordOne } from "./record.ts";
import { stepNumber } from "./step-number.ts";

/**
 * Element i is a function of the key and i alone (random-bits.ts). The key is a scalar of the node,
 * so a replayed plan draws new numbers by reading a new key, and recomputation gives the same ones. In a
 * scan an int32 input says how many numbers the steps before have taken.
 */
function randomOp(
  name: string,
  {
    dtype,
    call,
    host,
    flops,
  }: {
    dtype: DType;
    call: string;
    host: (key: number, index: number) => number;
    flops: number;
  },
): Op {
  return {
    name,
    infer: (_inputs, attributes) => [specOf(shapeAttribute(attributes), dtype)],
    gradient: () => [],
    lowering: {
      kind: "elementwise",
      usesIndex: true,
      libs: ["random"],
      write: (args) => {
        const [offset, key, index] = args.length === 3 ? args : ["0i", ...args];
        return `${call}(${key}, ${index} + ${offset})`;
      },
      host: (args) => {
        const [offset = 0, key = 0, index = 0] = args.length === 3 ? args : [0, ...args];
        return host(key, (offset + index) | 0);
      },
      flops,
    },
  };
}

/** Uniform in [0, 1). */
const randomUniformOp = randomOp("randomUniform", {
  dtype: "float32",
  call: "random_uniform",
  host: uniform,
  flops: 100,
});

/** Standard normal. */
const randomNormalOp = randomOp("randomNormal", {
  dtype: "float32",
  call: "random_normal",
  host: normal,
  flops: 140,
});

/** Standard normal within two standard deviations. */
const randomTruncatedNormalOp = randomOp("randomTruncatedNormal", {
  dtype: "float32",
  call: "random_truncated_normal",
  host: truncatedNormal,
  flops: 130,
});

/** All 32 bits, as int32. */
const randomBitsOp = randomOp("randomBits", {
  dtype: "int32",
  call: "random_bits",
  host: (key, index) => uniformBits(key, index) | 0,
  flops: 100,
});

export const randomUniform = randomFunction(randomUniformOp);
export const randomNormal = randomFunction(randomNormalOp);
export const randomTruncatedNormal = randomFunction(randomTruncatedNormalOp);
export const randomBits = randomFunction(randomBitsOp);

export const randomOps: readonly Op[] = [
  randomUniformOp,
  randomNormalOp,
  randomTruncatedNormalOp,
  randomBitsOp,
];

/** The key is an int32 scalar; equal keys give equal numbers. */
function randomFunction(op: Op): Random {
  return (shape, key) => {
    if (key.dtype !== "int32") {
      throw new DTypeError(`${op.name}: the key is a ${key.dtype} scalar; expected int32.`);
    }
    const step = stepNumber();
    const offset = step ? [broadcastTo(mul(step, literal(sizeOf(shape), [], "int32")), shape)] : [];
    return recordOne(op, offset, { shape: [...shape] }, { scalars: [key] });
  };
}
