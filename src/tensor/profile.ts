import type { ProfiledKernel } from "../runtime/profiled-kernel.ts";
import { Profiler } from "../runtime/profiler.ts";
import { walkInOnePass } from "../runtime/submit.ts";
import { tensorsIn } from "./containers.ts";
import { currentEngine } from "./current.ts";
import { keepGroup } from "./evaluate.ts";

/** What `profile` found. The first six fields are those of TF.js. */
export interface ProfileInfo<T> {
  /** What the function gave. */
  readonly result: T;
  /** Tensors and bytes that are owned more than before. */
  readonly newTensors: number;
  readonly newBytes: number;
  /** Bytes of owned and scratch memory at the end. */
  readonly peakBytes: number;
  /** Every dispatch, in the order of execution. */
  readonly kernels: readonly ProfiledKernel[];
  readonly kernelNames: readonly string[];
  /** Sum of the dispatches' times in milliseconds; null without timestamp queries. */
  readonly kernelMs: number | null;
}

/**
 * Runs `fn` and tells what the GPU did for it, dispatch by dispatch: time (where the adapter has timestamp
 * queries), floating-point operations and bytes. Each dispatch gets a pass of its own, so the whole takes
 * longer than without.
 *
 * @param fn may be asynchronous; what it leaves queued is waited for, tensors that it gives are computed.
 * @example
 * const { kernels } = await sl.profile(() => model.trainOnBatch(x, y));
 * for (const { label, timeMs } of kernels) console.log(label, timeMs);
 */
export async function profile<T>(fn: () => T | Promise<T>): Promise<ProfileInfo<T>> {
  const engine = currentEngine();
  const { device } = await engine.gpu();
  await engine.idle();
  const before = engine.memory();
  const profiler = new Profiler(device);
  engine.walker = profiler.walk;
  try {
    const result = await fn();
    for (const tensor of tensorsIn(result)) if (tensor.isPending) keepGroup(tensor);
    await engine.idle();
    const kernels = await profiler.kernels();
    const after = engine.memory();
    const times = kernels.map((kernel) => kernel.timeMs);
    return {
      result,
      newTensors: after.numTensors - before.numTensors,
      newBytes: after.numBytes - before.numBytes,
      peakBytes: after.numBytes + engine.counters().scratchBytes,
      kernels,
      kernelNames: [...new Set(kernels.map((kernel) => kernel.name))],
      kernelMs: times.includes(null) ? null : times.reduce<number>((sum, ms) => sum + (ms ?? 0), 0),
    };
  } finally {
    engine.walker = walkInOnePass;
    profiler.destroy();
  }
}
