import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LimitError } from "../../src/errors.ts";
import { platform } from "../../src/node/platform.ts";
import { sgd } from "../../src/optimizers/index.ts";
import { currentEngine, replaceEngine } from "../../src/tensor/current.ts";
import { add, memory, ones, sum, variable } from "../../src/tensor/index.ts";

/** On a device with the limits that every device has: 128 MiB a binding, 256 MiB a buffer. */
describe("arenas on a device with default limits", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    const adapter = await (await platform.gpu()).requestAdapter();
    device = (await adapter?.requestDevice()) as GPUDevice;
    replaceEngine({ device });
  });
  afterAll(async () => {
    await currentEngine().idle();
    replaceEngine({});
    device.destroy();
  });

  test("weights that no binding holds together are updated all the same", async () => {
    const size = 18_000_000; // 72 MB each
    const weights = [1, 2].map((value) =>
      variable(ones([size]).mul(value), true, `large/${value}`),
    );
    const [a, b] = weights as [(typeof weights)[0], (typeof weights)[0]];
    const optimizer = sgd(0.5);
    const loss = optimizer.minimize(() => add(sum(a), sum(b.mul(2))), true);
    expect(((await loss?.data())?.[0] ?? 0) / size).toBeCloseTo(5, 3);
    const ends = [a.slice([size - 2], [2]), b.slice([size - 2], [2])];
    expect(await Promise.all(ends.map((end) => end.array()))).toEqual([
      [0.5, 0.5],
      [1, 1],
    ]);
    expect(await optimizer.refusedUpdates()).toBe(0);
    for (const one of [optimizer, ...weights]) one.dispose();
    loss?.dispose();
    expect(memory().numBytes).toBe(0);
  });

  test("a tensor beyond the limit is refused before anything is allocated", async () => {
    await expect(ones([40_000_000]).add(1).buffer()).rejects.toThrow(LimitError);
  });
});
