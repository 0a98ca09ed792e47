import { describe, expect, test } from "vitest";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import { ops } from "../../src/ops/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Program } from "../../src/runtime/run.ts";
import { newEngine } from "../helpers/engine.ts";

/** A graph that is like no other of another `size`. */
const requestOf = (size: number) => ({
  outputs: [ops.add(ops.range(size), ops.scalar(HostScalar.of(1, "int32")))],
  writes: [],
});

const read = async (engine: Engine, size: number): Promise<number[]> => {
  const [outcome] = engine.enqueue(requestOf(size), [{ keep: false, read: true }], "test");
  return [...((await outcome?.data) ?? [])];
};

describe("plan cache", () => {
  test("keeps the plans in use, however many others are pinned", async () => {
    const engine = newEngine();
    await engine.gpu();
    const pinned = Array.from({ length: 260 }, (_, i): Program => {
      const program = engine.program(requestOf(10 + i));
      engine.hold(program);
      return program;
    });
    const before = engine.counters();
    for (let i = 0; i < 3; i++) {
      expect(await read(engine, 2)).toEqual([1, 2]);
      expect(await read(engine, 3)).toEqual([1, 2, 3]);
    }
    expect(engine.counters().plansCreated - before.plansCreated).toBe(2);
    for (const program of pinned) engine.release(program);
    (await engine.gpu()).destroy();
  });

  test("a plan that ended is compiled anew by whoever still knows it", async () => {
    const engine = newEngine();
    await engine.gpu();
    const program = engine.program(requestOf(4));
    engine.hold(program);
    engine.release(program);
    const { plansCreated } = engine.counters();
    const [first] = engine.launch(program, {
      wants: [{ keep: false, read: true }],
      args: [],
      label: "test",
    });
    expect([...((await first?.data) ?? [])]).toEqual([1, 2, 3, 4]);
    expect(await read(engine, 4)).toEqual([1, 2, 3, 4]);
    expect(engine.counters().plansCreated - plansCreated).toBe(1);
    (await engine.gpu()).destroy();
  });

  test("ends the plans that nobody holds or used lately", async () => {
    const engine = newEngine();
    await engine.gpu();
    for (let size = 2; size < 260; size++) await read(engine, size);
    const before = engine.counters().plansCreated;
    await read(engine, 259);
    expect(engine.counters().plansCreated - before).toBe(0);
    await read(engine, 2);
    expect(engine.counters().plansCreated - before).toBe(1);
    (await engine.gpu()).destroy();
  });

  test("what is let go of before there is a device is not held afterwards", async () => {
    const engine = newEngine();
    const program = engine.program(requestOf(5));
    engine.hold(program);
    engine.release(program);
    expect(await read(engine, 2)).toEqual([1, 2]);
    expect(engine.counters().plansCreated).toBe(1);
    (await engine.gpu()).destroy();
  });
});
