import gruBackwardResident from "../../shaders/gru_backward_resident.wgsl";
import gruBackwardStep from "../../shaders/gru_backward_step.wgsl";
import gruBackwardStream from "../../shaders/gru_backward_stream.wgsl";
import gruResetBeforeBackwardResident from "../../shaders/gru_reset_before_backward_resident.wgsl";
import gruResetBeforeBackwardStepReset from "../../shaders/gru_reset_before_backward_step_reset.wgsl";
import gruResetBeforeBackwardStepState from "../../shaders/gru_reset_before_backward_step_state.wgsl";
import gruResetBeforeBackwardStream from "../../shaders/gru_reset_before_backward_stream.wgsl";
import lstmBackwardResident from "../../shaders/lstm_backward_resident.wgsl";
import lstmBackwardStep from "../../shaders/lstm_backward_step.wgsl";
import lstmBackwardStream from "../../shaders/lstm_backward_stream.wgsl";
import recurrentTranspose from "../../shaders/recurrent_transpose.wgsl";
import simpleRnnBackwardResident from "../../shaders/simple_rnn_backward_resident.wgsl";
import simpleRnnBackwardStep from "../../shaders/simple_rnn_backward_step.wgsl";
import simpleRnnBackwardStream from "../../shaders/simple_rnn_backward_stream.wgsl";
import {
  type Dispatch,
  type Lowered,
  output,
  paramWords,
  type SlotRef,
  scratch,
} from "./dispatch.ts";
import { linearGroups } from "./grid.ts";
import {
  ABSENT_TABLE,
  beginPlane,
  endPlane,
  flagsOf,
  hasInput,
  inputSlot,
  planeBytes,
  type RecurrentCall,
  recurrentDispatch,
  runsOfSteps,
  tileGroups,
  UNITS_PER_WORKGROUP,
  withNote,
} from "./recurrent-dispatch.ts";
import {
  chooseRecurrentPlan,
  gateCount,
  type RecurrentCell,
  residentWeights,
  roundUnits,
} from "./recurrent-plan.ts";

/** The backward pass, and which gradients of initial states somebody reads. */
export interface RecurrentBackward extends RecurrentCall {
  readonly needsInitialState: boolean;
  /** LSTM. */
  readonly needsInitialCell: boolean;
}

interface Shader {
  readonly name: string;
  readonly source: string;
}

/** A family of backward kernels: the same bindings for all of its shaders. Plane 0 of `carry` is dh. */
interface Family {
  readonly stream: Shader;
  readonly resident: Shader;
  /** The dispatches of one time step, in order; the first one also closes the loop. */
  readonly step: readonly Shader[];
  /** Inputs that the kernels read, in binding order. */
  readonly inputs: readonly string[];
  /** Planes of `carry` before those of the gate gradients, of which there are 2G. */
  readonly planes: number;
  /** A state that the first step refers to: its input and plane. */
  readonly initial?: { readonly from: string; readonly plane: number };
  /** LSTM: plane of dc. */
  readonly cellPlane?: number;
}

const FAMILIES: Readonly<Record<"simpleRNN" | "lstm" | "gru" | "gruResetBefore", Family>> = {
  simpleRNN: {
    stream: { name: "simple_rnn_backward_stream", source: simpleRnnBackwardStream },
    resident: { name: "simple_rnn_backward_resident", source: simpleRnnBackwardResident },
    step: [{ name: "simple_rnn_backward_step", source: simpleRnnBackwardStep }],
    inputs: ["states", "mask", "dStates"],
    planes: 1,
  },
  lstm: {
    stream: { name: "lstm_backward_stream", source: lstmBackwardStream },
    resident: { name: "lstm_backward_resident", source: lstmBackwardResident },
    step: [{ name: "lstm_backward_step", source: lstmBackwardStep }],
    inputs: ["gates", "cells", "mask", "dStates", "dCells"],
    planes: 3,
    initial: { from: "initialCell", plane: 2 },
    cellPlane: 1,
  },
  gru: {
    stream: { name: "gru_backward_stream", source: gruBackwardStream },
    resident: { name: "gru_backward_resident", source: gruBackwardResident },
    step: [{ name: "gru_backward_step", source: gruBackwardStep }],
    inputs: ["gates", "states", "mask", "dStates"],
    planes: 2,
    initial: { from: "initialState", plane: 1 },
  },
  gruResetBefore: {
    stream: { name: "gru_reset_before_backward_stream", source: gruResetBeforeBackwardStream },
    resident: {
      name: "gru_reset_before_backward_resident",
      source: gruResetBeforeBackwardResident,
    },
    step: [
      {
        name: "gru_reset_before_backward_step_state",
        source: gruResetBeforeBackwardStepState,
      },
      {
        name: "gru_reset_before_backward_step_reset",
        source: gruResetBeforeBackwardStepReset,
      },
    ],
    inputs: ["gates", "states", "mask", "dStates"],
    planes: 2,
    initial: { from: "initialState", plane: 1 },
  },
};

function familyOf({ cell, resetAfter }: RecurrentCell): Family {
  return FAMILIES[cell === "gru" && !resetAfter ? "gruResetBefore" : cell];
}

const CARRY = scratch(0);
const TRANSPOSED = scratch(1);

/**
 * Turns the op into dispatches: the recurrent kernel transposed, the time loop backwards by the chosen plan, the
 * gradients of the initial states out of their tiles. Outputs: 0 dProjected, 1 dInitialState, 2 dInitialCell.
 */
export function lowerRecurrentBackward(call: RecurrentBackward): Lowered {
  const family = familyOf(call);
  const choice = chooseRecurrentPlan({ ...call, direction: "backward" });
  const parts = {
    bindings: [TRANSPOSED, ...family.inputs.map((name) => inputSlot(call, name)), output(0), CARRY],
    layout: `r${"r".repeat(family.inputs.length)}ww`,
    flags: flagsOf(call, family.initial?.from),
  };
  const gates = gateCount(call);
  const loop =
    choice.plan === "step" ? step(call, family, parts) : run(call, family[choice.plan], parts);
  return {
    dispatches: [
      transpose(call),
      ...beginInitial(call, family),
      ...withNote(loop, choice),
      ...endStates(call, family),
    ],
    scratch: [
      (family.planes + 2 * gates) * planeBytes(call),
      4 * call.directions * gates * call.units ** 2,
    ],
    tables: [ABSENT_TABLE],
  };
}

interface SharedParts {
  readonly bindings: readonly SlotRef[];
  readonly layout: string;
  readonly flags: number;
}

const TRANSPOSE_WORKGROUP = 64;

function transpose(call: RecurrentBackward): Dispatch {
  const width = gateCount(call) * call.units;
  const size = call.directions * width * call.units;
  const groups = Math.ceil(size / TRANSPOSE_WORKGROUP);
  const dispatch = recurrentDispatch(call, {
    name: "recurrent_transpose",
    source: recurrentTranspose,
    constants: { WORKGROUP: `${TRANSPOSE_WORKGROUP}u` },
    bindings: [inputSlot(call, "recurrentKernel"), TRANSPOSED],
    layout: "rw",
    workgroups: linearGroups(groups, call.limits),
    begin: 0,
    end: 0,
    fresh: false,
    flags: 0,
  });
  return { ...dispatch, params: paramWords([call.units, width, call.directions]), bytes: 8 * size };
}

function beginInitial(call: RecurrentBackward, { initial }: Family): Dispatch[] {
  if (initial === undefined || !hasInput(call, initial.from)) return [];
  return [beginPlane(call, { from: initial.from, carry: CARRY, plane: initial.plane })];
}

function endStates(call: RecurrentBackward, { cellPlane }: Family): Dispatch[] {
  const dispatches: Dispatch[] = [];
  if (call.needsInitialState) {
    dispatches.push(endPlane(call, { to: output(1), carry: CARRY, plane: 0 }));
  }
  if (call.needsInitialCell && cellPlane !== undefined) {
    dispatches.push(endPlane(call, { to: output(2), carry: CARRY, plane: cellPlane }));
  }
  return dispatches;
}

/** A dispatch for each run of steps. */
function run(call: RecurrentBackward, shader: Shader, parts: SharedParts): Dispatch[] {
  const isResident = shader === familyOf(call).resident;
  const constants = {
    ...constantsOf(call, roundUnits(call.units)),
    ...(isResident ? { WEIGHTS: `${residentWeights(call)}u` } : {}),
  };
  const runs = runsOfSteps(call).reverse();
  return runs.map(({ begin, end }) =>
    recurrentDispatch(call, {
      ...parts,
      ...shader,
      constants,
      workgroups: tileGroups(call, 1),
      begin,
      end,
      fresh: end === call.time,
    }),
  );
}

function step(call: RecurrentBackward, family: Family, parts: SharedParts): Dispatch[] {
  const units = Math.min(UNITS_PER_WORKGROUP, roundUnits(call.units));
  const constants = constantsOf(call, units);
  const workgroups = tileGroups(call, Math.ceil(call.units / units));
  const share = 1 / family.step.length;
  const dispatchOf = (shader: Shader, begin: number, end: number): Dispatch => {
    const steps = { begin, end, fresh: end === call.time };
    const dispatch = recurrentDispatch(call, {
      ...parts,
      ...shader,
      ...steps,
      constants,
      workgroups,
    });
    return { ...dispatch, flops: dispatch.flops * share, bytes: dispatch.bytes * share };
  };
  const dispatches: Dispatch[] = [];
  for (let begin = call.time - 1; begin >= 0; begin--) {
    dispatches.push(...family.step.map((shader) => dispatchOf(shader, begin, begin + 1)));
  }
  // The last product, past the first step: only the initial state has use for it.
  const closing = family.step[0];
  if (call.needsInitialState && closing) dispatches.push(dispatchOf(closing, 0, 0));
  return dispatches;
}

/** `units`: those of one workgroup. */
function constantsOf(call: RecurrentBackward, units: number) {
  return {
    UNITS: `${units}u`,
    ...(call.cell === "simpleRNN" ? { RELU: `${call.activation === "relu"}` } : {}),
  };
}
