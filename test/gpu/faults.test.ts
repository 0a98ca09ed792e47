import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { GpuError } from "../../src/errors.ts";
import { BufferUsage } from "../../src/gpu/constants.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Faults } from "../../src/gpu/faults.ts";
import { newTestDevice } from "../helpers/adapter.ts";

describe("faults", () => {
  let gpu: GpuDevice;
  let faults: Faults;
  beforeAll(async () => {
    gpu = await newTestDevice();
    faults = new Faults(gpu);
  });
  afterAll(() => gpu.destroy());

  /** Mapping and storage cannot be combined: a validation error. */
  const makeInvalidBuffer = () => {
    const usage = BufferUsage.mapRead | BufferUsage.storage;
    return gpu.device.createBuffer({ label: "wrong", size: 16, usage });
  };

  test("a scope without failures gives the result and null", async () => {
    const { result, error } = faults.scope("nothing", () => 42);
    expect(result).toBe(42);
    expect(await error).toBeNull();
  });

  test("a scope catches a validation error and names its label and the object", async () => {
    const ticket = faults.ticket;
    const { error } = faults.scope("first run of lstm_1", makeInvalidBuffer);
    const caught = await error;
    expect(caught).toBeInstanceOf(GpuError);
    expect(caught?.message).toMatch(/^first run of lstm_1: the GPU refused a call as not valid/);
    expect(caught?.message).toContain("wrong");
    expect(caught?.details).toEqual({ kind: "validation" });
    expect(faults.since(ticket)).toBeNull();
  });

  test("a scope tells exhausted memory apart", async () => {
    // Each buffer is allowed by the limit; together they are larger than any machine.
    const size = gpu.limits.maxBufferSize;
    const buffers: GPUBuffer[] = [];
    const { error } = faults.scope("allocate", () => {
      for (let count = 0; count < 64; count += 1) {
        buffers.push(gpu.device.createBuffer({ size, usage: BufferUsage.storage }));
      }
    });
    const caught = await error;
    for (const buffer of buffers) buffer.destroy();
    expect(caught?.details).toEqual({ kind: "out-of-memory" });
    expect(caught?.message).toMatch(
      /^allocate: the GPU has not enough memory; use a smaller batch/,
    );
  });

  test("a failure in an inner scope is one of the outer scope too, and comes first", async () => {
    const { result, error } = faults.scope("outer", () => {
      const inner = faults.scope("inner", makeInvalidBuffer);
      makeInvalidBuffer();
      return inner.error;
    });
    expect((await result)?.message).toMatch(/^inner: /);
    expect(await error).toBe(await result);
    const gathered = faults.gather(() => faults.scope("inner", makeInvalidBuffer).result);
    expect((await gathered.error)?.message).toMatch(/^inner: /);
    expect(faults.gather(() => 1)).toEqual({ result: 1, error: null });
  });

  test("a scope whose body throws closes its error scopes and rethrows", async () => {
    const failure = new Error("from the body");
    const body = () => {
      makeInvalidBuffer();
      throw failure;
    };
    expect(() => faults.scope("broken", body)).toThrow(failure);
    // With a scope left open, this one would find the stack deeper and the next error would vanish in it.
    await expect(gpu.device.popErrorScope()).rejects.toThrow();
  });

  test("an error outside of scopes counts from the ticket on", async () => {
    const ticket = faults.ticket;
    expect(faults.since(ticket)).toBeNull();
    makeInvalidBuffer();
    await gpu.device.queue.onSubmittedWorkDone();
    expect(faults.ticket).toBe(ticket + 1);
    expect(faults.since(ticket)).toMatchObject({
      name: "GpuError",
      details: { kind: "validation" },
    });
    expect(faults.since(faults.ticket)).toBeNull();
  });

  test("knows of a lost device, and scopes on it end without one more error", async () => {
    const doomed = await newTestDevice();
    const watching = new Faults(doomed);
    expect(watching.lost).toBeNull();
    doomed.destroy();
    await doomed.lost;
    await Promise.resolve();
    expect(watching.lost).toMatchObject({ name: "DeviceLostError" });
    const { error } = watching.scope("after the end", () => doomed.device.createCommandEncoder());
    expect(await error).toBeNull();
  });

  test("does not listen on the application's device, whose errors are not ours", async () => {
    const { device } = gpu;
    const listen = vi.spyOn(device, "addEventListener");
    const other = new Faults({ ...gpu, owned: false });
    expect(listen).not.toHaveBeenCalled();
    listen.mockRestore();
    makeInvalidBuffer();
    await device.queue.onSubmittedWorkDone();
    expect(other.ticket).toBe(0);
  });

  test("hears nothing after close", async () => {
    const other = new Faults(gpu);
    const ticket = other.ticket;
    other.close();
    makeInvalidBuffer();
    await gpu.device.queue.onSubmittedWorkDone();
    expect(other.ticket).toBe(ticket);
  });
});
