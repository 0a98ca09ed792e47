import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Faults } from "../../src/gpu/faults.ts";
import { BufferPool } from "../../src/runtime/blocks.ts";
import { testDevice } from "../helpers/adapter.ts";

const MIB = 1024 * 1024;

describe("the pool of buffers", () => {
  let gpu: GpuDevice;
  let faults: Faults;
  beforeAll(async () => {
    gpu = await testDevice();
    faults = new Faults(gpu);
  });
  afterAll(() => faults.close());

  test("gives a freed buffer to the next who asks for its size", () => {
    const pool = new BufferPool(gpu.device, faults);
    const first = pool.take(1000);
    pool.give(first);
    expect(pool.take(1000)).toBe(first);
    expect(pool.take(1000)).not.toBe(first);
    expect(pool.created).toBe(2);
    pool.destroy();
  });

  test("keeps what was freed last, also when large buffers that nobody asks for fill it", () => {
    const pool = new BufferPool(gpu.device, faults);
    const large = [16, 20, 28].map((size) => pool.take(size * MIB)); // 64 MiB, which is all it keeps
    for (const buffer of large) pool.give(buffer);
    const small = pool.take(256);
    pool.give(small);
    expect(pool.take(256)).toBe(small);
    // The one that was idle longest made room, the others are there.
    expect(pool.take(28 * MIB)).toBe(large[2]);
    expect(pool.take(20 * MIB)).toBe(large[1]);
    expect(pool.take(16 * MIB)).not.toBe(large[0]);
    pool.destroy();
  });

  test("does not keep what is larger than all it may keep", () => {
    const pool = new BufferPool(gpu.device, faults);
    const small = pool.take(256);
    pool.give(small);
    const huge = pool.take(80 * MIB);
    pool.give(huge);
    expect(pool.take(80 * MIB)).not.toBe(huge);
    expect(pool.take(256)).toBe(small);
    pool.destroy();
  });
});
