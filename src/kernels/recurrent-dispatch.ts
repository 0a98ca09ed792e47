import recurrentBegin from "../../shaders/recurrent_begin.wgsl";
import recurrentEnd from "../../shaders/recurrent_end.wgsl";
import type { DeviceLimits } from "../gpu/limits.ts";
import type { DType } from "../graph/dtype.ts";
import { type Dispatch, input, paramWords, type SlotRef, table } from "./dispatch.ts";
import { STORE_TYPE } from "./fused-source.ts";
import { linearGroups } from "./grid.ts";
import type { KernelOptions } from "./kernel-options.ts";
import { gateCount, type RecurrentCell, type RecurrentPlanChoice } from "./recurrent-plan.ts";
import { specialize } from "./specialize.ts";

/** What the op tells its kernels: the cell, the sizes, and which inputs there are. */
export interface RecurrentCall extends RecurrentCell {
  /** Of simpleRNN's new state. */
  readonly activation: "tanh" | "relu";
  /** Time runs from T-1 to 0; of two directions, in the first. */
  readonly reverse: boolean;
  /** D: 1, or 2 where a second direction, with weights of its own, runs the other way. */
  readonly directions: number;
  /** B, T, H. */
  readonly batch: number;
  readonly time: number;
  readonly units: number;
  /** Names of the inputs, in the order in which they come. */
  readonly inputs: readonly string[];
  /** How projected, states, gates and their gradients are stored. */
  readonly stored: DType;
  readonly limits: DeviceLimits;
  readonly options: KernelOptions;
}

/** Batch rows of one workgroup; `ROWS` of shaders/lib/row_tiles.wgsl. */
const ROWS = 8;

/** Units of one workgroup of the kernels that spread a step over the device. */
export const UNITS_PER_WORKGROUP = 64;

/**
 * Floating-point operations of one dispatch at most: about 100 ms of a software adapter that does 2.5 GFLOP/s.
 * Longer runs of steps are cut, with the same bits.
 */
const FLOPS_PER_DISPATCH = 250e6;

/** A buffer of one word, bound where an input is absent. */
export const ABSENT_TABLE = new Uint32Array(4);

export function inputSlot(call: RecurrentCall, name: string): SlotRef {
  const index = call.inputs.indexOf(name);
  return index < 0 ? table(0) : input(index);
}

export function hasInput(call: RecurrentCall, name: string): boolean {
  return call.inputs.includes(name);
}

/** Tiles of all directions. */
function tileCount(call: RecurrentCall): number {
  return call.directions * Math.ceil(call.batch / ROWS);
}

/** Bytes of one plane of `carry`: a number for each row and unit, the batch rounded up to whole tiles. */
export function planeBytes(call: RecurrentCall): number {
  return 4 * tileCount(call) * ROWS * call.units;
}

/** Workgroups [unit tiles, tiles, tiles], as `tile_of` of shaders/lib/row_tiles.wgsl reads them. */
export function tileGroups(call: RecurrentCall, unitTiles: number): [number, number, number] {
  const [y, z] = linearGroups(tileCount(call), call.limits);
  return [unitTiles, y, z];
}

/** A dispatch of a recurrent kernel. */
export interface RecurrentDispatch {
  readonly name: string;
  readonly source: string;
  readonly constants: Readonly<Record<string, string>>;
  readonly bindings: readonly SlotRef[];
  /** Letters of the tensors' bindings. */
  readonly layout: string;
  readonly workgroups: readonly [number, number, number];
  /** Steps begin <= step < end in the order of computation; of begin and end kernels, `begin` is the plane. */
  readonly begin: number;
  readonly end: number;
  readonly fresh: boolean;
  /** Sum of `FLAGS`. */
  readonly flags: number;
}

/** What a call has, as shaders/lib/row_tiles.wgsl numbers it. Not part of the text: fewer pipelines. */
const FLAGS = {
  reverse: 1,
  mask: 2,
  recurrentBias: 4,
  initial: 8,
  dCells: 16,
  source: 32,
} as const;

/** The flags of a call; `initial` names the input that backward kernels begin from. */
export function flagsOf(call: RecurrentCall, initial?: string): number {
  const parts = [
    call.reverse ? FLAGS.reverse : 0,
    hasInput(call, "mask") ? FLAGS.mask : 0,
    hasInput(call, "recurrentBias") ? FLAGS.recurrentBias : 0,
    hasInput(call, "dCells") ? FLAGS.dCells : 0,
    initial !== undefined && hasInput(call, initial) ? FLAGS.initial : 0,
  ];
  return parts.reduce((sum: number, flag) => sum + flag, 0);
}

export function recurrentDispatch(call: RecurrentCall, request: RecurrentDispatch): Dispatch {
  const { batch, time, units, directions } = call;
  const { begin, end, fresh, name, bindings, workgroups } = request;
  const steps = end - begin;
  const width = gateCount(call) * units;
  return {
    kernel: {
      name,
      code: specialize(request.source, request.constants, { Element: STORE_TYPE[call.stored] }),
      layout: `u-${request.layout}`,
    },
    bindings,
    params: paramWords([batch, time, begin, end, fresh ? 1 : 0, units, request.flags, directions]),
    workgroups,
    flops: steps * stepFlops(call),
    bytes: steps * 4 * directions * (batch * (2 * width + units) + units * width),
  };
}

/** Floating-point operations of one time step. */
function stepFlops(call: RecurrentCall): number {
  return 2 * call.directions * call.batch * gateCount(call) * call.units ** 2;
}

/** The dispatches of a time loop; the first one says which plan they follow, and why. */
export function withNote(loop: readonly Dispatch[], choice: RecurrentPlanChoice): Dispatch[] {
  const note = `plan ${choice.plan}: ${choice.reason}`;
  return loop.map((dispatch, i) => (i === 0 ? { ...dispatch, note } : dispatch));
}

/** Cuts the steps into runs [begin, end) of one dispatch each: by cost, or as `recurrentChunk` says. */
export function runsOfSteps(call: RecurrentCall): { begin: number; end: number }[] {
  const byCost = Math.max(1, Math.floor(FLOPS_PER_DISPATCH / stepFlops(call)));
  const length = call.options.recurrentChunk ?? byCost;
  const runs: { begin: number; end: number }[] = [];
  for (let begin = 0; begin < call.time; begin += length) {
    runs.push({ begin, end: Math.min(call.time, begin + length) });
  }
  return runs;
}

const PLANE_WORKGROUP = 64;

/** Puts the input of this name, [B,H], into a plane of `carry`; zeros where it is absent. */
export function beginPlane(
  call: RecurrentCall,
  { from, carry, plane }: { from: string; carry: SlotRef; plane: number },
): Dispatch {
  return planeDispatch(call, {
    name: "recurrent_begin",
    source: recurrentBegin,
    bindings: [inputSlot(call, from), carry],
    plane,
    flags: hasInput(call, from) ? FLAGS.source : 0,
  });
}

/** Takes a plane of `carry` out, to [B,H]. */
export function endPlane(
  call: RecurrentCall,
  { to, carry, plane }: { to: SlotRef; carry: SlotRef; plane: number },
): Dispatch {
  return planeDispatch(call, {
    name: "recurrent_end",
    source: recurrentEnd,
    bindings: [carry, to],
    plane,
    flags: 0,
  });
}

function planeDispatch(
  call: RecurrentCall,
  request: Pick<RecurrentDispatch, "name" | "source" | "bindings" | "flags"> & { plane: number },
): Dispatch {
  const { plane, ...rest } = request;
  const bytes = 2 * planeBytes(call);
  const dispatch = recurrentDispatch(call, {
    ...rest,
    constants: { WORKGROUP: `${PLANE_WORKGROUP}` },
    layout: "rw",
    workgroups: tileGroups(call, Math.ceil(call.units / PLANE_WORKGROUP)),
    begin: plane,
    end: plane,
    fresh: false,
  });
  return { ...dispatch, flops: 0, bytes };
}
