import type { Attributes, Value } from "../graph/node.ts";
import { type Spec, specOf } from "../graph/spec.ts";
import type { LowerContext, Lowered } from "../kernels/dispatch.ts";
import { savedGates } from "../kernels/recurrent.ts";
import { lowerRecurrentBackward } from "../kernels/recurrent-gradient.ts";
import { named, namedInputs, pickInputs } from "./named-inputs.ts";
import type { Op } from "./op.ts";
import type { RecurrentAttributes, RecurrentGradientInputs } from "./ops.ts";
import { record } from "./record.ts";
import { recurrentGradientReference } from "./recurrent-gradient-reference.ts";
import {
  callOf,
  checkForward,
  expectShapes,
  GRADIENT_INPUTS,
  recurrentAttributes,
  toStored,
} from "./recurrent-inputs.ts";

/**
 * The time loop of `recurrent` backwards. Inputs: those of the forward op, its outputs, and the gradients of
 * `states` and (LSTM, optional) `cells`. Outputs:
 *
 * - 0 dProjected [B,T,G·H]
 * - 1 dInitialState [B,H]
 * - 2 dInitialCell [B,H], LSTM only
 *
 * Two directions: [2,B,...].
 *
 * The gradients of the recurrent weights are one product over all steps, which the forward op's gradient writes.
 * Equations: shaders/lib/{simple_rnn,lstm,gru,gru_reset_before}_backward.wgsl.
 */
export const recurrentGradientOp: Op = {
  name: "recurrentGradient",
  infer: inferGradient,
  reference: (o, inputs, node) =>
    recurrentGradientReference(
      o,
      namedInputs(inputs, node.attributes),
      recurrentAttributes(node.attributes),
    ),
  lowering: { kind: "kernel", lower: lowerGradient },
};

/** dProjected, dInitialState and, for an LSTM, dInitialCell; see `recurrentGradientOp`. */
export function recurrentGradient(
  inputs: RecurrentGradientInputs,
  attributes: RecurrentAttributes,
): readonly Value[] {
  const { values, names } = pickInputs(toStored({ ...inputs }), GRADIENT_INPUTS);
  return record(recurrentGradientOp, values, { ...attributes, inputs: names }).outputs;
}

function inferGradient(list: readonly Spec[], attributes: Attributes): Spec[] {
  const inputs = namedInputs(list, attributes);
  const cell = recurrentAttributes(attributes);
  const { outer, batch, time, units } = checkForward(inputs, cell);
  const sequence = [...outer, batch, time, units];
  expectShapes(inputs, {
    states: sequence,
    cells: sequence,
    gates: [...outer, batch, time, savedGates(cell) * units],
    dStates: sequence,
    dCells: sequence,
  });
  for (const name of ["states", "dStates", ...savedNames(cell)]) named(inputs, name);
  const state = specOf([...outer, batch, units]);
  const outputs = [named(inputs, "projected"), state];
  return cell.cell === "lstm" ? [...outputs, state] : outputs;
}

function savedNames({ cell }: RecurrentAttributes): string[] {
  if (cell === "lstm") return ["cells", "gates"];
  return cell === "gru" ? ["gates"] : [];
}

function lowerGradient({ node, needed, limits, options }: LowerContext): Lowered {
  return lowerRecurrentBackward({
    ...callOf(node),
    needsInitialState: needed[1] === true,
    needsInitialCell: needed[2] === true,
    limits,
    options,
  });
}
