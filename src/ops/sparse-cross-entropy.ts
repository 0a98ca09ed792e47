import { DTypeError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { shapesEqual } from "../graph/shape.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import {
  lowerSparseCrossEntropy,
  lowerSparseCrossEntropyGradient,
} from "../kernels/sparse-cross-entropy.ts";
import { at, inputOf, numberAttribute } from "./attributes.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { recordOne } from "./record.ts";

/**
 * logits [.., V] and int32 labels [..] → -Σ target·log softmax(logits), [..], the target being 1 at the label; with a
 * `labelSmoothing` of ε it is (1 - ε)·[label] + ε/V. NaN for a label outside.
 */
const sparseCrossEntropyOp: Op = {
  name: "sparseCrossEntropy",
  infer: (inputs) => [specOf(inferRows("sparseCrossEntropy", at(inputs, 0), at(inputs, 1)))],
  gradient: (o, node, dys) => {
    const [logits, labels] = [inputOf(node, 0), inputOf(node, 1)];
    const smoothing = numberAttribute(node.attributes, "labelSmoothing");
    return [o.sparseCrossEntropyGradient(logits, labels, at(dys, 0), smoothing), null];
  },
  reference: (o, inputs, node) => {
    const [logits, labels] = [at(inputs, 0), at(inputs, 1)];
    const smoothing = numberAttribute(node.attributes, "labelSmoothing");
    const last = [logits.shape.length - 1];
    const logs = o.logSoftmax(logits);
    const hit = o.sum(o.where(isLabel(o, logits, labels), logs, o.literal(0)), last);
    const gain =
      smoothing === 0
        ? hit
        : o.add(
            o.mul(hit, o.literal(1 - smoothing)),
            o.mul(o.mean(logs, last), o.literal(smoothing)),
          );
    const loss = o.neg(gain);
    return [o.where(isInside(o, logits, labels), loss, o.literal(Number.NaN))];
  },
  lowering: { kind: "kernel", lower: lowerSparseCrossEntropy },
};

/**
 * logits [.., V], labels [..], dy [..] → (softmax(logits) - target)·dy, [.., V]; NaN for a label
 * outside, unless dy is 0.
 */
const sparseCrossEntropyGradientOp: Op = {
  name: "sparseCrossEntropyGradient",
  infer: (inputs) => {
    const [logits, dy] = [at(inputs, 0), at(inputs, 2)];
    const rows = inferRows("sparseCrossEntropyGradient", logits, at(inputs, 1));
    if (!shapesEqual(dy.shape, rows)) {
      throw new ShapeError(
        `sparseCrossEntropyGradient: dy ${formatSpec(dy)} of ${formatSpec(logits)}.`,
      );
    }
    return [logits];
  },
  reference: (o, inputs, node) => {
    const [logits, labels, dy] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const smoothing = numberAttribute(node.attributes, "labelSmoothing");
    const hit = o.cast(isLabel(o, logits, labels), "float32");
    const spread = smoothing / at(logits.shape, logits.shape.length - 1);
    const target =
      smoothing === 0 ? hit : o.add(o.mul(hit, o.literal(1 - smoothing)), o.literal(spread));
    // dy 0: somebody has masked the row out, whatever its label.
    const counts = o.logicalOr(isInside(o, logits, labels), o.equal(dy, o.literal(0)));
    const scale = o.where(counts, dy, o.literal(Number.NaN));
    return [o.mul(o.sub(o.softmax(logits), target), o.reshape(scale, [...dy.shape, 1]))];
  },
  lowering: { kind: "kernel", lower: lowerSparseCrossEntropyGradient },
};

export function sparseCrossEntropy(logits: Value, labels: Value, labelSmoothing = 0): Value {
  return recordOne(sparseCrossEntropyOp, [logits, labels], { labelSmoothing });
}

export function sparseCrossEntropyGradient(
  logits: Value,
  labels: Value,
  dy: Value,
  labelSmoothing = 0,
): Value {
  return recordOne(sparseCrossEntropyGradientOp, [logits, labels, dy], { labelSmoothing });
}

export const sparseCrossEntropyOps: readonly Op[] = [
  sparseCrossEntropyOp,
  sparseCrossEntropyGradientOp,
];

function inferRows(label: string, logits: Spec, labels: Spec): Spec["shape"] {
  if (logits.dtype !== "float32") {
    throw new DTypeError(`${label}: logits are ${formatSpec(logits)}; expected float32.`);
  }
  if (labels.dtype !== "int32") {
    throw new DTypeError(
      `${label}: labels are ${formatSpec(labels)}, expected int32; write cast(labels, "int32").`,
    );
  }
  if (logits.shape.length === 0 || !shapesEqual(labels.shape, logits.shape.slice(0, -1))) {
    throw new ShapeError(
      `${label}: labels ${formatSpec(labels)} for logits ${formatSpec(logits)}. Expected one ` +
        "label for each row of logits, the shape of logits without its last axis.",
      { details: { logits: logits.shape, labels: labels.shape } },
    );
  }
  return labels.shape;
}

/** bool [.., V]: true at the label of each row. */
function isLabel(o: Ops, logits: Value, labels: Value): Value {
  const classes = at(logits.shape, logits.shape.length - 1);
  return o.equal(o.reshape(labels, [...labels.shape, 1]), o.range(classes));
}

/** bool [..]: the label names a class. */
function isInside(o: Ops, logits: Value, labels: Value): Value {
  const classes = at(logits.shape, logits.shape.length - 1);
  const zero = o.literal(0, [], "int32");
  const end = o.literal(classes, [], "int32");
  return o.logicalAnd(o.greaterEqual(labels, zero), o.less(labels, end));
}
