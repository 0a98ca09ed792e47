import { afterEach, describe, expect, test, vi } from "vitest";
import { Storage } from "../../src/graph/storage.ts";
import { UnreadResults } from "../../src/runtime/unread-results.ts";

/** Results of 40 bytes, with a limit of 400, and a list of those that were brought to the host. */
function makeResults() {
  const brought: Storage[] = [];
  const released: Storage[] = [];
  const results = new UnreadResults(async (storage) => {
    brought.push(storage);
    return new Float32Array(10).fill(storage.id);
  });
  results.limit = 400;
  const owner = { release: (storage: Storage) => released.push(storage) };
  const add = (): Storage => {
    const spec = { shape: [10], dtype: "float32" } as const;
    const storage = new Storage(spec, { kind: "result", name: "y", owner });
    results.add(storage);
    return storage;
  };
  return { results, add, brought, released };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("unread results", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("move oldest first, down to three quarters of the limit, and say so once", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { add, brought, released } = makeResults();
    const made = Array.from({ length: 10 }, add);
    await settled();
    expect(brought).toEqual([]);
    made.push(add());
    await settled();
    // 11 of 40 bytes are 440; 7 of them are the first at or below 300.
    expect(brought).toEqual(made.slice(0, 4));
    expect(released).toEqual(made.slice(0, 4));
    expect([...(made[0]?.host ?? [])]).toEqual(new Array(10).fill(made[0]?.id));
    for (let i = 0; i < 10; i++) add();
    await settled();
    expect(brought.length).toBeGreaterThan(4);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toMatch(/neither read nor disposed.*tidy/);
  });

  test("stay when their buffer was handed out, or when their owner let go meanwhile", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { results, add, brought } = makeResults();
    const [shared, gone] = [add(), add()];
    shared.shared = true;
    results.remove(gone);
    for (let i = 0; i < 10; i++) add();
    await settled();
    expect(brought.length).toBeGreaterThan(0);
    expect(brought).not.toContain(shared);
    expect(brought).not.toContain(gone);
  });
});
