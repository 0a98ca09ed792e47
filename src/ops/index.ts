import * as activation from "./activation.ts";
import * as arithmetic from "./arithmetic.ts";
import * as attending from "./attention.ts";
import * as cacheAppending from "./cache-append.ts";
import * as casting from "./cast.ts";
import * as comparison from "./comparison.ts";
import * as concatenation from "./concat.ts";
import * as ctc from "./ctc-loss.ts";
import * as cumulative from "./cumulative.ts";
import { customGradOp } from "./custom-grad.ts";
import * as exponential from "./exponential.ts";
import * as gathering from "./gather.ts";
import { gradientCheckOp } from "./gradient-check.ts";
import * as layerNormalization from "./layer-norm.ts";
import * as leaves from "./leaves.ts";
import * as matrix from "./matmul.ts";
import * as movement from "./movement.ts";
import type { Op } from "./op.ts";
import type { Ops } from "./ops.ts";
import { optimizerUpdateOp } from "./optimizer-update.ts";
import * as random from "./random.ts";
import * as recurrence from "./recurrent.ts";
import * as reduction from "./reduce.ts";
import * as rootMeanSquare from "./rms-norm.ts";
import * as rounding from "./rounding.ts";
import * as sampling from "./sample-token.ts";
import * as loop from "./scan.ts";
import * as select from "./select.ts";
import * as normalization from "./softmax.ts";
import * as crossEntropy from "./sparse-cross-entropy.ts";
import * as trigonometry from "./trigonometry.ts";

/** Every op as a function of values, for gradients, references and the floors above. */
export const ops: Ops = {
  ...leaves,
  ...arithmetic,
  ...rounding,
  ...exponential,
  ...trigonometry,
  ...activation,
  ...comparison,
  ...casting,
  ...select,
  ...movement,
  ...concatenation,
  ...reduction,
  ...cumulative,
  ...random,
  ...matrix,
  ...normalization,
  ...layerNormalization,
  ...rootMeanSquare,
  ...gathering,
  ...crossEntropy,
  ...ctc,
  ...attending,
  ...recurrence,
  ...loop,
  ...cacheAppending,
  ...sampling,
};

const ALL: readonly Op[] = [
  ...leaves.leafOps,
  ...arithmetic.arithmeticOps,
  ...rounding.roundingOps,
  ...exponential.exponentialOps,
  ...trigonometry.trigonometryOps,
  ...activation.activationOps,
  ...comparison.comparisonOps,
  ...select.selectOps,
  ...movement.movementOps,
  ...concatenation.concatOps,
  ...reduction.reduceOps,
  ...cumulative.cumulativeOps,
  ...random.randomOps,
  ...matrix.matMulOps,
  ...normalization.softmaxOps,
  ...layerNormalization.layerNormOps,
  ...rootMeanSquare.rmsNormOps,
  ...gathering.gatherOps,
  ...crossEntropy.sparseCrossEntropyOps,
  ...ctc.ctcLossOps,
  ...attending.attentionOps,
  ...recurrence.recurrentOps,
  ...loop.scanOps,
  ...cacheAppending.cacheAppendOps,
  ...sampling.sampleTokenOps,
  customGradOp,
  gradientCheckOp,
  optimizerUpdateOp,
];

/** Every op by its name, which is what a node carries. */
export const registry: ReadonlyMap<string, Op> = new Map(ALL.map((op) => [op.name, op]));
