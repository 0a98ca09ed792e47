import { platform } from "../../src/gpu/browser-platform.ts";
import { acquireDevice } from "../../src/gpu/device.ts";
import { PipelineCache } from "../../src/gpu/pipelines.ts";
import { DOUBLE, runInPlace, storageBuffer } from "../helpers/kernels.ts";

/** What gpu.test.ts has a page do. */
export async function double(values: number[]) {
  const { device, adapterName, limits } = await acquireDevice(platform);
  const buffer = storageBuffer(device, values);
  const cache = new PipelineCache(device);
  const result = [...(await runInPlace(device, cache, { code: DOUBLE, buffer }))];
  device.destroy();
  return { adapterName, alignment: limits.minStorageBufferOffsetAlignment, result };
}

export async function compileError(): Promise<string> {
  const { device } = await acquireDevice(platform);
  const code = "@compute @workgroup_size(1)\nfn main() { let x = missing; }";
  const kernel = new PipelineCache(device).get({ name: "broken", code, layout: "w" });
  return kernel.ready.then(() => "compiled", String);
}
