import type { Rules } from "../autograd/rules.ts";
import { acquireDevice, type DeviceOptions, type GpuDevice } from "../gpu/device.ts";
import { Faults } from "../gpu/faults.ts";
import { PipelineCache } from "../gpu/pipelines.ts";
import type { Platform } from "../gpu/platform.ts";
import { ReadbackPool } from "../gpu/readback.ts";
import { SubmitGate } from "../gpu/submission.ts";
import type { KernelOptions } from "../kernels/kernel-options.ts";
import { BufferPool } from "./blocks.ts";
import type { MemoryBook } from "./memory-book.ts";
import { PlanCache } from "./plan-cache.ts";
import { Scratch } from "./scratch.ts";
import type { SubmitContext, Walker } from "./submit.ts";

/** What an engine is made of. */
export interface EngineOptions extends DeviceOptions {
  readonly platform: Platform;
  readonly rules: Rules;
  readonly kernels?: KernelOptions;
}

/** The GPU side of an engine, made when the device is there. */
export interface Machine {
  readonly gpu: GpuDevice;
  readonly pipelines: PipelineCache;
  readonly pool: BufferPool;
  readonly scratch: Scratch;
  readonly plans: PlanCache;
  readonly context: SubmitContext;
}

/** What the machine needs of the engine around it. */
export interface MachineContext {
  readonly book: MemoryBook;
  readonly count: SubmitContext["count"];
  readonly walk: Walker;
}

/** Acquires the device and puts together what works on it. */
export async function buildMachine(
  options: EngineOptions,
  { book, count, walk }: MachineContext,
): Promise<Machine> {
  const gpu = await acquireDevice(options.platform, options);
  const { device } = gpu;
  const pipelines = new PipelineCache(device);
  const faults = new Faults(gpu);
  const pool = new BufferPool(device, faults);
  const scratch = new Scratch(pool);
  const hasHalf = gpu.features.has("shader-f16");
  const target = { limits: gpu.limits, hasHalf, options: options.kernels ?? {} };
  const plans = new PlanCache(
    { rules: options.rules, target },
    { device, pipelines, scratch, faults },
  );
  book.usePool(pool);
  const context: SubmitContext = {
    device,
    gate: new SubmitGate(device.queue),
    book,
    readbacks: new ReadbackPool(device),
    faults,
    isSlow: gpu.isFallback,
    isOwned: gpu.owned,
    count,
    walk,
  };
  return { gpu, pipelines, pool, scratch, plans, context };
}
