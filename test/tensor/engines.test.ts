import { describe, expect, test } from "vitest";
import { SluiceError } from "../../src/errors.ts";
import { replaceEngine } from "../../src/tensor/current.ts";
import { add, memory, mul, tensor, variable } from "../../src/tensor/index.ts";

describe("engines", () => {
  test("what belongs to an earlier one is counted and freed there", async () => {
    const old = replaceEngine({});
    const w = variable([1, 2]);
    const y = mul(w, 2);
    await y.buffer();
    replaceEngine({});
    expect(memory()).toMatchObject({ numTensors: 0, numBytes: 0, numDataBuffers: 0 });
    y.dispose();
    w.dispose();
    expect(memory()).toMatchObject({ numTensors: 0, numBytes: 0, numDataBuffers: 0 });
    await old.idle();
    expect(old.memory()).toMatchObject({ numTensors: 0, numBytes: 0, numDataBuffers: 0 });
  });

  test("what belongs to an earlier one is refused by what it is, not as disposed", async () => {
    const w = variable([1, 2], true, "old/weight");
    const y = mul(w, 2);
    await y.buffer();
    const x = variable([1, 2]);
    const lazy = add(x, 1);
    replaceEngine({});
    const belongs = /belongs to another engine.*init\(\)/s;
    await expect(lazy.data()).rejects.toThrow(belongs);
    await expect(add(y, 1).data()).rejects.toThrow(belongs);
    await expect(y.buffer()).rejects.toThrow(belongs);
    await expect(w.data()).rejects.toThrow(/"old\/weight" belongs to another engine/);
    expect(() => w.assign([3, 4])).toThrow(SluiceError);
    expect(() => w.assign([3, 4])).toThrow(belongs);
    expect([...(await add(tensor([1]), 1).data())]).toEqual([2]);
  });
});
