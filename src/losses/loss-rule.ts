import { ShapeError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, type Shape, shapesEqual } from "../graph/shape.ts";
import { ops } from "../ops/index.ts";

/** One loss: what a prediction costs, before weights and means. */
export interface LossRule {
  /** As `compile` takes it and errors show it. */
  readonly name: string;
  /**
   * `dense`: labels look like predictions. `sparse`: they are class numbers and have no class axis. `sequence`: class
   * numbers [B, L] beside predictions [B, T, V].
   */
  readonly labels: "dense" | "sparse" | "sequence";
  /** Whether `costs` has one cost a row (the last axis is gone) or one an element. */
  readonly perRow: boolean;
  /**
   * Costs from labels and predictions that `checkLabels` let pass; both float32, or int32 labels if they are class
   * numbers. The mask, bool [B, T], is for those of sequences; the others are averaged with it.
   */
  readonly costs: (labels: Value, predictions: Value, mask?: Value | null) => Value;
  /** `sparse`: a label whose rows count neither above nor below the mean; their costs are 0. */
  readonly ignoreClass?: number;
  /** What the rule was made with, as plain data; absent: no settings. */
  readonly settings?: LossSettings;
}

/** Settings of a loss as plain data. */
export type LossSettings = Readonly<Record<string, number | boolean>>;

/**
 * The cost of each sample: the mean over the last axis where a rule costs elements, as Keras has it.
 * Labels may lack, or have, a last axis of size 1 that the predictions have, or lack.
 *
 * @returns predictions [.., D] → costs [..]
 */
export function sampleCosts(rule: LossRule, labels: Value, predictions: Value): Value {
  const [y, p] = rule.labels === "dense" ? alignRanks(labels, predictions) : [labels, predictions];
  const costs = elementCosts(rule, y, p);
  return rule.perRow ? costs : ops.mean(costs, [costs.shape.length - 1]);
}

/** Which rows count, bool of the costs' shape; null where the rule ignores no class. */
export function countedRows(rule: LossRule, labels: Value, costs: Value): Value | null {
  return rule.ignoreClass === undefined ? null : isCounted(labels, costs.shape, rule.ignoreClass);
}

/** bool [..rows]: whether labels, [..] or [.., 1], are others than the one to be ignored. */
export function isCounted(labels: Value, rows: Shape, ignored: number): Value {
  const y = ops.cast(ops.reshape(labels, rows), "int32");
  return ops.notEqual(y, ops.scalar(HostScalar.of(ignored, "int32")));
}

/** The cost of each element or row, by the rule's own grain. */
export function elementCosts(rule: LossRule, labels: Value, predictions: Value): Value {
  checkLabels(rule, { labels: labels.shape, predictions: predictions.shape });
  const p = ops.cast(predictions, "float32");
  if (rule.labels === "dense") return rule.costs(ops.cast(labels, "float32"), p);
  if (rule.labels === "sequence") return rule.costs(ops.cast(labels, "int32"), p);
  const classless = ops.reshape(labels, p.shape.slice(0, -1)); // [..] from [..] or [..,1]
  return rule.costs(ops.cast(classless, "int32"), p);
}

/** Adds a last axis of size 1 where one side lacks it; scalars a sample become rows of one element. */
export function alignRanks(labels: Value, predictions: Value): readonly [Value, Value] {
  const [y, p] = alignedShapes(labels.shape, predictions.shape);
  return [ops.reshape(labels, y), ops.reshape(predictions, p)];
}

/** The shapes that `alignRanks` gives. */
export function alignedShapes(y: Shape, p: Shape): readonly [Shape, Shape] {
  if (y.length === 1 && p.length === 1) {
    return [
      [...y, 1],
      [...p, 1],
    ];
  }
  if (y.length + 1 === p.length && p[p.length - 1] === 1) return [[...y, 1], p];
  if (p.length + 1 === y.length && y[y.length - 1] === 1) return [y, [...p, 1]];
  return [y, p];
}

/**
 * `title` says in errors what is checked; default: the rule's name.
 * @throws {ShapeError} when these labels do not fit these predictions.
 */
export function checkLabels(
  rule: LossRule,
  { labels, predictions, title = rule.name }: LabelShapes,
): void {
  const { fits, expected } = fitOf[rule.labels](labels, predictions);
  if (fits) return;
  throw new ShapeError(
    `${title}: received labels of shape ${formatShape(labels)}, expected ${expected}.${advice(rule, labels, predictions)}`,
    { details: { labels, predictions } },
  );
}

/** Whether labels fit predictions, and what was expected of them. */
const fitOf: Readonly<
  Record<
    LossRule["labels"],
    (labels: Shape, predictions: Shape) => { fits: boolean; expected: string }
  >
> = {
  dense: (labels, predictions) => ({
    fits: shapesEqual(labels, predictions),
    expected: `labels of the predictions' shape ${formatShape(predictions)}`,
  }),
  sparse(labels, predictions) {
    const rows = predictions.slice(0, -1);
    const isRows = shapesEqual(labels, rows) || shapesEqual(labels, [...rows, 1]);
    return {
      fits: predictions.length > 0 && isRows,
      expected: `class numbers of shape ${formatShape(rows)}, the predictions being ${formatShape(predictions)}`,
    };
  },
  sequence: (labels, predictions) => ({
    fits: predictions.length === 3 && labels.length === 2 && labels[0] === predictions[0],
    expected: `class numbers [B,L] beside predictions [B,T,V], the predictions being ${formatShape(predictions)}`,
  }),
};

/** What `checkLabels` compares. */
export interface LabelShapes {
  readonly labels: Shape;
  readonly predictions: Shape;
  readonly title?: string;
}

function advice(rule: LossRule, labels: Shape, predictions: Shape): string {
  const rows = predictions.slice(0, -1);
  if (rule.name === "categoricalCrossentropy" && shapesEqual(labels, rows)) {
    return " Labels that are class numbers take sparseCategoricalCrossentropy.";
  }
  if (rule.labels === "sparse" && shapesEqual(labels, predictions)) {
    return " One-hot labels take categoricalCrossentropy.";
  }
  return "";
}
