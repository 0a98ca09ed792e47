import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, DeviceLostError, GpuError } from "../../src/errors.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Faults } from "../../src/gpu/faults.ts";
import { PipelineCache } from "../../src/gpu/pipelines.ts";
import { newTestDevice, testDevice } from "../helpers/adapter.ts";
import { DOUBLE, runInPlace, storageBuffer } from "../helpers/kernels.ts";

describe("pipelines", () => {
  let gpu: GpuDevice;
  beforeAll(async () => {
    gpu = await testDevice();
  });

  test("compile and compute", async () => {
    const buffer = storageBuffer(gpu.device, [1, 2, 3.5]);
    const cache = new PipelineCache(gpu.device);
    expect([...(await runInPlace(gpu.device, cache, { code: DOUBLE, buffer }))]).toEqual([2, 4, 7]);
    buffer.destroy();
  });

  test("are shared by kernels of equal code and layout, and by no others", async () => {
    const cache = new PipelineCache(gpu.device);
    const first = cache.get({ name: "one", code: DOUBLE, layout: "w" });
    expect(cache.get({ name: "two", code: DOUBLE, layout: "w" })).toBe(first);
    expect(cache.count).toBe(1);
    const wider = cache.get({ name: "one", code: DOUBLE, layout: "wr" });
    expect(wider).not.toBe(first);
    expect(cache.get({ name: "one", code: `${DOUBLE}\n`, layout: "w" }).layout).toBe(first.layout);
    expect(cache.count).toBe(3);
    await first.ready;
    expect(first.pipeline).toBeDefined();
  });

  test("give their bind group layout before they are compiled", () => {
    const kernel = new PipelineCache(gpu.device).get({ name: "now", code: DOUBLE, layout: "w" });
    expect(kernel.pipeline).toBeUndefined();
    const buffer = storageBuffer(gpu.device, [1]);
    const entries = [{ binding: 0, resource: { buffer } }];
    expect(gpu.device.createBindGroup({ layout: kernel.layout, entries })).toBeDefined();
    buffer.destroy();
  });

  test("take every kind of binding, and leave numbers out", async () => {
    const code = /* wgsl */ `
      @group(0) @binding(0) var<uniform> scale: vec4f;
      @group(0) @binding(2) var<storage, read> input: array<f32>;
      @group(0) @binding(3) var<storage, read_write> output: array<f32>;
      @compute @workgroup_size(1) fn main() { output[0] = input[0] * scale.x; }`;
    const kernel = new PipelineCache(gpu.device).get({ name: "kinds", code, layout: "u-rw" });
    await expect(kernel.ready).resolves.toBeUndefined();
  });

  test("that do not compile name the kernel, the place and the line", async () => {
    const faults = new Faults(gpu);
    const ticket = faults.ticket;
    const code = "@compute @workgroup_size(1)\nfn main() {\n  let x = missing + 1;\n}";
    const kernel = new PipelineCache(gpu.device).get({ name: "broken", code, layout: "w" });
    const error = await kernel.ready.then(
      () => expect.unreachable("it cannot compile"),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(GpuError);
    const { message, details } = error as GpuError;
    expect(message).toBe(
      "Kernel broken does not compile:\n3:11 error: unresolved value 'missing'\n" +
        `    let x = missing + 1;\n  ${" ".repeat(10)}^`,
    );
    expect(details.kernel).toBe("broken");
    expect(kernel.pipeline).toBeUndefined();
    expect(faults.since(ticket)).toBeNull();
    faults.close();
  });

  test("whose shader does not fit the layout say so", async () => {
    const kernel = new PipelineCache(gpu.device).get({ name: "misfit", code: DOUBLE, layout: "r" });
    await expect(kernel.ready).rejects.toThrow(/^Kernel misfit does not compile:\n.*binding/is);
  });

  test("reject an unknown letter", () => {
    const get = () =>
      new PipelineCache(gpu.device).get({ name: "odd", code: DOUBLE, layout: "rx" });
    expect(get).toThrow(ArgumentError);
    expect(get).toThrow('odd: binding layout "rx" has "x" at 1; expected u, r, w or -.');
  });

  test("of a lost device reject with its loss", async () => {
    const doomed = await newTestDevice();
    doomed.destroy();
    const kernel = new PipelineCache(doomed.device).get({
      name: "late",
      code: DOUBLE,
      layout: "w",
    });
    await expect(kernel.ready).rejects.toThrow(DeviceLostError);
  });
});
