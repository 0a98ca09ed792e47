import { expect, test, vi } from "vitest";
import { currentEngine } from "../../src/tensor/current.ts";
import { add, tensor } from "../../src/tensor/index.ts";
import { profile } from "../../src/tensor/profile.ts";

/** Buffers and query sets that `body` makes and nobody destroys. */
async function leftBy(body: () => Promise<unknown>): Promise<unknown[]> {
  const { device } = await currentEngine().gpu();
  const left = new Set<unknown>();
  const watch = <T extends { label: string; destroy(): void }>(made: T): T => {
    if (!/readback|timestamps|query/.test(made.label || "query")) return made;
    left.add(made);
    const destroy = made.destroy.bind(made);
    made.destroy = () => {
      left.delete(made);
      destroy();
    };
    return made;
  };
  const { createBuffer, createQuerySet } = device;
  vi.spyOn(device, "createBuffer").mockImplementation((d) => watch(createBuffer.call(device, d)));
  vi.spyOn(device, "createQuerySet").mockImplementation((d) =>
    watch(createQuerySet.call(device, d)),
  );
  await body();
  vi.restoreAllMocks();
  return [...left];
}

test("a profile whose function throws frees what the timing took", async () => {
  const run = (): Promise<unknown> =>
    profile(async () => {
      await add(tensor([1, 2]), 3).buffer();
      throw new Error("from the function");
    });
  const left = await leftBy(async () => {
    await expect(run()).rejects.toThrow("from the function");
    await currentEngine().idle();
  });
  expect(left).toEqual([]);
  expect((await profile(() => add(tensor([1, 2]), 3).data())).kernels).toHaveLength(1);
});
