import type { Value } from "../graph/node.ts";
import type { Ops, RecurrentAttributes } from "./ops.ts";

/** What the equations of a cell see of one step; every state is [B,H]. */
export interface CellInputs {
  /** projected_t, by gate. */
  readonly p: readonly Value[];
  readonly h: Value;
  /** LSTM. */
  readonly c: Value;
}

/** Recurrent weights by gate, [H,H] each, and the recurrent bias, [H] each. */
export interface CellWeights {
  readonly kernels: readonly Value[];
  readonly biases: readonly Value[] | null;
}

/** The new state, and the gates as the kernels save them. */
export interface CellOutputs {
  readonly h: Value;
  /** LSTM. */
  readonly c?: Value;
  /** LSTM i f g o; GRU z r n, and with resetAfter q_n; activated, without q_n. */
  readonly gates: readonly Value[];
}

export type Cell = (o: Ops, inputs: CellInputs, weights: CellWeights) => CellOutputs;

/** One step of a cell in simple operations, without a mask. */
export function cellOf({ cell, activation, resetAfter }: RecurrentAttributes): Cell {
  if (cell === "lstm") return lstmCell;
  if (cell === "gru") return resetAfter ? gruCell : gruResetBeforeCell;
  return simpleRnnCell(activation);
}

/** Entry `index` of a list with one entry a gate. */
export function gate(list: readonly Value[], index: number): Value {
  const value = list[index];
  if (value === undefined) throw new RangeError(`recurrent: no gate ${index}`);
  return value;
}

/** The gates in the last axis of `x`, `units` columns each. */
export function splitGates(o: Ops, x: Value, units: number): Value[] {
  const count = (x.shape[x.shape.length - 1] ?? 0) / units;
  return Array.from({ length: count }, (_, index) => gateColumns(o, x, { index, units }));
}

/** Columns [H·index, H·(index + count)) of the last axis. */
export function gateColumns(
  o: Ops,
  x: Value,
  { index, units, count = 1 }: { index: number; units: number; count?: number },
): Value {
  const outer = x.shape.slice(0, -1);
  return o.slice(x, [...outer.map(() => 0), index * units], [...outer, count * units]);
}

/** h = phi(p + h R) */
function simpleRnnCell(activation: "tanh" | "relu"): Cell {
  return (o, { p, h }, { kernels }) => ({
    h: o[activation](o.add(gate(p, 0), o.matMul(h, gate(kernels, 0)))),
    gates: [],
  });
}

/** a = p + h R; c = f c + i g; h = o tanh(c) */
const lstmCell: Cell = (o, { p, h, c }, { kernels }) => {
  const a = p.map((value, index) => o.add(value, o.matMul(h, gate(kernels, index))));
  const i = o.sigmoid(gate(a, 0));
  const f = o.sigmoid(gate(a, 1));
  const g = o.tanh(gate(a, 2));
  const out = o.sigmoid(gate(a, 3));
  const cell = o.add(o.mul(f, c), o.mul(i, g));
  return { h: o.mul(out, o.tanh(cell)), c: cell, gates: [i, f, g, out] };
};

/** q = h R + b; n = tanh(p_n + r q_n); h = (1 - z) n + z h */
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

/** n = tanh(p_n + (r h) R_n); h = (1 - z) n + z h */
const gruResetBeforeCell: Cell = (o, { p, h }, { kernels }) => {
  const z = o.sigmoid(o.add(gate(p, 0), o.matMul(h, gate(kernels, 0))));
  const r = o.sigmoid(o.add(gate(p, 1), o.matMul(h, gate(kernels, 1))));
  const n = o.tanh(o.add(gate(p, 2), o.matMul(o.mul(r, h), gate(kernels, 2))));
  return { h: o.add(n, o.mul(z, o.sub(h, n))), gates: [z, r, n] };
};
