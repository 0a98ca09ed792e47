import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Faults } from "../../src/gpu/faults.ts";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import { ops } from "../../src/ops/index.ts";
import { BufferPool } from "../../src/runtime/blocks.ts";
import { Scratch } from "../../src/runtime/scratch.ts";
import { testDevice } from "../helpers/adapter.ts";
import { newEngine } from "../helpers/engine.ts";

describe("scratch memory", () => {
  let gpu: GpuDevice;
  let faults: Faults;
  const pools: BufferPool[] = [];
  beforeAll(async () => {
    gpu = await testDevice();
    faults = new Faults(gpu);
  });
  afterAll(() => {
    faults.close();
    for (const pool of pools) pool.destroy();
  });
  const newScratch = (): Scratch => {
    const pool = new BufferPool(gpu.device, faults);
    pools.push(pool);
    return new Scratch(pool);
  };
  const slotsFor = (batch: number): number[] => [batch * 1024, batch * 256, batch * 4096];

  test("of plans for many sizes is that of the largest, in whatever order they come", () => {
    const alone = newScratch();
    alone.take(slotsFor(700));
    const sizes = [100, 200, 300, 400, 500, 600, 700];
    for (const order of [sizes, [...sizes].reverse(), [300, 700, 100]]) {
      const shared = newScratch();
      const leases = order.map((size) => shared.take(slotsFor(size)));
      expect(shared.bytes).toBe(alone.bytes);
      const [first, ...others] = leases.map((lease) => shared.buffersOf(lease));
      for (const one of others) expect(one).toEqual(first);
    }
  });

  test("gives each slot a buffer of its own that is large enough", () => {
    const scratch = newScratch();
    const plans = [[512, 512, 100_000], [4, 70_000, 4, 300], [200_000], []];
    const leases = plans.map((slots) => scratch.take(slots));
    plans.forEach((slots, i) => {
      const buffers = scratch.buffersOf(leases[i] as (typeof leases)[0]);
      expect(new Set(buffers).size).toBe(slots.length);
      buffers.forEach((buffer, slot) => {
        expect(buffer.size).toBeGreaterThanOrEqual(slots[slot] ?? 0);
      });
    });
  });

  test("shrinks when the neediest plan ends, and is gone after the last", () => {
    const scratch = newScratch();
    const small = scratch.take(slotsFor(10));
    const { bytes } = scratch;
    const large = scratch.take(slotsFor(700));
    scratch.give(large);
    scratch.give(large);
    scratch.buffersOf(small);
    expect(scratch.bytes).toBe(bytes);
    scratch.give(small);
    expect(scratch.bytes).toBe(0);
  });
});

describe("plans that share scratch memory", () => {
  const [engine, alone] = [newEngine(), newEngine()];
  afterAll(async () => {
    for (const one of [engine, alone]) (await one.gpu()).destroy();
  });

  /** Σ i over `size` numbers, by way of two values in memory. */
  const total = async (size: number, on = engine): Promise<number | undefined> => {
    const by = ops.scalar(HostScalar.of(1 / size));
    const x = ops.mul(ops.cast(ops.range(size), "float32"), by);
    const y = ops.softmax(ops.reshape(x, [1, size]));
    const sums = [ops.sum(x), ops.sum(y)];
    const wants = sums.map(() => ({ keep: false, read: true }));
    const [first, second] = on.enqueue({ outputs: sums, writes: [] }, wants, "total");
    expect((await second?.data)?.[0]).toBeCloseTo(1, 3);
    return (await first?.data)?.[0];
  };

  test("bind anew once when another needs more, and never while they alternate", async () => {
    const sizes = [100, 10_000, 30_000];
    const round = async (): Promise<void> => {
      for (const size of sizes) expect(await total(size)).toBeCloseTo((size - 1) / 2, -1);
    };
    await round();
    await round();
    const before = engine.counters();
    for (let i = 0; i < 3; i++) await round();
    const after = engine.counters();
    expect(after.bindGroupsCreated).toBe(before.bindGroupsCreated);
    expect(after.buffersCreated).toBe(before.buffersCreated);
    await total(30_000, alone);
    // Slots of up to 16 KiB, which the smallest has two of, have buffers of their own.
    const { scratchBytes } = alone.counters();
    expect(after.scratchBytes).toBeLessThanOrEqual(scratchBytes + 2 * 16 * 1024);
  });
});
