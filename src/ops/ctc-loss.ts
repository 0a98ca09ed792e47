import { DTypeError, ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { shapesEqual } from "../graph/shape.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import { lowerCtcLoss, lowerCtcLossGradient } from "../kernels/ctc-loss.ts";
import { at, inputOf } from "./attributes.ts";
import { ctcGradientReference, ctcLossReference } from "./ctc-loss-reference.ts";
import type { Op } from "./op.ts";
import type { CtcInputs } from "./ops.ts";
import { recordOne } from "./record.ts";

/**
 * Inputs log-probabilities [B, T, C], int32 labels [B, L], inputLengths [B] and labelLengths [B] → [B]:
 * -log of the sum over all alignments of a row's labels to its steps, class 0 being the blank. Infinite where there is
 * none; NaN for a label that is no class. Graves et al. 2006, doi:10.1145/1143844.1143891.
 */
const ctcLossOp: Op = {
  name: "ctcLoss",
  infer: (inputs) => [inferRows("ctcLoss", inputs)],
  gradient: (o, node, dys) => {
    const [logProbs, labels] = [inputOf(node, 0), inputOf(node, 1)];
    const lengths = { inputLengths: inputOf(node, 2), labelLengths: inputOf(node, 3) };
    return [o.ctcLossGradient({ logProbs, labels, ...lengths }, at(dys, 0)), null, null, null];
  },
  reference: (o, inputs) => [ctcLossReference(o, inputsOf(inputs))],
  lowering: { kind: "kernel", lower: lowerCtcLoss },
};

/**
 * The same inputs and dy [B] → [B, T, C]: -dy times how likely the alignment is at class c in step t. NaN for rows that
 * cannot be aligned, unless dy is 0.
 */
const ctcLossGradientOp: Op = {
  name: "ctcLossGradient",
  infer: (inputs) => {
    const rows = inferRows("ctcLossGradient", inputs);
    const dy = at(inputs, 4);
    if (!shapesEqual(dy.shape, rows.shape)) {
      throw new ShapeError(
        `ctcLossGradient: dy ${formatSpec(dy)} of ${formatSpec(at(inputs, 0))}.`,
      );
    }
    return [at(inputs, 0)];
  },
  reference: (o, inputs) => [ctcGradientReference(o, inputsOf(inputs), at(inputs, 4))],
  lowering: { kind: "kernel", lower: lowerCtcLossGradient },
};

export function ctcLoss(inputs: CtcInputs): Value {
  return recordOne(ctcLossOp, listOf(inputs));
}

export function ctcLossGradient(inputs: CtcInputs, dy: Value): Value {
  return recordOne(ctcLossGradientOp, [...listOf(inputs), dy]);
}

export const ctcLossOps: readonly Op[] = [ctcLossOp, ctcLossGradientOp];

function listOf({ logProbs, labels, inputLengths, labelLengths }: CtcInputs): Value[] {
  return [logProbs, labels, inputLengths, labelLengths];
}

function inputsOf(inputs: readonly Value[]): CtcInputs {
  return {
    logProbs: at(inputs, 0),
    labels: at(inputs, 1),
    inputLengths: at(inputs, 2),
    labelLengths: at(inputs, 3),
  };
}

function inferRows(label: string, inputs: readonly Spec[]): Spec {
  const [logProbs, labels] = [at(inputs, 0), at(inputs, 1)];
  const [rows = 0] = logProbs.shape;
  if (logProbs.shape.length !== 3 || labels.shape.length !== 2 || labels.shape[0] !== rows) {
    throw new ShapeError(
      `${label}: received log-probabilities ${formatSpec(logProbs)} and labels ${formatSpec(labels)}. Expected ` +
        "[B,T,C] and [B,L].",
      { details: { logProbs: logProbs.shape, labels: labels.shape } },
    );
  }
  if (logProbs.shape.includes(0) || labels.shape.includes(0)) {
    throw new ShapeError(
      `${label}: received ${formatSpec(logProbs)} and labels ${formatSpec(labels)}. Expected no axis of size 0; ` +
        "rows without labels have the length 0.",
    );
  }
  for (const lengths of [at(inputs, 2), at(inputs, 3)]) {
    if (shapesEqual(lengths.shape, [rows])) continue;
    throw new ShapeError(`${label}: lengths are ${formatSpec(lengths)}. Expected [${rows}].`);
  }
  if (logProbs.dtype !== "float32") {
    throw new DTypeError(
      `${label}: log-probabilities are ${formatSpec(logProbs)}; expected float32.`,
    );
  }
  for (const spec of inputs.slice(1, 4)) {
    if (spec.dtype === "int32") continue;
    throw new DTypeError(
      `${label}: labels and lengths are ${formatSpec(spec)}, expected int32; write cast(x, "int32").`,
    );
  }
  return specOf([rows]);
}
