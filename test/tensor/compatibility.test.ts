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

test("init refuses what it does not know, and goes on with the device that it has", async () => {
  const name = sl.adapterName();
  await expect(sl.init({ sead: 3 } as never)).rejects.toThrow(/seed/);
  await expect(sl.init({ device: {} as never })).rejects.toThrow(sl.ArgumentError);
  await expect(sl.init({ device: "x" as never })).rejects.toThrow(/GPUDevice/);
  expect(sl.adapterName()).toBe(name);
  expect(await sl.add(1, 2).array()).toBe(3);
});

test("optimizers tell the names of their classes in TF.js", () => {
  const { adam, adamw, sgd, rmsprop } = sl.train;
  const names = [adam(), adamw(), sgd(0.1), rmsprop()].map((one) => one.getClassName());
  expect(names).toEqual(["Adam", "AdamW", "SGD", "RMSProp"]);
});

test("time measures what the GPU does for the tensors that a function gives", async () => {
  const { wallMs, kernelMs } = await sl.time(() => sl.matMul(sl.ones([64, 64]), sl.ones([64, 64])));
  expect(wallMs).toBeGreaterThan(0);
  expect(kernelMs === null || kernelMs > 0).toBe(true);
});
