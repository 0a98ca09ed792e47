import type * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { programOf, runProgram } from "./blocks.ts";

describe("the program of the page", () => {
  test("looks at gradients, gates and attributions", async () => {
    const { names, logs } = await runProgram(programOf("gradient-flow.md"));
    (names.net as sl.Sequential).dispose();
    const [flow = [], gates = [], attributions = []] = logs;
    const [, , first, last] = flow as [string, string, number, number];
    expect(first).toBeGreaterThan(0);
    // An LSTM with a forget bias of 1 that was not trained: 0.73 to the power of 49 is 2e-7.
    expect(first).toBeLessThan(0.01 * last);
    const [, mean] = gates as [string, number];
    // σ(1), and little input.
    expect(mean).toBeGreaterThan(0.6);
    expect(mean).toBeLessThan(0.85);
    const [, shape, , gap, count] = attributions as [string, number[], string, number, number];
    expect([shape, count]).toEqual([[32, 50, 2], 3200]);
    expect(gap).toBeLessThan(0.01);
  });
});
