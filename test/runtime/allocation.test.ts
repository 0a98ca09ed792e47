import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BufferUsage } from "../../src/gpu/constants.ts";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import type { Value } from "../../src/graph/node.ts";
import { specOf } from "../../src/graph/spec.ts";
import type { Storage } from "../../src/graph/storage.ts";
import { ops } from "../../src/ops/index.ts";
import { readLeaf } from "../../src/ops/leaves.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { newTestDevice } from "../helpers/adapter.ts";
import { newEngine } from "../helpers/engine.ts";

class GPUOutOfMemoryError {
  readonly message = "no memory, says the test";
}

/** Makes `createBuffer` fail as if memory were exhausted, for buffers of these labels, until the next call. */
function limitMemory(device: GPUDevice): (labels: RegExp | null) => void {
  let refused: RegExp | null = null;
  const createBuffer = device.createBuffer.bind(device);
  const popErrorScope = device.popErrorScope.bind(device);
  device.createBuffer = (descriptor) => {
    if (!refused?.test(descriptor.label ?? "")) return createBuffer(descriptor);
    // Mapping and storage cannot be combined: a validation error, which is renamed below.
    return createBuffer({ ...descriptor, usage: BufferUsage.mapRead | BufferUsage.storage });
  };
  device.popErrorScope = async () => {
    const error = await popErrorScope();
    return /MapRead/.test(error?.message ?? "") ? new GPUOutOfMemoryError() : error;
  };
  return (labels) => {
    refused = labels;
  };
}

describe.each(["the application's device", "a device of its own"])("no memory on %s", (which) => {
  let engine: Engine;
  let device: GPUDevice;
  let refuse: (labels: RegExp | null) => void;
  const uncaptured: string[] = [];

  beforeAll(async () => {
    const isShared = which.startsWith("the application");
    engine = newEngine(isShared ? (await newTestDevice()).device : undefined);
    device = (await engine.gpu()).device;
    refuse = limitMemory(device);
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      if (isShared) uncaptured.push((event as GPUUncapturedErrorEvent).error.message);
    });
  });
  afterAll(() => device.destroy());
  beforeEach(() => {
    refuse(null);
    uncaptured.length = 0;
  });

  const read = async (value: Value): Promise<number[]> => {
    const request = { outputs: [value], writes: [] };
    const [outcome] = engine.enqueue(request, [{ keep: false, read: true }], "read");
    return [...((await outcome?.data) ?? [])];
  };
  const keep = (value: Value): Storage => {
    const [outcome] = engine.enqueue(
      { outputs: [value], writes: [] },
      [{ keep: true, read: false }],
      "keep",
    );
    return outcome?.storage as Storage;
  };
  /** Elements of this many integers, in a plan like no other size's. */
  const numbers = (size: number): Value =>
    ops.add(ops.range(size), ops.scalar(HostScalar.of(1, "int32")));
  const weight = (size: number): Storage =>
    engine.book.create(specOf([size]), {
      kind: "variable",
      name: "weight",
      data: new Float32Array(size).fill(2),
    });
  const exhausted = /has not enough memory.*says the test/s;

  test.each([
    ["blocks", /plan block/, 5],
    ["scratch memory", /tensors/, 100_000],
  ])("of a plan's %s rejects its reads, and a later run tries anew", async (_, label, size) => {
    refuse(label);
    await expect(read(numbers(size))).rejects.toThrow(exhausted);
    await expect(read(numbers(size))).rejects.toThrow(exhausted);
    refuse(null);
    expect((await read(numbers(size))).slice(0, 3)).toEqual([1, 2, 3]);
    expect(uncaptured).toEqual([]);
  });

  test("of a kept result, in a first run and in a replay, rejects what reads it", async () => {
    const [first, warm] = [200_000, 210_000];
    const known = keep(numbers(warm));
    await engine.idle();
    refuse(/tensors/);
    const lost = [keep(numbers(warm)), keep(numbers(first))];
    for (const one of lost) await expect(read(readLeaf(one))).rejects.toThrow(exhausted);
    refuse(null);
    for (const one of [known, ...lost]) one.owner.release(one);
    // The broken buffers are not handed on.
    const again = keep(numbers(first));
    expect((await read(readLeaf(again))).slice(0, 3)).toEqual([1, 2, 3]);
    again.owner.release(again);
    expect(uncaptured).toEqual([]);
  });

  test("of packed variables rejects what reads them", async () => {
    const pair = [weight(300_000), weight(3)];
    for (const one of pair) await engine.bufferOf(one);
    refuse(/tensors/);
    engine.pack(pair);
    await engine.idle();
    refuse(null);
    await expect(read(ops.sum(readLeaf(pair[0] as Storage)))).rejects.toThrow(exhausted);
    for (const one of pair) one.owner.release(one);
    expect(uncaptured).toEqual([]);
  });

  test("of a variable whose buffer is asked for rejects that", async () => {
    const one = weight(400_000);
    refuse(/tensors/);
    await expect(engine.bufferOf(one)).rejects.toThrow(exhausted);
    one.owner.release(one);
    expect(uncaptured).toEqual([]);
  });
});
