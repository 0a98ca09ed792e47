import * as sl from "sluice";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { programOf, runProgram } from "./blocks.ts";

interface Page {
  readonly value: (t: number) => number;
  readonly holiday: (t: number) => number;
  readonly series: number[][];
  readonly net: sl.Sequential;
  readonly forecasts: Float32Array;
  readonly byWindow: sl.Tensor;
  readonly live: sl.Sequential;
  readonly latest: Float32Array;
  readonly tracker: sl.Sequential;
  readonly tracked: sl.History;
  readonly teacher: sl.FunctionalModel<"one">;
  readonly decode: sl.FunctionalModel<"one">;
  readonly taught: sl.History;
  readonly initialState: sl.Tensor[];
  readonly loop: sl.Tensor;
  readonly loopError: Float32Array;
  readonly cut: (from: number, count: number) => sl.Tensor;
}

let page: Page;

beforeAll(async () => {
  const { names } = await runProgram(programOf("forecasting.md"));
  page = names as unknown as Page;
});
afterAll(() => {
  for (const one of [page.net, page.live, page.tracker, page.teacher]) one.dispose();
});

const meanSquare = (values: readonly number[]) =>
  values.reduce((sum, one) => sum + one ** 2, 0) / values.length;

describe("the program of the page", () => {
  test("forecasts 40 steps, far better than holding the mean or the last value", () => {
    const truth = Array.from({ length: 40 }, (_, s) => page.value(400 + s));
    const mean = page.series.reduce((sum, [v = 0]) => sum + v, 0) / page.series.length;
    const errorOf = (at: (s: number) => number) => meanSquare(truth.map((v, s) => v - at(s)));
    const error = errorOf((s) => page.forecasts[s] ?? Number.NaN);
    expect(page.forecasts).toHaveLength(40);
    expect(error).toBeLessThan(0.3 * errorOf(() => mean));
    expect(error).toBeLessThan(0.3 * errorOf(() => page.value(399)));
  });

  test("gives what predict gives, step by step, with states and with a window", async () => {
    const steps = 4;
    for (const [given, window] of [
      [page.forecasts, page.series.length],
      [await page.byWindow.data(), 24],
    ] as const) {
      let rows = page.series;
      const expected: number[] = [];
      for (let s = 0; s < steps; s++) {
        const from = window === 24 ? rows.length - 24 : 0;
        const y = await page.net.predict(sl.tensor([rows.slice(from)])).data();
        expected.push(y.at(-1) ?? Number.NaN);
        rows = [...rows, [expected.at(-1) ?? 0, page.holiday(400 + s + 1)]];
      }
      expectClose(given.slice(0, steps), expected, tolerances.samePrecision);
    }
  });

  test("the live stream gives what the whole sequence gives", async () => {
    const whole = await page.net.predict(sl.tensor([page.series.slice(0, 51)])).data();
    expectClose(page.latest, whole.slice(-1), tolerances.samePrecision);
  });

  test("training on windows of long streams learns", () => {
    const losses = page.tracked.history.loss ?? [];
    expect(losses).toHaveLength(10);
    expect(losses.at(-1)).toBeLessThan(0.5 * Number(losses[0]));
  });

  test("the decoder learns, and in its own loop is nearly as good", async () => {
    expect(page.taught.history.loss?.at(-1)).toBeLessThan(0.02);
    const [error = 1] = page.loopError;
    expect(error).toBeLessThan(0.05); // a sine has a mean square of 0.5
    expect(page.loop.shape).toEqual([256, 8, 1]);
  });

  test("the loop is the teacher who is told what the decoder said", async () => {
    const said = await page.loop.array();
    const told = sl.concat(
      [page.cut(11, 1), sl.tensor(said as number[][][]).slice([0, 0, 0], [-1, 7, 1])],
      1,
    );
    const again = page.teacher.predict([page.cut(0, 12), told]);
    expectClose(await again.data(), await page.loop.data(), tolerances.samePrecision);
  });
});
