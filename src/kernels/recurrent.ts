import gruResetBeforeResident from "../../shaders/gru_reset_before_resident.wgsl";
import gruResetBeforeStepGates from "../../shaders/gru_reset_before_step_gates.wgsl";
import gruResetBeforeStepState from "../../shaders/gru_reset_before_step_state.wgsl";
import gruResetBeforeStream from "../../shaders/gru_reset_before_stream.wgsl";
import gruResident from "../../shaders/gru_resident.wgsl";
import gruStep from "../../shaders/gru_step.wgsl";
import gruStream from "../../shaders/gru_stream.wgsl";
import lstmResident from "../../shaders/lstm_resident.wgsl";
import lstmStep from "../../shaders/lstm_step.wgsl";
import lstmStream from "../../shaders/lstm_stream.wgsl";
import simpleRnnResident from "../../shaders/simple_rnn_resident.wgsl";
import simpleRnnStep from "../../shaders/simple_rnn_step.wgsl";
import simpleRnnStream from "../../shaders/simple_rnn_stream.wgsl";
import { type Dispatch, type Lowered, output, type SlotRef, scratch } from "./dispatch.ts";
import {
  ABSENT_TABLE,
  beginPlane,
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
  type RecurrentCell,
  residentWeights,
  roundUnits,
} from "./recurrent-plan.ts";

/** The forward pass, and which of its outputs somebody reads. */
export interface RecurrentForward extends RecurrentCall {
  /** LSTM. */
  readonly needsCells: boolean;
  /** LSTM and GRU. */
  readonly needsGates: boolean;
}

/** A family of forward kernels: the same bindings for all of its shaders. */
interface Family {
  readonly stream: Shader;
  readonly resident: Shader;
  /** The dispatches of one time step, in order. */
  readonly step: readonly Shader[];
  /** Inputs after `projected` and `recurrentKernel`. */
  readonly extraInputs: readonly string[];
  /** Numbers saved for each row, step and unit besides the state. */
  readonly gates: number;
  readonly cells: boolean;
  /** Planes of `carry`; the first two are h. */
  readonly planes: number;
  readonly cellPlane?: number;
}

interface Shader {
  readonly name: string;
  readonly source: string;
}

const FAMILIES: Readonly<Record<"simpleRNN" | "lstm" | "gru" | "gruResetBefore", Family>> = {
  simpleRNN: {
    stream: { name: "simple_rnn_stream", source: simpleRnnStream },
    resident: { name: "simple_rnn_resident", source: simpleRnnResident },
    step: [{ name: "simple_rnn_step", source: simpleRnnStep }],
    extraInputs: ["mask"],
    gates: 0,
    cells: false,
    planes: 2,
  },
  lstm: {
    stream: { name: "lstm_stream", source: lstmStream },
    resident: { name: "lstm_resident", source: lstmResident },
    step: [{ name: "lstm_step", source: lstmStep }],
    extraInputs: ["mask"],
    gates: 4,
    cells: true,
    planes: 3,
    cellPlane: 2,
  },
  gru: {
    stream: { name: "gru_stream", source: gruStream },
    resident: { name: "gru_resident", source: gruResident },
    step: [{ name: "gru_step", source: gruStep }],
    extraInputs: ["recurrentBias", "mask"],
    gates: 4,
    cells: false,
    planes: 2,
  },
  gruResetBefore: {
    stream: { name: "gru_reset_before_stream", source: gruResetBeforeStream },
    resident: { name: "gru_reset_before_resident", source: gruResetBeforeResident },
    step: [
      { name: "gru_reset_before_step_gates", source: gruResetBeforeStepGates },
      { name: "gru_reset_before_step_state", source: gruResetBeforeStepState },
    ],
    extraInputs: ["mask"],
    gates: 3,
    cells: false,
    planes: 4,
  },
};

function familyOf({ cell, resetAfter }: RecurrentCell): Family {
  return FAMILIES[cell === "gru" && !resetAfter ? "gruResetBefore" : cell];
}

/** Numbers that the forward pass saves for the backward pass, for each row, step and unit. */
export function savedGates(cell: RecurrentCell): number {
  return familyOf(cell).gates;
}

const CARRY = scratch(0);
/** What the kernels are bound to in place of cells and gates that nobody reads; they do not write there. */
const UNUSED = [scratch(1), scratch(2)] as const;
const UNUSED_BYTES = 16;

/** Turns the op into dispatches: the initial state into tiles, then the time loop by the chosen plan. */
export function lowerRecurrentForward(call: RecurrentForward): Lowered {
  const family = familyOf(call);
  const outputs = outputSlots(call, family);
  const inputs = ["projected", "recurrentKernel", ...family.extraInputs];
  const bindings = [...inputs.map((name) => inputSlot(call, name)), ...outputs, CARRY];
  const layout = `${"r".repeat(inputs.length)}${"w".repeat(outputs.length + 1)}`;
  const choice = chooseRecurrentPlan({ ...call, direction: "forward" });
  const shared = { bindings, layout, fresh: !hasInitial(call), flags: flagsOf(call) };
  const loop =
    choice.plan === "step" ? step(call, family, shared) : run(call, family[choice.plan], shared);
  return {
    dispatches: [...beginStates(call, family), ...withNote(loop, choice)],
    scratch: [family.planes * planeBytes(call), UNUSED_BYTES, UNUSED_BYTES],
    tables: [ABSENT_TABLE],
  };
}

interface SharedParts {
  readonly bindings: readonly SlotRef[];
  readonly layout: string;
  readonly flags: number;
  /** No initial state: the first step begins from zeros. */
  readonly fresh: boolean;
}

function hasInitial(call: RecurrentForward): boolean {
  return hasInput(call, "initialState") || hasInput(call, "initialCell");
}

function beginStates(call: RecurrentForward, { cellPlane }: Family): Dispatch[] {
  if (!hasInitial(call)) return [];
  const states = [beginPlane(call, { from: "initialState", carry: CARRY, plane: 0 })];
  if (cellPlane === undefined) return states;
  return [...states, beginPlane(call, { from: "initialCell", carry: CARRY, plane: cellPlane })];
}

/** A dispatch for each run of steps. */
function run(call: RecurrentForward, shader: Shader, shared: SharedParts): Dispatch[] {
  const family = familyOf(call);
  const constants = {
    ...constantsOf(call, family, roundUnits(call.units)),
    ...(shader === family.resident ? { WEIGHTS: `${residentWeights(call)}u` } : {}),
  };
  return runsOfSteps(call).map(({ begin, end }) =>
    recurrentDispatch(call, {
      ...shared,
      ...shader,
      constants,
      workgroups: tileGroups(call, 1),
      begin,
      end,
      fresh: shared.fresh && begin === 0,
    }),
  );
}

function step(call: RecurrentForward, family: Family, shared: SharedParts): Dispatch[] {
  const units = Math.min(UNITS_PER_WORKGROUP, roundUnits(call.units));
  const constants = constantsOf(call, family, units);
  const workgroups = tileGroups(call, Math.ceil(call.units / units));
  const share = 1 / family.step.length;
  const dispatches: Dispatch[] = [];
  for (let begin = 0; begin < call.time; begin++) {
    const steps = { begin, end: begin + 1, fresh: shared.fresh && begin === 0 };
    for (const shader of family.step) {
      const part = { ...shared, ...shader, ...steps, constants, workgroups };
      const dispatch = recurrentDispatch(call, part);
      dispatches.push({
        ...dispatch,
        flops: dispatch.flops * share,
        bytes: dispatch.bytes * share,
      });
    }
  }
  return dispatches;
}

/** `units`: those of one workgroup. */
function constantsOf(call: RecurrentForward, family: Family, units: number) {
  return {
    UNITS: `${units}u`,
    ...(call.cell === "simpleRNN" ? { RELU: `${call.activation === "relu"}` } : {}),
    ...(family.cells ? { SAVE_CELLS: `${call.needsCells}` } : {}),
    ...(family.gates > 0 ? { SAVE_GATES: `${call.needsGates}` } : {}),
  };
}

/** states, (LSTM) cells, (LSTM, GRU) gates. */
function outputSlots(call: RecurrentForward, family: Family): SlotRef[] {
  const cells = family.cells ? [call.needsCells ? output(1) : UNUSED[0]] : [];
  if (family.gates === 0) return [output(0), ...cells];
  return [output(0), ...cells, call.needsGates ? output(1 + cells.length) : UNUSED[1]];
}
