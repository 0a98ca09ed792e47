import { expect, test, vi } from "vitest";
import { counters, idle, memory } from "../../src/tensor/index.ts";
import { kept, linearData, linearModel, lstmModel, sineData } from "./support.ts";

test("fit that is called again records nothing anew and leaves nothing behind", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const model = kept(linearModel(0.01));
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["auc"] });
  const { x, y } = linearData(40);
  const labels = y.map(([value = 0]) => [value > 0 ? 1 : 0]);
  const config = { batchSize: 16, verbose: 0, validationSplit: 0.25 } as const;
  for (let i = 0; i < 2; i++) await model.fit(x, labels, config);
  await idle();
  const [before, plans] = [memory(), counters().plansCreated];
  for (let i = 0; i < 70; i++) await model.fit(x, labels, config);
  await idle();
  expect(memory()).toEqual(before);
  expect(counters().plansCreated).toBe(plans);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

test("other data of the same shapes needs no plan of its own", async () => {
  const model = lstmModel();
  const [one, other] = [sineData(600, 40), sineData(600, 40)];
  const config = { batchSize: 64, verbose: 0, stepsPerEpoch: 2 } as const;
  await model.fit(one.x, one.y, config);
  const plans = counters().plansCreated;
  await model.fit(other.x, other.y, config);
  expect(counters().plansCreated).toBe(plans);
});
