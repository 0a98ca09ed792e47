import type { Plan } from "../compiler/plan.ts";
import { ArgumentError } from "../errors.ts";
import { checkKernelOptions } from "../kernels/kernel-options.ts";
import { type ConfigKeys, checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import type { Counters } from "../runtime/counters.ts";
import type { MemoryInfo } from "../runtime/memory-info.ts";
import { tensorsIn } from "./containers.ts";
import { currentEngine, replaceEngine } from "./current.ts";
import { type Explanation, explainPlan } from "./explanation.ts";
import type { InitOptions } from "./init-options.ts";
import { setSeed } from "./seed.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Gets the GPU ready. Nobody has to call it: the first evaluation does. Call it to run on the application's
 * own device, to choose an adapter, to learn early that there is none, or to begin anew after the device was
 * lost (what lived on the lost device is gone). With options it always begins anew.
 *
 * @throws {ArgumentError} for an option that there is not, and for a device that is none.
 * @throws {UnsupportedError} when there is no WebGPU, saying what to install here.
 * @example
 * await sl.init({ seed: 7 });
 * console.log(sl.adapterName());
 */
export async function init(options: InitOptions = {}): Promise<void> {
  checkKeys("init", options, INIT_KEYS);
  checkDevice(options.device);
  if (options.kernels) checkKernelOptions("init: kernels", options.kernels);
  const { seed, ...rest } = options;
  if (seed !== undefined) setSeed(seed);
  const isNew = Object.values(rest).some((option) => option !== undefined);
  const engine = isNew || currentEngine().isLost ? replaceEngine(rest) : currentEngine();
  await engine.gpu();
}

const INIT_KEYS: ConfigKeys<InitOptions> = {
  device: "any",
  powerPreference: "string",
  seed: "number",
  kernels: "any",
  backend: "notYet",
};

function checkDevice(device: unknown): void {
  if (device === undefined || device === null) return;
  if (typeof (device as Partial<GPUDevice>).createComputePipelineAsync === "function") return;
  throw new ArgumentError(
    `init: received ${describeValue(device)} as device. Expected a GPUDevice: await adapter.requestDevice().`,
  );
}

/** What computes, for people; `""` until the device is there (after `init()` or a first `data()`). */
export function adapterName(): string {
  return currentEngine().gpuNow?.adapterName ?? "";
}

/**
 * What the program owns on the GPU: variables, and results that were kept. Intermediates own nothing.
 * Same fields as TF.js.
 */
export function memory(): MemoryInfo {
  return currentEngine().memory();
}

/** What the engine has done so far: submits, dispatches, buffers, bind groups, pipelines, plans. */
export function counters(): Counters {
  return currentEngine().counters();
}

/** Resolves when everything that was asked of the GPU so far is done. */
export function idle(): Promise<void> {
  return currentEngine().idle();
}

/** Disposes every tensor in a nest of arrays and plain objects. */
export function dispose(container: unknown): void {
  for (const tensor of tensorsIn(container)) tensor.dispose();
}

/**
 * The plan that evaluating these tensors would run: each dispatch with its work, and the memory it needs.
 * Nothing is computed.
 *
 * @example console.log(String(await sl.explain(sl.matMul(a, b).add(c).relu())));
 */
export async function explain(tensors: Tensor | readonly Tensor[]): Promise<Explanation> {
  const outputs = [tensors].flat().map((tensor) => (tensor as Tensor).value);
  const program = await currentEngine().explain({ outputs, writes: [] });
  return explainPlan((program.entry as { plan: Plan }).plan);
}
