import { expect, test } from "vitest";
import { UnsupportedError } from "../../src/errors.ts";
import * as sl from "../../src/index.ts";

test("what programs for TF.js call around their mathematics is there", async () => {
  await sl.ready();
  expect(sl.getBackend()).toBe("webgpu");
  expect(await sl.setBackend("webgpu")).toBe(true);
  await expect(sl.setBackend("webgl")).rejects.toThrow(UnsupportedError);
  let later = false;
  setTimeout(() => {
    later = true;
  }, 0);
  await sl.nextFrame();
  expect(later).toBe(true);
});

test("time measures what the GPU does for the tensors that a function gives", async () => {
  const { wallMs, kernelMs } = await sl.time(() => sl.matMul(sl.ones([64, 64]), sl.ones([64, 64])));
  expect(wallMs).toBeGreaterThan(0);
  expect(kernelMs === null || kernelMs > 0).toBe(true);
});
