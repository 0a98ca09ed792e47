import type { Value } from "../graph/node.ts";
import type { Ops, RecurrentAttributes } from "./ops.ts";
import { type Named, named, type RecurrentSizes, sizesOf } from "./recurrent-inputs.ts";

/** One time step of the unrolled forward pass; every value is [B,H], or [B,1] for `active`. */
export interface UnrolledStep {
  readonly time: number;
  readonly before: { readonly h: Value; readonly c: Value };
  readonly h: Value;
  /** LSTM; otherwise h again. */
  readonly c: Value;
  /** Activated gates (LSTM i f g o; GRU z r n), and the GRU's q_n with resetAfter; empty for simpleRNN. */
  readonly gates: readonly Value[];
  /** bool; null without a mask. */
  readonly active: Value | null;
}

/** What the equations of a cell see of one step. */
interface CellInputs {
  /** projected_t, by gate. */
  readonly p: readonly Value[];
  readonly h: Value;
  readonly c: Value;
}

/** The new state before masking. */
interface CellOutputs {
  readonly h: Value;
  readonly c?: Value;
  readonly gates: readonly Value[];
}

type Cell = (o: Ops, inputs: CellInputs, weights: Weights) => CellOutputs;

/** Recurrent weights by gate, [H,H] each, and the recurrent bias, [H] each. */
interface Weights {
  readonly kernels: readonly Value[];
  readonly biases: readonly Value[] | null;
}

/** Entry `index` of a list with one entry a gate. */
export function gate(list: readonly Value[], index: number): Value {
  const value = list[index];
  if (value === undefined) throw new RangeError(`recurrent: no gate ${index}`);
  return value;
}

/** Columns [H·index, H·(index + 1)) of the last axis. */
export function gateColumns(o: Ops, x: Value, { index, units }: { index: number; units: number }): Value {
  const begin = x.shape.map(() => 0);
  begin[begin.length - 1] = index * units;
  return o.slice(x, begin, [...x.shape.slice(0, -1), units]);
}

export function gatesOf(o: Ops, x: Value, units: number): Value[] {
  const count = (x.shape[x.shape.length - 1] ?? 0) / units;
  return Array.from({ length: count }, (_, index) => gateColumns(o, x, { index, units }));
}

/** The recurrence written out step by step, in the order of computation. */
export function unroll(
  o: Ops,
  inputs: Named<Value>,
  attributes: RecurrentAttributes,
): UnrolledStep[] {
  const sizes = sizesOf(inputs);
  const { batch, time, units } = sizes;
  const cell = cellOf(attributes);
  const bias = inputs.recurrentBias;
  const weights = {
    kernels: gatesOf(o, named(inputs, "recurrentKernel"), units),
    biases: bias === undefined ? null : gatesOf(o, bias, units),
  };
  const zeros = o.literal(0, [batch, units]);
  let before = { h: inputs.initialState ?? zeros, c: inputs.initialCell ?? zeros };
  const steps: UnrolledStep[] = [];
  for (let step = 0; step < time; step++) {
    const at = attributes.reverse ? time - 1 - step : step;
    const p = gatesOf(o, projectedAt(o, inputs, { at, sizes }), units);
    const active = activeAt(o, inputs, { at, sizes });
    const next = cell(o, { p, ...before }, weights);
    const hold = (fresh: Value, held: Value): Value => (active ? o.where(active, fresh, held) : fresh);
    const h = hold(next.h, before.h);
    const c = next.c ? hold(next.c, before.c) : h;
    const gates = next.gates.map((value, i) => (i === 3 && attributes.cell === "gru" ? value : hold(value, zeros)));
    steps.push({ time: at, before, h, c, gates, active });
    before = { h, c };
  }
  return steps;
}

interface Place {
  readonly at: number;
  readonly sizes: RecurrentSizes;
}

function projectedAt(o: Ops, inputs: Named<Value>, { at, sizes }: Place): Value {
  return rowsAt(o, named(inputs, "projected"), { at, sizes, width: sizes.width });
}

/** Step `at` of a sequence [B,T,width], as [B,width]. */
export function rowsAt(
  o: Ops,
  x: Value,
  { at, sizes, width }: Place & { readonly width: number },
): Value {
  return o.reshape(o.slice(x, [0, at, 0], [sizes.batch, 1, width]), [sizes.batch, width]);
}

function activeAt(o: Ops, inputs: Named<Value>, { at, sizes }: Place): Value | null {
  const { mask } = inputs;
  return mask === undefined ? null : o.slice(mask, [0, at], [sizes.batch, 1]);
}

/** Values [B,width] of all steps as a sequence [B,T,width]. */
export function sequence(
  o: Ops,
  steps: readonly { readonly time: number; readonly value: Value }[],
): Value {
  const ordered = [...steps].sort((a, b) => a.time - b.time);
  const rows = ordered.map(({ value }) => {
    const [batch = 0, width = 0] = value.shape;
    return o.reshape(value, [batch, 1, width]);
  });
  return o.concat(rows, 1);
}

function cellOf({ cell, activation, resetAfter }: RecurrentAttributes): Cell {
  if (cell === "lstm") return lstmCell;
  if (cell === "gru") return resetAfter ? gruCell : gruResetBeforeCell;
  return activation === "relu" ? simpleRnnCell("relu") : simpleRnnCell("tanh");
}

function simpleRnnCell(activation: "tanh" | "relu"): Cell {
  return (o, { p, h }, { kernels }) => ({
    h: o[activation](o.add(gate(p, 0), o.matMul(h, gate(kernels, 0)))),
    gates: [],
  });
}

const lstmCell: Cell = (o, { p, h, c }, { kernels }) => {
  const a = p.map((value, index) => o.add(value, o.matMul(h, gate(kernels, index))));
  const i = o.sigmoid(gate(a, 0));
  const f = o.sigmoid(gate(a, 1));
  const g = o.tanh(gate(a, 2));
  const out = o.sigmoid(gate(a, 3));
  const cell = o.add(o.mul(f, c), o.mul(i, g));
  return { h: o.mul(out, o.tanh(cell)), c: cell, gates: [i, f, g, out] };
};

const gruCell: Cell = (o, { p, h }, { kernels, biases }) => {
  const q = kernels.map((kernel, index) => {
    const product = o.matMul(h, kernel);
    return biases ? o.add(product, gate(biases, index)) : product;
  });
  const z = o.sigmoid(o.add(gate(p, 0), gate(q, 0)));
  const r = o.sigmoid(o.add(gate(p, 1), gate(q, 1)));
  const n = o.tanh(o.add(gate(p, 2), o.mul(r, gate(q, 2))));
  return { h: o.add(n, o.mul(z, o.sub(h, n))), gates: [z, r, n, gate(q, 2)] };
};

const gruResetBeforeCell: Cell = (o, { p, h }, { kernels }) => {
  const z = o.sigmoid(o.add(gate(p, 0), o.matMul(h, gate(kernels, 0))));
  const r = o.sigmoid(o.add(gate(p, 1), o.matMul(h, gate(kernels, 1))));
  const n = o.tanh(o.add(gate(p, 2), o.matMul(o.mul(r, h), gate(kernels, 2))));
  return { h: o.add(n, o.mul(z, o.sub(h, n))), gates: [z, r, n] };
};
