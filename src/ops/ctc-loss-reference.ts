import type { Value } from "../graph/node.ts";
import { at } from "./attributes.ts";
import type { CtcInputs, Ops } from "./ops.ts";

// The ctc loss in simpler ops, unrolled in time. S = 2·L + 1 states: labels with blanks between and around them.

/** The log of 0, as the kernels have it. */
const LOG_ZERO = -1e30;
const HALF_OF_NOTHING = -5e29;

/** Loss of each row, [B]. */
export function ctcLossReference(o: Ops, inputs: CtcInputs): Value {
  const row = statesOf(o, inputs);
  const total = totalOf(o, row, lastOf(forwardSums(o, row)));
  const loss = o.where(isNothing(o, total), o.literal(Number.POSITIVE_INFINITY), o.neg(total));
  const isEmpty = o.equal(inputs.inputLengths, int(o, 0));
  const nothingSaid = o.equal(inputs.labelLengths, int(o, 0));
  const inNoTime = o.where(nothingSaid, o.literal(0), o.literal(Number.POSITIVE_INFINITY));
  return o.where(isEmpty, inNoTime, loss);
}

/** Gradient of the log-probabilities, [B, T, C]. */
export function ctcGradientReference(o: Ops, inputs: CtcInputs, dy: Value): Value {
  const { logProbs } = inputs;
  const [rows, steps, classes] = [
    at(logProbs.shape, 0),
    at(logProbs.shape, 1),
    at(logProbs.shape, 2),
  ];
  const row = statesOf(o, inputs);
  const forward = forwardSums(o, row);
  const backward = backwardSums(o, row);
  const sum = o.reshape(totalOf(o, row, lastOf(forward)), [rows, 1]);
  const total = o.where(isNothing(o, sum), o.literal(0), sum);
  const hit = o.cast(
    o.equal(o.reshape(row.classes, [rows, row.states, 1]), o.range(classes)),
    "float32",
  ); // [B, S, C]
  const scale = o.reshape(
    o.where(o.equal(dy, o.literal(0)), o.literal(0), o.neg(dy)), // dy 0: somebody has masked the row out
    [rows, 1],
  );
  const isHopeless = o.logicalAnd(isNothing(o, sum), o.notEqual(scale, o.literal(0)));
  const parts = Array.from({ length: steps }, (_, t) => {
    const joint = o.sub(o.add(at(forward, t), at(backward, t)), at(row.emitted, t)); // [B, S]
    const likely = o.exp(o.sub(joint, total));
    const counts = o.logicalAnd(row.isState, o.reshape(row.isStep(t), [rows, 1]));
    const weighted = o.mul(o.where(counts, likely, o.literal(0)), scale);
    const known = o.where(o.logicalAnd(isHopeless, counts), o.literal(Number.NaN), weighted);
    return o.sum(o.mul(o.reshape(known, [rows, row.states, 1]), hit), [1], true); // [B, 1, C]
  });
  return o.concat(parts, 1);
}

interface Row {
  readonly states: number;
  /** Class of each state, int32 [B, S]. */
  readonly classes: Value;
  /** Log-probabilities of the states of each step, [B, S]. */
  readonly emitted: readonly Value[];
  /** Whether a path may come from two states before, bool [B, S]. */
  readonly skips: Value;
  /** Whether the row has this state, bool [B, S]. */
  readonly isState: Value;
  /** Whether it is one of the last two states, in which a path may end. */
  readonly isEnd: Value;
  /** Whether the rows have this step, and whether it is their last; bool [B]. */
  readonly isStep: (t: number) => Value;
  readonly isLastStep: (t: number) => Value;
}

function statesOf(o: Ops, { logProbs, labels, inputLengths, labelLengths }: CtcInputs): Row {
  const [rows, steps, classes] = [
    at(logProbs.shape, 0),
    at(logProbs.shape, 1),
    at(logProbs.shape, 2),
  ];
  const width = at(labels.shape, 1);
  const states = 2 * width + 1;
  const apart = o.concat(
    [
      o.literal(0, [rows, width, 1], "int32"), // the blanks are class 0
      o.reshape(labels, [rows, width, 1]),
    ],
    2,
  );
  const extended = o.pad(o.reshape(apart, [rows, 2 * width]), [
    [0, 0],
    [0, 1],
  ]); // [B, S]
  const index = o.range(states);
  const count = o.add(o.mul(int(o, 2), o.reshape(labelLengths, [rows, 1])), int(o, 1));
  const isLabel = o.equal(o.mod(index, int(o, 2)), int(o, 1));
  const isClass = o.logicalAnd(
    o.less(extended, int(o, classes)),
    o.greaterEqual(extended, o.cast(isLabel, "int32")),
  );
  const flat = o.reshape(logProbs, [rows * steps * classes]);
  const begin = o.reshape(o.mul(o.range(rows), int(o, steps * classes)), [rows, 1]);
  const chosen = o.where(isClass, extended, int(o, 0));
  const emitted = Array.from({ length: steps }, (_, t) => {
    const place = o.add(o.add(begin, int(o, t * classes)), chosen);
    const y = o.maximum(o.gather(flat, place), o.literal(LOG_ZERO));
    return o.where(isClass, y, o.literal(Number.NaN));
  });
  const differs = o.notEqual(extended, shifted(o, extended, 2, -1));
  return {
    states,
    classes: extended,
    emitted,
    skips: o.logicalAnd(isLabel, o.logicalAnd(differs, o.greaterEqual(index, int(o, 2)))),
    isState: o.less(index, count),
    isEnd: o.logicalAnd(o.less(index, count), o.greaterEqual(index, o.sub(count, int(o, 2)))),
    isStep: (t) => o.greater(inputLengths, int(o, t)),
    isLastStep: (t) => o.equal(inputLengths, int(o, t + 1)),
  };
}

/** Log of the sum over all paths up to each state, emission included; steps past the end repeat the last. */
function forwardSums(o: Ops, row: Row): readonly Value[] {
  const start = o.where(
    o.less(o.range(row.states), int(o, 2)),
    at(row.emitted, 0),
    o.literal(LOG_ZERO),
  );
  const sums = [start];
  for (let t = 1; t < row.emitted.length; t++) {
    const before = at(sums, t - 1);
    const skipped = o.where(row.skips, shifted(o, before, 2, LOG_ZERO), o.literal(LOG_ZERO));
    const reached = logAdd(o, [before, shifted(o, before, 1, LOG_ZERO), skipped]);
    const isStep = o.reshape(row.isStep(t), [before.shape[0] ?? 1, 1]);
    sums.push(o.where(isStep, o.add(reached, at(row.emitted, t)), before));
  }
  return sums;
}

/** Log of the sum over all paths from each state to the end, emission included. */
function backwardSums(o: Ops, row: Row): readonly Value[] {
  const sums: Value[] = [];
  const nothing = o.literal(LOG_ZERO);
  let next: Value | null = null;
  for (let t = row.emitted.length - 1; t >= 0; t--) {
    const emitted = at(row.emitted, t);
    const last = o.reshape(row.isLastStep(t), [emitted.shape[0] ?? 1, 1]);
    const end = o.where(row.isEnd, emitted, nothing);
    let sum: Value = end;
    if (next !== null) {
      const skipped = shifted(o, o.where(row.skips, next, nothing), -2, LOG_ZERO);
      const reached = logAdd(o, [next, shifted(o, next, -1, LOG_ZERO), skipped]);
      sum = o.where(last, end, o.add(reached, emitted));
    }
    next = o.where(row.isState, sum, nothing);
    sums.unshift(next);
  }
  return sums;
}

/** Log of the sum over all paths, [B]. */
function totalOf(o: Ops, row: Row, sums: Value): Value {
  const ends = o.where(row.isEnd, sums, o.literal(LOG_ZERO));
  const most = o.max(ends, [1], true);
  const total = o.log(o.sum(o.exp(o.sub(ends, most)), [1]));
  return o.add(total, o.reshape(most, total.shape));
}

function logAdd(o: Ops, terms: readonly Value[]): Value {
  const most = terms.reduce(o.maximum);
  const total = terms.map((term) => o.exp(o.sub(term, most))).reduce(o.add);
  return o.where(isNothing(o, most), o.literal(LOG_ZERO), o.add(most, o.log(total)));
}

function isNothing(o: Ops, x: Value): Value {
  return o.lessEqual(x, o.literal(HALF_OF_NOTHING));
}

/** Columns of x [B, S] moved to the right (to the left where `by` is negative), `fill` in their place. */
function shifted(o: Ops, x: Value, by: number, fill: number): Value {
  const [rows, columns] = [at(x.shape, 0), at(x.shape, 1)];
  const moved = Math.min(Math.abs(by), columns);
  const rest = o.slice(x, [0, by > 0 ? 0 : moved], [rows, columns - moved]);
  const empty = o.literal(fill, [rows, moved], x.dtype);
  return o.concat(by > 0 ? [empty, rest] : [rest, empty], 1);
}

function lastOf(values: readonly Value[]): Value {
  return at(values, values.length - 1);
}

function int(o: Ops, value: number): Value {
  return o.literal(value, [], "int32");
}
