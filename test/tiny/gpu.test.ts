import { describe, expect, test } from "vitest";
import { PipelineCache } from "../../src/gpu/pipelines.ts";
import { testDevice } from "../helpers/adapter.ts";
import { DOUBLE, runInPlace, storageBuffer } from "../helpers/kernels.ts";

describe("gpu", () => {
  test("compiles a shader, runs it and gives its result back", async () => {
    const { device } = await testDevice();
    const buffer = storageBuffer(device, [1, -2, 0.5]);
    const result = await runInPlace(device, new PipelineCache(device), { code: DOUBLE, buffer });
    expect([...result]).toEqual([2, -4, 1]);
    buffer.destroy();
  });
});
