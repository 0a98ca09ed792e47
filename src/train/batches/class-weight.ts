import { ArgumentError } from "../../errors.ts";
import { HostScalar } from "../../graph/host-scalar.ts";
import type { Value } from "../../graph/node.ts";
import type { Shape } from "../../graph/shape.ts";
import { multiplyWeights } from "../../losses/reduction.ts";
import { type ResolvedLoss, ruleOf } from "../../losses/resolve.ts";
import { describeValue } from "../../names/describe.ts";
import { ops } from "../../ops/index.ts";
import { Tensor, tensor } from "../../tensor/index.ts";

/** Factors of the losses by class number; classes that are not here have 1. */
export type ClassWeight = Readonly<Record<number, number>>;

/** Factors are looked up in a table with a place for each class up to the largest. */
const MOST_CLASSES = 1 << 20;

/** What class weights apply to. */
export interface WeighedLabels {
  /** Class numbers, one-hot rows, or 0 and 1. */
  readonly labels: Tensor;
  readonly loss: ResolvedLoss;
  /** Sample weights that are multiplied in. */
  readonly weights: Tensor | null;
}

/**
 * Weights of samples (or of steps) from the classes that the labels name.
 *
 * @returns [B] or [B, T]; computed where the labels are.
 * @throws {ArgumentError} for what is no object of class numbers and factors, and for losses of whole sequences.
 */
export function weighClasses(
  label: string,
  classWeight: ClassWeight,
  { labels, loss, weights }: WeighedLabels,
): Tensor {
  const table = tableOf(label, classWeight); // [largest + 1]
  if (ruleOf(loss)?.labels === "sequence") {
    throw new ArgumentError(
      `${label}: received classWeight for a loss of whole sequences. Expected none; weigh the samples with sampleWeight.`,
    );
  }
  const classes = classNumbers(labels.value, isSparse(loss)); // [B] or [B, T]
  const exists = ops.logicalAnd(
    ops.greaterEqual(classes, ops.literal(0, [], "int32")),
    ops.less(classes, ops.scalar(HostScalar.of(table.length, "int32"))),
  );
  const index = ops.where(exists, classes, ops.literal(0, [], "int32"));
  const known = ops.gather(tensor(table, [table.length]).value, index);
  const factors = ops.where(exists, known, ops.literal(1));
  if (weights === null) return Tensor.of(factors);
  return Tensor.of(multiplyWeights(factors, weights.value, `${label}: sampleWeight`));
}

/** A factor for each class from 0 to the largest that is named. */
function tableOf(label: string, classWeight: ClassWeight): Float32Array {
  const isObject =
    typeof classWeight === "object" && classWeight !== null && !Array.isArray(classWeight);
  const entries = isObject ? Object.entries(classWeight) : [];
  const isFactor = ([key, factor]: readonly [string, unknown]): boolean =>
    /^\d+$/.test(key) && Number(key) < MOST_CLASSES && Number.isFinite(factor);
  if (entries.length === 0 || !entries.every(isFactor)) {
    throw new ArgumentError(
      `${label}: received ${describeValue(classWeight)} as classWeight. Expected factors by class number: ` +
        "{ 0: 1, 1: 5 }.",
    );
  }
  const table = new Float32Array(Math.max(...entries.map(([key]) => Number(key))) + 1).fill(1);
  for (const [key, factor] of entries) table[Number(key)] = factor;
  return table;
}

function isSparse(loss: ResolvedLoss): boolean {
  return ruleOf(loss)?.labels === "sparse";
}

/** The place of the largest label of one-hot rows, else the labels themselves, without a last axis of size 1. */
function classNumbers(labels: Value, isNumber: boolean): Value {
  const { shape } = labels;
  const last = shape.length - 1;
  const width = shape[last] ?? 1;
  if (!isNumber && shape.length > 1 && width > 1) return ops.argMax(labels, last);
  const rows: Shape = shape.length > 1 && width === 1 ? shape.slice(0, -1) : shape;
  return ops.cast(ops.round(ops.cast(ops.reshape(labels, rows), "float32")), "int32");
}
