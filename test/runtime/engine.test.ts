import { afterAll, describe, expect, test } from "vitest";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import type { Value } from "../../src/graph/node.ts";
import { specOf } from "../../src/graph/spec.ts";
import type { Storage } from "../../src/graph/storage.ts";
import { ops } from "../../src/ops/index.ts";
import { readLeaf } from "../../src/ops/leaves.ts";
import { newEngine } from "../helpers/engine.ts";

const engine = newEngine();
afterAll(async () => (await engine.gpu()).destroy());

function weight(...values: number[]): Storage {
  const data = Float32Array.from(values);
  return engine.book.create(specOf([data.length]), { kind: "variable", name: "weight", data });
}

async function read(value: Value): Promise<number[]> {
  const request = { outputs: [value], writes: [] };
  const [outcome] = engine.enqueue(request, [{ keep: false, read: true }], "read");
  return [...((await outcome?.data) ?? [])];
}

describe("pack", () => {
  test("moves contents, in order with what runs before and after", async () => {
    const before = engine.memory();
    const [a, b] = [weight(1, 2), weight(3)];
    engine.pack([a, b]);
    expect(await read(ops.add(readLeaf(a), readLeaf(b)))).toEqual([4, 5]);
    expect(engine.book.placeOf(a).block).toBe(engine.book.placeOf(b).block);
    expect(engine.memory().numDataBuffers - before.numDataBuffers).toBe(1);
    for (const one of [a, b]) one.owner.release(one);
    expect(engine.memory()).toEqual(before);
  });

  test("what ends before it was moved leaves no buffer behind", async () => {
    await engine.gpu();
    const before = engine.memory();
    // A kernel that nobody has compiled yet holds back what comes after.
    const first = read(ops.sin(ops.literal(0, [3])));
    const [a, b] = [weight(1, 2), weight(3)];
    engine.pack([a, b]);
    const { block } = engine.book.placeOf(a);
    for (const one of [a, b]) one.owner.release(one);
    await engine.idle();
    expect(await first).toEqual([0, 0, 0]);
    expect(block.buffer).toBeNull();
    expect(engine.memory()).toEqual(before);
  });
});

describe("idle", () => {
  test("waits for what was queued before the call, also while there is always more", async () => {
    const one = (): unknown => {
      const value = ops.add(ops.range(4096), ops.scalar(HostScalar.of(1, "int32")));
      const [outcome] = engine.enqueue(
        { outputs: [value], writes: [] },
        [{ keep: true, read: false }],
        "endless",
      );
      return outcome?.storage?.owner.release(outcome.storage);
    };
    await engine.idle();
    let pushed = 0;
    let isIdle = false;
    const more = async (): Promise<void> => {
      while (!isIdle && pushed < 20_000) {
        for (let i = 0; i < 100; i++, pushed++) one();
        await new Promise((resolve) => setTimeout(resolve));
      }
    };
    const producing = more();
    const drained = engine.drained();
    await engine.idle().then(() => {
      isIdle = true;
    });
    await drained;
    await producing;
    expect(pushed).toBeLessThan(20_000);
    await engine.idle();
  });
});

describe("a plan of so much work that it is several submits", () => {
  test("waits for room between them, like runs of one submit", async () => {
    const { device, isFallback } = await engine.gpu();
    await engine.idle();
    const { queue } = device;
    const done = queue.onSubmittedWorkDone.bind(queue);
    let [inFlight, most] = [0, 0];
    queue.onSubmittedWorkDone = async () => {
      most = Math.max(most, ++inFlight);
      await done();
      inFlight--;
      return undefined;
    };
    const { submits } = engine.counters();
    const size = 256;
    const data = new Float32Array(size * size).fill(1 / size);
    const w = engine.book.create(specOf([size, size]), { kind: "variable", name: "w", data });
    // Each product counts 34 million operations: 300 are three seconds of a software adapter.
    let x: Value = readLeaf(w);
    for (let i = 0; i < 300; i++) x = ops.matMul(x, readLeaf(w));
    const later = read(ops.add(readLeaf(w), ops.literal(1, [size, size])));
    const result = await read(x);
    expect(result[0]).toBeCloseTo(1 / size, 5);
    expect(result.at(-1)).toBeCloseTo(1 / size, 5);
    expect((await later)[0]).toBeCloseTo(1 + 1 / size, 5);
    if (isFallback) expect(engine.counters().submits - submits).toBeGreaterThan(5);
    expect(most).toBeLessThanOrEqual(4);
    w.owner.release(w);
    queue.onSubmittedWorkDone = done;
  });
});
