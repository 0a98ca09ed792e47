import type { Value } from "../graph/node.ts";
import { type Named, named } from "./named-inputs.ts";
import type { Ops, RecurrentAttributes } from "./ops.ts";
import { type CellWeights, cellOf, splitGates } from "./recurrent-cells.ts";
import { overDirections } from "./recurrent-directions.ts";
import { sizesOf } from "./recurrent-inputs.ts";

/** One time step of the unrolled forward pass; states and gates are [B,H]. */
export interface UnrolledStep {
  /** Place in the sequence. */
  readonly time: number;
  readonly before: { readonly h: Value; readonly c: Value };
  readonly h: Value;
  /** LSTM; otherwise h again. */
  readonly c: Value;
  /** As the kernels save them; 0 where the step is masked. */
  readonly gates: readonly Value[];
  /** bool [B,1]; null without a mask. */
  readonly active: Value | null;
}

/** The outputs of the forward op in simple operations: states, (LSTM) cells, (LSTM, GRU) gates. */
export const recurrentReference = overDirections((o, inputs, attributes) => {
  const steps = unroll(o, inputs, attributes);
  const outputs = [stack(o, steps, ({ h }) => h)];
  if (attributes.cell === "lstm") outputs.push(stack(o, steps, ({ c }) => c));
  if (attributes.cell !== "simpleRNN") {
    outputs.push(stack(o, steps, ({ gates }) => o.concat(gates, 1)));
  }
  return outputs;
});

/** The recurrence written out step by step, in the order of computation. */
export function unroll(
  o: Ops,
  inputs: Named<Value>,
  attributes: RecurrentAttributes,
): UnrolledStep[] {
  const { batch, time, units } = sizesOf(inputs);
  const weights = weightsOf(o, inputs);
  const cell = cellOf(attributes);
  const zeros = o.literal(0, [batch, units]);
  let before = { h: inputs.initialState ?? zeros, c: inputs.initialCell ?? zeros };
  const steps: UnrolledStep[] = [];
  for (let step = 0; step < time; step++) {
    const at = attributes.reverse ? time - 1 - step : step;
    const p = splitGates(o, stepOf(o, named(inputs, "projected"), at), units);
    const active = inputs.mask ? o.slice(inputs.mask, [0, at], [batch, 1]) : null;
    const next = cell(o, { p, ...before }, weights);
    const h = choose(o, active, next.h, before.h);
    const c = next.c ? choose(o, active, next.c, before.c) : h;
    const gates = next.gates.map((value) => choose(o, active, value, zeros));
    steps.push({ time: at, before, h, c, gates, active });
    before = { h, c };
  }
  return steps;
}

export function weightsOf(o: Ops, inputs: Named<Value>): CellWeights {
  const { units } = sizesOf(inputs);
  const bias = inputs.recurrentBias;
  return {
    kernels: splitGates(o, named(inputs, "recurrentKernel"), units),
    biases: bias === undefined ? null : splitGates(o, bias, units),
  };
}

/** `a` in the rows that are active, `b` in the others. */
export function choose(o: Ops, active: Value | null, a: Value, b: Value): Value {
  return active === null ? a : o.where(active, a, b);
}

/** Step `time` of a sequence [B,T,N], as [B,N]. */
export function stepOf(o: Ops, x: Value, time: number): Value {
  const [batch = 0, , width = 0] = x.shape;
  return o.reshape(o.slice(x, [0, time, 0], [batch, 1, width]), [batch, width]);
}

/** A value [B,N] of every step as a sequence [B,T,N]. */
export function stack<S extends { readonly time: number }>(
  o: Ops,
  steps: readonly S[],
  pick: (step: S) => Value,
): Value {
  const ordered = [...steps].sort((a, b) => a.time - b.time);
  const rows = ordered.map((step) => {
    const value = pick(step);
    const [batch = 0, width = 0] = value.shape;
    return o.reshape(value, [batch, 1, width]);
  });
  return o.concat(rows, 1);
}
