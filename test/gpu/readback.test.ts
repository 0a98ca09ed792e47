import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, DeviceLostError, DisposedError, GpuError } from "../../src/errors.ts";
import { MapMode } from "../../src/gpu/constants.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Faults } from "../../src/gpu/faults.ts";
import { ReadbackPool } from "../../src/gpu/readback.ts";
import { newTestDevice, testDevice } from "../helpers/adapter.ts";
import { storageBuffer } from "../helpers/kernels.ts";

describe("readback", () => {
  let gpu: GpuDevice;
  beforeAll(async () => {
    gpu = await testDevice();
  });

  const record = (pool: ReadbackPool, buffer: GPUBuffer, offset: number, byteLength: number) => {
    const encoder = gpu.device.createCommandEncoder();
    const readback = pool.read(encoder, buffer, { offset, byteLength });
    return { readback, commands: encoder.finish() };
  };

  test("gives the bytes of the range, in memory of their own", async () => {
    const pool = new ReadbackPool(gpu.device);
    const buffer = storageBuffer(gpu.device, [1, 2, 3, 4]);
    const first = record(pool, buffer, 4, 8);
    gpu.device.queue.submit([first.commands]);
    const bytes = await first.readback.map();
    const second = record(pool, buffer, 8, 8);
    gpu.device.queue.submit([second.commands]);
    expect([...new Float32Array((await second.readback.map()).buffer)]).toEqual([3, 4]);
    // The second read used the same staging buffer; the first result must not have changed with it.
    expect(pool.counts).toEqual({ idle: 1, inUse: 0 });
    expect([...new Float32Array(bytes.buffer)]).toEqual([2, 3]);
    buffer.destroy();
  });

  test("reads lengths that are no multiple of four, and none at all", async () => {
    const pool = new ReadbackPool(gpu.device);
    const buffer = storageBuffer(gpu.device, [1, 2]);
    for (const byteLength of [0, 1, 7]) {
      const { readback, commands } = record(pool, buffer, 0, byteLength);
      gpu.device.queue.submit([commands]);
      const expected = new Uint8Array(Float32Array.of(1, 2).buffer).subarray(0, byteLength);
      expect([...(await readback.map())]).toEqual([...expected]);
    }
    buffer.destroy();
  });

  test("reads several results of one submit", async () => {
    const pool = new ReadbackPool(gpu.device);
    const buffer = storageBuffer(gpu.device, [5, 6, 7]);
    const encoder = gpu.device.createCommandEncoder();
    const reads = [0, 4, 8].map((offset) => pool.read(encoder, buffer, { offset, byteLength: 4 }));
    gpu.device.queue.submit([encoder.finish()]);
    expect(pool.counts.inUse).toBe(3);
    const results = await Promise.all(reads.map((readback) => readback.map()));
    expect(results.map((bytes) => new Float32Array(bytes.buffer)[0])).toEqual([5, 6, 7]);
    buffer.destroy();
  });

  test("keeps a few staging buffers and destroys the rest", async () => {
    const pool = new ReadbackPool(gpu.device);
    const buffer = storageBuffer(gpu.device, [1]);
    const encoder = gpu.device.createCommandEncoder();
    const range = { offset: 0, byteLength: 4 };
    const reads = Array.from({ length: 9 }, () => pool.read(encoder, buffer, range));
    gpu.device.queue.submit([encoder.finish()]);
    await Promise.all(reads.map((readback) => readback.map()));
    expect(pool.counts).toEqual({ idle: 4, inUse: 0 });
    pool.destroy();
    expect(pool.counts).toEqual({ idle: 0, inUse: 0 });
    buffer.destroy();
  });

  test("takes a discarded read back unread", () => {
    const pool = new ReadbackPool(gpu.device);
    const buffer = storageBuffer(gpu.device, [1]);
    const { readback } = record(pool, buffer, 0, 4);
    readback.discard();
    expect(pool.counts).toEqual({ idle: 1, inUse: 0 });
    expect(() => readback.discard()).toThrow(DisposedError);
    buffer.destroy();
  });

  test("rejects ranges outside of the buffer and odd offsets before it records anything", () => {
    const pool = new ReadbackPool(gpu.device);
    const buffer = storageBuffer(gpu.device, [1, 2]);
    for (const [offset, byteLength] of [
      [0, 9],
      [8, 4],
      [2, 4],
      [-4, 4],
      [0, -4],
    ] as const) {
      expect(() => record(pool, buffer, offset, byteLength)).toThrow(ArgumentError);
    }
    expect(pool.counts).toEqual({ idle: 0, inUse: 0 });
    buffer.destroy();
  });

  test("of a lost device rejects with its loss and leaves nothing in use", async () => {
    const doomed = await newTestDevice();
    const pool = new ReadbackPool(doomed.device);
    const buffer = storageBuffer(doomed.device, [1]);
    const encoder = doomed.device.createCommandEncoder();
    const read = () => pool.read(encoder, buffer, { offset: 0, byteLength: 4 });
    const [pending, late] = [read(), read()];
    doomed.device.queue.submit([encoder.finish()]);
    const result = pending.map();
    doomed.destroy();
    await expect(result).rejects.toThrow(DeviceLostError);
    await expect(late.map()).rejects.toThrow(DeviceLostError);
    expect(pool.counts).toEqual({ idle: 0, inUse: 0 });
  });

  test("that cannot be mapped for another reason rejects with a typed error", async () => {
    const faults = new Faults(gpu); // keeps Dawn from printing the error that this test makes
    const pool = new ReadbackPool(gpu.device);
    const buffer = storageBuffer(gpu.device, [1]);
    const encoder = gpu.device.createCommandEncoder();
    const stolen: GPUBuffer[] = [];
    const copy = encoder.copyBufferToBuffer.bind(encoder) as (...args: unknown[]) => void;
    // The staging buffer is private; catch it on its way into the copy and map it first.
    encoder.copyBufferToBuffer = (...args: unknown[]) => {
      stolen.push(args[2] as GPUBuffer);
      copy(...args);
    };
    const readback = pool.read(encoder, buffer, { offset: 0, byteLength: 4 });
    gpu.device.queue.submit([encoder.finish()]);
    await stolen[0]?.mapAsync(MapMode.read);
    await expect(readback.map()).rejects.toThrow(GpuError);
    expect(pool.counts).toEqual({ idle: 0, inUse: 0 });
    faults.close();
    buffer.destroy();
  });
});
