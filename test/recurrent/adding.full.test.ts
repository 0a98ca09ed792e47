import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { adding } from "../../examples/long-memory/tasks.ts";
import { createModel, train } from "../../examples/long-memory/train.ts";

/**
 * Hochreiter and Schmidhuber 1997, section 5.4: two marked numbers of a sequence are to be added, and who remembers
 * neither errs by 1/6 in the mean square. With H 64, B 32, Adam 2e-3 and a global clip norm of 1 PyTorch's LSTM and GRU
 * take about 1,500 updates.
 */
describe("the adding problem over 50 steps", () => {
  test.each(["lstm", "gru"] as const)("%s solves it within 2,500 updates", async (cell) => {
    const seed = 1;
    sl.setSeed(seed);
    const task = adding(50);
    const model = createModel(task, cell);
    const { updates, figure, seconds } = await train(model, task, { seed, updates: 2500 });
    model.dispose();
    console.log(
      `${cell}, seed ${seed}: mean squared error ${figure.toFixed(4)} after ${updates} updates, ${seconds.toFixed(0)} s`,
    );
    expect(task.baseline).toBeCloseTo(0.1667, 4);
    expect(figure).toBeLessThan(0.01);
    expect(updates).toBeLessThanOrEqual(2500);
  });
});
