import { BufferUsage } from "../../src/gpu/constants.ts";
import type { PipelineCache } from "../../src/gpu/pipelines.ts";
import { ReadbackPool } from "../../src/gpu/readback.ts";

/** Doubles every number of a buffer in place; binding 0, layout `"w"`. */
export const DOUBLE = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&values)) { values[id.x] = values[id.x] * 2.0; }
}`;

/** A storage buffer with these values, readable. */
export function storageBuffer(device: GPUDevice, values: ArrayLike<number>): GPUBuffer {
  const usage = BufferUsage.storage | BufferUsage.copySrc | BufferUsage.copyDst;
  const data = Float32Array.from(values);
  const buffer = device.createBuffer({ size: data.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

/** Runs a one-binding kernel over a buffer and reads the buffer. */
export async function runInPlace(
  device: GPUDevice,
  cache: PipelineCache,
  { code, buffer, groups = 1 }: { code: string; buffer: GPUBuffer; groups?: number },
): Promise<Float32Array> {
  const kernel = cache.get({ name: "in_place", code, layout: "w" });
  await kernel.ready;
  if (kernel.pipeline === undefined) throw new Error("in_place: ready, but without a pipeline");
  const entries = [{ binding: 0, resource: { buffer } }];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(kernel.pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: kernel.layout, entries }));
  pass.dispatchWorkgroups(groups);
  pass.end();
  const range = { offset: 0, byteLength: buffer.size };
  const readback = new ReadbackPool(device).read(encoder, buffer, range);
  device.queue.submit([encoder.finish()]);
  return new Float32Array((await readback.map()).buffer);
}
