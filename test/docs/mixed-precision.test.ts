import * as sl from "sluice";
import { afterEach, expect, test } from "vitest";
import { testDevice } from "../helpers/adapter.ts";
import { programOf, runProgram } from "./blocks.ts";

const hasHalf = (await testDevice()).features.has("shader-f16");

afterEach(() => sl.setDTypePolicy("float32"));

test("the program of the page writes what it says, or that the device has no halves", async () => {
  const run = runProgram(programOf("mixed-precision.md"));
  if (!hasHalf) {
    await expect(run).rejects.toThrow(sl.UnsupportedError);
    return;
  }
  const { names, logs } = await run;
  expect(logs).toEqual([
    [["float16", "float16", "float32"]],
    [true],
    [Float32Array.of(0.0999755859375, 0, Number.POSITIVE_INFINITY)],
    ["float16", "float32"],
    ["float16"],
  ]);
  const model = names.model as sl.Sequential;
  expect(model.optimizer.getClassName()).toBe("LossScaleOptimizer");
  model.dispose();
});
