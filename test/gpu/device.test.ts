import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnsupportedError } from "../../src/errors.ts";
import { acquireDevice, type GpuDevice, lossOf } from "../../src/gpu/device.ts";
import { DEFAULT_LIMITS } from "../../src/gpu/limits.ts";
import type { Platform } from "../../src/gpu/platform.ts";
import { platform } from "../../src/node/platform.ts";
import { newTestDevice } from "../helpers/adapter.ts";

describe("acquireDevice", () => {
  let gpu: GpuDevice;
  beforeAll(async () => {
    gpu = await newTestDevice();
  });
  afterAll(() => gpu.destroy());

  test("takes the adapter's limits and keeps offsets at 256", async () => {
    const adapter = await (await platform.gpu()).requestAdapter();
    expect(gpu.limits.maxBufferSize).toBe(adapter?.limits.maxBufferSize);
    expect(gpu.limits.maxStorageBuffersPerShaderStage).toBe(
      adapter?.limits.maxStorageBuffersPerShaderStage,
    );
    expect(gpu.limits.minStorageBufferOffsetAlignment).toBe(256);
    expect(gpu.device.limits.minUniformBufferOffsetAlignment).toBe(256);
  });

  test("turns on what is optional and present", async () => {
    const adapter = await (await platform.gpu()).requestAdapter();
    for (const name of ["timestamp-query", "shader-f16", "subgroups"] as const) {
      expect(gpu.features.has(name), name).toBe(adapter?.features.has(name));
    }
  });

  test("uses the application's device as it is and never destroys it", async () => {
    const wrapped = await acquireDevice(platform, { device: gpu.device });
    expect(wrapped.device).toBe(gpu.device);
    expect(wrapped.owned).toBe(false);
    expect(wrapped.limits).toEqual(gpu.limits);
    wrapped.destroy();
    expect(await lossOf(gpu.device)).toBeNull();
  });

  test("reports the loss of a destroyed device, and refuses to use one", async () => {
    const doomed = await newTestDevice();
    doomed.destroy();
    const loss = await doomed.lost;
    expect(loss).toMatchObject({ name: "DeviceLostError", details: { reason: "destroyed" } });
    expect(loss.message).toMatch(/^The GPU device on .+ is lost: it was destroyed\.$/);
    await expect(acquireDevice(platform, { device: doomed.device })).rejects.toThrow("is lost");
  });
});

/** What `acquireDevice` asks of adapters, without a GPU behind it. */
function fakePlatform(adapters: readonly (Partial<GPUAdapter> | null)[]): Platform {
  const queue = [...adapters];
  const requestAdapter = async () => (queue.shift() ?? null) as GPUAdapter | null;
  return {
    name: "test",
    gpu: async () => ({ requestAdapter }) as unknown as GPU,
    noAdapterAdvice: "Buy one.",
  };
}

function fakeAdapter(requestDevice: GPUAdapter["requestDevice"]): Partial<GPUAdapter> {
  return {
    info: { vendor: "acme", architecture: "", device: "", description: "" } as GPUAdapterInfo,
    limits: DEFAULT_LIMITS as GPUSupportedLimits,
    features: new Set(["shader-f16"]) as unknown as GPUSupportedFeatures,
    requestDevice,
  };
}

describe("acquireDevice without a usable adapter", () => {
  test("says what to do when there is none", async () => {
    const refused = acquireDevice(fakePlatform([null]));
    await expect(refused).rejects.toThrow(UnsupportedError);
    await expect(refused).rejects.toThrow("WebGPU (test) offers no adapter. Buy one.");
  });

  test("asks the driver in software before it gives up", async () => {
    const software = fakePlatform([fakeAdapter(async () => fakeDevice())]);
    const all = { ...fakePlatform([null]), softwareGpu: () => software.gpu() };
    expect((await acquireDevice(all)).adapterName).toBe("acme");
  });

  test("runs on the defaults when the driver refuses what it announced", async () => {
    const asked: unknown[] = [];
    const refuse = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
      asked.push(descriptor?.requiredLimits);
      throw new Error("too much");
    };
    const accept = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
      asked.push(descriptor?.requiredLimits);
      return fakeDevice();
    };
    const gpu = await acquireDevice(fakePlatform([fakeAdapter(refuse), fakeAdapter(accept)]));
    expect(gpu.limits).toEqual(DEFAULT_LIMITS);
    expect(asked).toEqual([expect.objectContaining({ maxBufferSize: 268_435_456 }), undefined]);
  });

  test("names the adapter that gives no device at all", async () => {
    const refuse = fakeAdapter(async () => {
      throw new Error("driver is asleep");
    });
    await expect(acquireDevice(fakePlatform([refuse, refuse]))).rejects.toThrow(
      "The adapter acme gives no device, not even with default limits: driver is asleep Buy one.",
    );
  });
});

function fakeDevice(): GPUDevice {
  const lost = new Promise(() => {});
  return { limits: DEFAULT_LIMITS, features: new Set(), lost } as unknown as GPUDevice;
}
