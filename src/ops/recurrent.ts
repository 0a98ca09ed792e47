import { ArgumentError } from "../errors.ts";
import type { Attributes, Node, Value } from "../graph/node.ts";
import { type Spec, specOf } from "../graph/spec.ts";
import type { LowerContext, Lowered } from "../kernels/dispatch.ts";
import { lowerRecurrentForward, savedGates } from "../kernels/recurrent.ts";
import { type Named, named, namedInputs, pickInputs } from "./named-inputs.ts";
import type { Op } from "./op.ts";
import type { Ops, RecurrentAttributes, RecurrentInputs } from "./ops.ts";
import { outputOf, record } from "./record.ts";
import { gateColumns } from "./recurrent-cells.ts";
import { ofDirection } from "./recurrent-directions.ts";
import { recurrentGradient, recurrentGradientOp } from "./recurrent-gradient.ts";
import {
  callOf,
  checkForward,
  FORWARD_INPUTS,
  recurrentAttributes,
  sizesOf,
  toStored,
} from "./recurrent-inputs.ts";
import { recurrentReference } from "./recurrent-reference.ts";

/**
 * The time loop of simpleRNN, LSTM and GRU, for a whole sequence. What does not depend on the state is computed
 * outside: `projected` is x·W + b of all steps, [B,T,G·H].
 *
 * Outputs, batch first:
 *
 * - simpleRNN: 0 states
 * - LSTM: 0 states, 1 cells, 2 gates i f g o
 * - GRU: 0 states, 1 gates z r n, followed with resetAfter by q_n = h·R_n + b_n
 *
 * states and cells [B,T,H] hold h_t and c_t at the time of their input, also with `reverse`; gates
 * [B,T,S·H] are activated. Where the mask is false the state is held, the output repeats it, and the saved
 * gates are 0; whatever stands in `projected` there (NaN too) reaches nothing.
 *
 * Both directions at once: `recurrentKernel` [2,H,G·H], `projected` [2,B,T,G·H], and so with everything that has rows
 * or weights; `reverse` says how the first runs, the second runs the other way. The mask serves both.
 *
 * With `projected` as float16 the states and gates are stored so, too; the loop itself carries float32, and cells
 * are float32.
 *
 * Equations and sources: shaders/lib/{simple_rnn,lstm,gru,gru_reset_before}_forward.wgsl.
 */
export const recurrentOp: Op = {
  name: "recurrent",
  infer: inferForward,
  gradient: gradientOf,
  reference: (o, inputs, node) =>
    recurrentReference(
      o,
      namedInputs(inputs, node.attributes),
      recurrentAttributes(node.attributes),
    ),
  lowering: { kind: "kernel", lower: lowerForward },
};

/** Outputs as `recurrentOp` lists them. */
export function recurrent(
  inputs: RecurrentInputs,
  attributes: RecurrentAttributes,
): readonly Value[] {
  const { values, names } = pickInputs(toStored({ ...inputs }), FORWARD_INPUTS);
  return record(recurrentOp, values, { ...attributes, inputs: names }).outputs;
}

export { recurrentGradient };

export const recurrentOps: readonly Op[] = [recurrentOp, recurrentGradientOp];

function inferForward(list: readonly Spec[], attributes: Attributes): Spec[] {
  const cell = recurrentAttributes(attributes);
  const { outer, batch, time, units } = checkForward(namedInputs(list, attributes), cell);
  const { dtype } = named(namedInputs(list, attributes), "projected");
  const sequence = specOf([...outer, batch, time, units], dtype);
  const gates = specOf([...outer, batch, time, savedGates(cell) * units], dtype);
  if (cell.cell === "simpleRNN") return [sequence];
  return cell.cell === "lstm" ? [sequence, specOf(sequence.shape), gates] : [sequence, gates];
}

function lowerForward({ node, needed, limits, options }: LowerContext): Lowered {
  const isLstm = node.attributes.cell === "lstm";
  return lowerRecurrentForward({
    ...callOf(node),
    needsCells: isLstm && needed[1] === true,
    needsGates: needed[isLstm ? 2 : 1] === true,
    limits,
    options,
  });
}

/**
 * dProjected and the initial states come from the loop; then over all steps at once (of each direction), with A = dProjected (for a
 * GRU with resetAfter: Q, whose n part is dProjected_n·r):
 *
 *     dR = Σ h_{t-1}ᵀ A_t      db = Σ A_t
 *
 * For a GRU that resets before the product, R_n multiplies r·h_{t-1}.
 */
function gradientOf(o: Ops, node: Node, dys: readonly (Value | null)[]): readonly (Value | null)[] {
  const attributes = recurrentAttributes(node.attributes);
  const inputs = namedInputs(node.inputs, node.attributes);
  const saved = savedOutputs(node);
  const isLstm = attributes.cell === "lstm";
  rejectGateGradient(dys[isLstm ? 2 : 1] ?? null);
  const dStates = dys[0] ?? o.literal(0, saved.states.shape, saved.states.dtype);
  const dCells = isLstm ? (dys[1] ?? undefined) : undefined;
  const forward = forwardInputs(inputs);
  const loop = o.recurrentGradient({ ...forward, ...saved, dStates, dCells }, attributes);
  const dProjected = loop[0] as Value;
  const weights = weightGradients(o, { inputs, saved, dProjected }, attributes);
  const gradients: Named<Value> = {
    projected: dProjected,
    ...weights,
    initialState: loop[1],
    initialCell: loop[2],
  };
  return (node.attributes.inputs as readonly string[]).map((name) => gradients[name] ?? null);
}

interface Saved {
  readonly states: Value;
  readonly cells?: Value | undefined;
  readonly gates?: Value | undefined;
}

function savedOutputs(node: Node): Saved {
  const { cell } = node.attributes;
  const states = outputOf(node, 0);
  if (cell === "lstm") return { states, cells: outputOf(node, 1), gates: outputOf(node, 2) };
  return cell === "gru" ? { states, gates: outputOf(node, 1) } : { states };
}

function forwardInputs(inputs: Named<Value>): RecurrentInputs {
  return {
    ...inputs,
    projected: named(inputs, "projected"),
    recurrentKernel: named(inputs, "recurrentKernel"),
  };
}

function rejectGateGradient(dGates: Value | null): void {
  if (dGates === null) return;
  throw new ArgumentError(
    "recurrent: received a gradient of the saved gates, which are for the backward pass and for looking at. " +
      "Expected a loss of the states or cells only.",
  );
}

/** Gradients of recurrentKernel and recurrentBias. */
function weightGradients(
  o: Ops,
  { inputs, saved, dProjected }: { inputs: Named<Value>; saved: Saved; dProjected: Value },
  { cell, resetAfter, reverse }: RecurrentAttributes,
): { recurrentKernel: Value; recurrentBias?: Value } {
  const { units } = sizesOf(inputs);
  const both = { states: saved.states, initial: inputs.initialState, reverse };
  const previous = previousOfAll(o, both); // [B,T,H]
  if (cell !== "gru") return { recurrentKernel: overSteps(o, previous, dProjected) };
  const rank = previous.shape.length;
  const r = gateColumns(o, named({ ...saved }, "gates"), { index: 1, units }); // [B,T,H]
  const ofGates = gateColumns(o, dProjected, { index: 0, units, count: 2 }); // [B,T,2H]
  const ofCandidate = gateColumns(o, dProjected, { index: 2, units }); // [B,T,H]
  if (resetAfter) {
    const dq = o.concat([ofGates, o.mul(ofCandidate, r)], rank - 1); // [B,T,3H]
    const recurrentBias = o.sum(dq, [rank - 3, rank - 2]); // [3H]
    return { recurrentKernel: overSteps(o, previous, dq), recurrentBias };
  }
  const parts = [overSteps(o, previous, ofGates), overSteps(o, o.mul(r, previous), ofCandidate)];
  return { recurrentKernel: o.concat(parts, rank - 2) };
}

/** Σ over batch and time of xᵀ·a: [B,T,M], [B,T,N] → [M,N]; of each direction by itself. */
function overSteps(o: Ops, x: Value, a: Value): Value {
  const tall = (value: Value): Value => {
    const [batch = 0, time = 0, width = 0] = value.shape.slice(-3);
    return o.reshape(value, [...value.shape.slice(0, -3), batch * time, width]);
  };
  return o.matMul(tall(x), tall(a), true);
}

/** `previousStates` of each direction. */
function previousOfAll(
  o: Ops,
  { states, initial, reverse }: { states: Value; initial: Value | undefined; reverse: boolean },
): Value {
  if (states.shape.length === 3) return previousStates(o, { states, initial, reverse });
  const parts = [0, 1].map((direction) => {
    const previous = previousStates(o, {
      states: ofDirection(o, states, direction),
      initial: initial && ofDirection(o, initial, direction),
      reverse: reverse !== (direction === 1),
    });
    return o.reshape(previous, [1, ...previous.shape]);
  });
  return o.concat(parts, 0);
}

/** h_{t-1} of every step, [B,T,H]: the states moved by one step, the initial state where the loop begins. */
function previousStates(
  o: Ops,
  { states, initial, reverse }: { states: Value; initial: Value | undefined; reverse: boolean },
): Value {
  const [batch = 0, time = 0, units = 0] = states.shape;
  const others = o.slice(states, [0, reverse ? 1 : 0, 0], [batch, time - 1, units]);
  // Zeros by a pad, for one step as for many: the same shader whatever T is.
  if (!initial) return o.pad(others, [[0, 0], reverse ? [0, 1] : [1, 0], [0, 0]]);
  const first = o.cast(o.reshape(initial, [batch, 1, units]), states.dtype);
  if (time === 1) return first;
  return o.concat(reverse ? [others, first] : [first, others], 1);
}
