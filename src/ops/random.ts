import { DTypeError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { specOf } from "../graph/spec.ts";
import { shapeAttribute } from "./attributes.ts";
import type { Op } from "./op.ts";
import type { Random } from "./ops.ts";
import { normal, truncatedNormal, uniform, uniformBits } from "./random-bits.ts";
import { recordOne } from "./record.ts";

/**
 * Element i is a function of the key and i alone (random-bits.ts). The key is a scalar of the node,
 * so a replayed plan draws new numbers by reading a new key, and recomputation gives the same ones.
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
      write: ([key, index]) => `${call}(${key}, ${index})`,
      host: ([key = 0, index = 0]) => host(key, index),
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
    return recordOne(op, [], { shape: [...shape] }, { scalars: [key] });
  };
}
