import { expect, test } from "vitest";
import type { History, Model } from "../../src/train/index.ts";
import { programOf, runProgram } from "./blocks.ts";

test("the programs of the README run as they stand", async () => {
  const program = programOf("../README.md");
  const { names, logs } = await runProgram(program);
  const { history, record, model, forecaster, again } = names as {
    history: History;
    record: History;
    model: Model;
    forecaster: Model;
    again: Model;
  };
  expect(history.history.loss?.at(-1)).toBeLessThan(Number(history.history.loss?.[0]) / 2);
  expect(record.history.r2Score?.at(-1)).toBeGreaterThan(0.9);
  expect(model.isDisposed).toBe(true);
  expect(Object.keys(again.getUserDefinedMetadata())).toEqual(["scaler"]);
  const [error] = logs.flat().filter((one) => one instanceof Float32Array && one.length === 1);
  expect((error as Float32Array)[0]).toBeLessThan(0.2);
  for (const one of [forecaster, again]) one.dispose();
});
