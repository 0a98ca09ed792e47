import type { DType } from "../graph/dtype.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Source, Value } from "../graph/node.ts";
import type { Shape } from "../graph/shape.ts";
import { type Spec, specOf } from "../graph/spec.ts";
import type { Storage } from "../graph/storage.ts";
import { dtypeAttribute, numberAttribute, shapeAttribute } from "./attributes.ts";
import type { Op } from "./op.ts";
import { recordOne } from "./record.ts";

/**
 * Data that exists already: a variable, an earlier result, host data, an argument of a compiled
 * function.
 */
const sourceOp: Op = {
  name: "source",
  infer: (_inputs, attributes) => [specOf(shapeAttribute(attributes), dtypeAttribute(attributes))],
  gradient: () => [],
  lowering: { kind: "leaf" },
};

/**
 * One number that belongs to an op's mathematics, everywhere in `shape`; part of the shader text.
 */
const literalOp: Op = {
  name: "literal",
  infer: (_inputs, attributes) => [specOf(shapeAttribute(attributes), dtypeAttribute(attributes))],
  gradient: () => [],
  lowering: { kind: "leaf" },
};

/** A number that the host gives at each run, shape `[]`. */
const scalarOp: Op = {
  name: "scalar",
  infer: (_inputs, attributes) => [specOf([], dtypeAttribute(attributes))],
  gradient: () => [],
  lowering: { kind: "leaf" },
};

/** 0, 1, 2, … as int32. */
const rangeOp: Op = {
  name: "range",
  infer: (_inputs, attributes) => [specOf([numberAttribute(attributes, "size")], "int32")],
  gradient: () => [],
  lowering: {
    kind: "elementwise",
    usesIndex: true,
    write: ([index]) => index ?? "",
    host: ([index]) => index ?? 0,
    flops: 0,
  },
};

/** A leaf that reads `source`. */
export function source(spec: Spec, from: Source): Value {
  return recordOne(sourceOp, [], { shape: spec.shape, dtype: spec.dtype }, { source: from });
}

/** A leaf that reads a storage as it is now. */
export function readLeaf(storage: Storage): Value {
  return source(storage.spec, { kind: "storage", storage, version: storage.version });
}

export function literal(value: number, shape: Shape = [], dtype: DType = "float32"): Value {
  return recordOne(literalOp, [], { value, shape, dtype });
}

/** `dtype` may be another float than that of the number; it is not rounded. */
export function scalar(from: HostScalar, dtype: DType = from.dtype): Value {
  return recordOne(scalarOp, [], { dtype }, { scalars: [from] });
}

export function range(size: number): Value {
  return recordOne(rangeOp, [], { size });
}

export const leafOps: readonly Op[] = [sourceOp, literalOp, scalarOp, rangeOp];
