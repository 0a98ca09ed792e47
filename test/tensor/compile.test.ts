import { beforeEach, describe, expect, test, vi } from "vitest";
import { packVariables } from "../../src/tensor/arena.ts";
import { currentEngine } from "../../src/tensor/current.ts";
import {
  add,
  compile,
  memory,
  mul,
  ones,
  type Tensor,
  tensor,
  variable,
} from "../../src/tensor/index.ts";

// What earlier tests left on the way would change what `memory()` says.
beforeEach(() => currentEngine().idle());

describe("compile", () => {
  test("functions that captured the same data end independently of each other", async () => {
    const before = memory();
    const data = tensor([1, 2]);
    const f = compile((x: Tensor) => add(x, data));
    const g = compile((x: Tensor) => mul(x, data));
    f(tensor([1, 1])).dispose();
    expect([...(await g(tensor([1, 1])).data())]).toEqual([1, 2]);
    f.dispose();
    expect([...(await g(tensor([2, 2])).data())]).toEqual([2, 4]);
    const late = compile((x: Tensor) => add(x, data));
    expect([...(await late(tensor([0, 0])).data())]).toEqual([1, 2]);
    late.dispose();
    g.dispose();
    expect(memory()).toEqual(before);
    expect([...(await mul(data, 2).data())]).toEqual([2, 4]);
  });

  test("functions with the same captured data hold it once", async () => {
    const data = ones([1000]);
    await data.data();
    const before = memory().numBytes;
    const compiled = [1, 2, 3].map((by) => compile(() => mul(add(data, by), 2).sum()));
    for (const f of compiled) await f().data();
    expect(memory().numBytes - before).toBe(4000);
    for (const f of compiled) f.dispose();
    expect(memory().numBytes).toBe(before);
  });

  test("a captured lazy tensor stays as it was when its handle and a variable's place are gone", async () => {
    const w = variable([2]);
    const other = variable([1]);
    const lazy = mul(w, 10);
    const plus = compile((x: Tensor) => add(add(x, lazy), w));
    expect([...(await plus(tensor([0])).data())]).toEqual([22]);
    lazy.dispose();
    w.assign([3]);
    // Places are part of a plan: the function looks its plan up anew.
    packVariables([other, w]);
    expect([...(await plus(tensor([0])).data())]).toEqual([23]);
    plus.dispose();
    w.dispose();
    other.dispose();
  });

  test("keeps at most 64 recordings, the latest used, and warns once", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    let recorded = 0;
    const scaled = compile(function scale(x: Tensor, by: number) {
      recorded++;
      return mul(x, by);
    });
    const before = memory();
    for (let by = 0; by < 64; by++) scaled(tensor([1]), by).dispose();
    scaled(tensor([1]), 0).dispose();
    expect([recorded, warn.mock.calls.length]).toEqual([64, 0]);
    for (let by = 64; by < 70; by++) scaled(tensor([1]), by).dispose();
    expect([...(await scaled(tensor([2]), 0).data())]).toEqual([0]);
    expect(recorded).toBe(70);
    expect([...(await scaled(tensor([2]), 1).data())]).toEqual([2]);
    expect(recorded).toBe(71);
    expect(warn.mock.calls.map(String)).toEqual([expect.stringMatching(/"scale".*more than 64/)]);
    scaled.dispose();
    expect(memory()).toEqual(before);
    warn.mockRestore();
  });
});
