import type { DeviceLimits } from "../gpu/limits.ts";
import type { KernelOptions, RecurrentPlan } from "./kernel-options.ts";

/** What tells one family of recurrent kernels from another. */
export interface RecurrentCell {
  readonly cell: "simpleRNN" | "lstm" | "gru";
  /** GRU: the reset gate is applied after the recurrent product. */
  readonly resetAfter: boolean;
}

export interface RecurrentPlanRequest extends RecurrentCell {
  readonly direction: "forward" | "backward";
  /** Units. */
  readonly units: number;
  readonly limits: DeviceLimits;
  readonly options: KernelOptions;
}

export interface RecurrentPlanChoice {
  readonly plan: RecurrentPlan;
  /** Why, for people. */
  readonly reason: string;
}

/** Gates, G: columns of the kernels are G·H. */
export function gateCount({ cell }: { readonly cell: RecurrentCell["cell"] }): number {
  return { simpleRNN: 1, lstm: 4, gru: 3 }[cell];
}

/**
 * The largest G·H² for which `stream` pays. A workgroup reads all recurrent weights at every step; above
 * this, that takes longer than the few microseconds of a dispatch that spreads the step over the device.
 * The figures are those at which PyTorch leaves cuDNN's persistent kernels (aten/src/ATen/native/cudnn/RNN.cpp:
 * H 384 and 192 forward, 256 and 128 backward), which weigh the same two costs.
 */
const STREAM_WEIGHTS = { forward: 147_456, backward: 65_536 } as const;

/**
 * Chooses the plan from what the model and the device fix, never from batch or time, so that another length
 * of sequence needs no other pipeline. A plan that is forced is taken where the device can run it, else the next one
 * that it can. `resident` is taken only then.
 *
 * @example
 * chooseRecurrentPlan({ cell: "lstm", resetAfter: false, direction: "forward", units: 128, limits, options: {} })
 * // { plan: "stream", reason: "65536 recurrent weights are at most 147456" }
 */
export function chooseRecurrentPlan(request: RecurrentPlanRequest): RecurrentPlanChoice {
  const forced = request.options.recurrentPlan;
  const byOption = "the option recurrentPlan says so";
  if (forced === "step") return { plan: "step", reason: byOption };
  const inOneWorkgroup = obstacle(request, streamBytes(request));
  if (inOneWorkgroup !== null) return { plan: "step", reason: inOneWorkgroup };
  if (forced === "stream") return { plan: "stream", reason: byOption };
  if (forced === "resident") {
    const withWeights = obstacle(request, streamBytes(request) + weightBytes(request));
    if (withWeights === null) return { plan: "resident", reason: byOption };
    return { plan: "stream", reason: `not resident, as the option says: ${withWeights}` };
  }
  const weights = gateCount(request) * request.units ** 2;
  const most = STREAM_WEIGHTS[request.direction];
  const isSmall = weights <= most;
  return {
    plan: isSmall ? "stream" : "step",
    reason: `${weights} recurrent weights are ${isSmall ? "at most" : "more than"} ${most}`,
  };
}

/** What keeps a device from running all units in one workgroup, with so much workgroup memory; null: nothing. */
function obstacle({ units, limits }: RecurrentPlanRequest, bytes: number): string | null {
  const invocations = Math.min(
    limits.maxComputeInvocationsPerWorkgroup,
    limits.maxComputeWorkgroupSizeX,
  );
  if (roundUnits(units) > invocations) {
    return `a workgroup holds ${invocations} units at most`;
  }
  const memory = limits.maxComputeWorkgroupStorageSize;
  if (bytes > memory)
    return `it takes ${bytes} bytes of workgroup memory, the device has ${memory}`;
  return null;
}

/**
 * Lanes of a workgroup for so many units: a power of two from 16 on, so that a few pipelines serve all sizes
 * (and a multiple of four: the kernels that split a product give each invocation four units).
 */
export function roundUnits(units: number): number {
  return 2 ** Math.max(4, Math.ceil(Math.log2(units)));
}

/** Workgroup memory of a `stream` kernel: its tiles of eight rows, and 128 bytes where it splits a product. */
function streamBytes(request: RecurrentPlanRequest): number {
  const tileBytes = 32;
  const splitBytes = 128;
  const units = roundUnits(request.units);
  if (request.direction === "backward")
    return units * (gateCount(request) * tileBytes + splitBytes);
  return units * (request.cell === "simpleRNN" ? tileBytes + splitBytes : 2 * tileBytes);
}

/** Recurrent weights that a `resident` kernel has room for. */
export function residentWeights({
  cell,
  units,
}: {
  readonly cell: RecurrentCell["cell"];
  readonly units: number;
}): number {
  return gateCount({ cell }) * roundUnits(units) ** 2;
}

function weightBytes(request: RecurrentPlanRequest): number {
  return 4 * residentWeights(request);
}
