import { describe, expect, test } from "vitest";
import type { ProgressState } from "../../src/gpu/platform.ts";
import {
  createProgressBar,
  epochLine,
  formatDuration,
  formatValue,
  progressLine,
} from "../../src/node/progress-bar.ts";

const state: ProgressState = {
  epoch: 2,
  epochs: 10,
  step: 8,
  steps: 32,
  logs: { loss: 0.51234, val_loss: 12.345 },
  msPerStep: 4.24,
  secondsLeft: 101.7,
};

describe("progress line", () => {
  test("shows epoch, bar, steps, speed, time left and logs", () => {
    expect(progressLine(state)).toBe(
      "Epoch  2/10  [=====>              ]  8/32  4.2 ms/step  1:42 left  " +
        "loss 0.5123  val_loss 12.35",
    );
  });

  test("fills the bar at the end, and is empty at the start", () => {
    expect(progressLine({ ...state, step: 32 })).toContain(`[${"=".repeat(20)}] 32/32`);
    expect(progressLine({ ...state, step: 0 })).toContain(`[>${" ".repeat(19)}]  0/32`);
  });

  test("does without what is not known", () => {
    const { epoch, epochs, step } = state;
    expect(progressLine({ epoch, epochs, step, logs: {} })).toBe("Epoch  2/10  step 8");
    expect(epochLine({ epoch, epochs, step, logs: {} })).toBe("Epoch  2/10  8 steps");
  });
});

describe("formats", () => {
  test.each([
    [0, "0:00"],
    [7.4, "0:07"],
    [760, "12:40"],
    [3599.6, "1:00:00"],
    [10_931, "3:02:11"],
    [Number.POSITIVE_INFINITY, "?"],
  ])("%s seconds as %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test.each([
    [0, "0"],
    [0.51234, "0.5123"],
    [12.345, "12.35"],
    [1234.56, "1235"],
    [99_999.7, "100000"],
    [123_456, "1.235e+5"],
    [0.00001234, "1.234e-5"],
    [-0.25, "-0.2500"],
    [Number.NaN, "NaN"],
  ])("the value %s as %s", (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});

/** Of the whole line; `  val_loss 12.35` are 16 of it, ` …` would be 2. */
const LENGTH = progressLine(state).length;

describe("progress bar", () => {
  const record = (options: { isTerminal: boolean; columns?: number }) => {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text) };
    return { written, bar: createProgressBar({ stream, ...options }) };
  };

  test("redraws one line on a terminal and leaves a line an epoch", () => {
    const { written, bar } = record({ isTerminal: true, columns: 200 });
    bar.update(state);
    bar.endEpoch({ ...state, step: 32 });
    bar.close();
    expect(written).toEqual([
      `\r\x1b[2K${progressLine(state)}`,
      "\r\x1b[2KEpoch  2/10  32/32  4.2 ms/step  loss 0.5123  val_loss 12.35\n",
    ]);
  });

  test("never lets a line wrap", () => {
    const { written, bar } = record({ isTerminal: true, columns: 24 });
    bar.update(state);
    expect(written).toEqual(["\r\x1b[2KEpoch  2/10 …"]);
  });

  test.each([
    [200, "1:42 left  loss 0.5123  val_loss 12.35"],
    [LENGTH + 1, "1:42 left  loss 0.5123  val_loss 12.35"],
    [LENGTH, "1:42 left  loss 0.5123 …"],
    [LENGTH - 13, "1:42 left  loss 0.5123 …"],
    [LENGTH - 14, "1:42 left …"],
    [40, "Epoch  2/10 …"],
    [5, "Epoc"],
  ])("in %i columns leaves out whole what does not fit", (columns, end) => {
    const line = progressLine(state, columns);
    expect(line.endsWith(end)).toBe(true);
    expect(line.length).toBeLessThan(columns);
  });

  test("counts wide characters as two, and lets no name move the cursor", () => {
    const { epoch, epochs, step } = state;
    const wide = { epoch, epochs, step, logs: { 損失: 1, "a\r\u001b[2Kb": 2 } };
    expect(progressLine(wide)).toBe("Epoch  2/10  step 8  損失 1.000  a??[2Kb 2.000");
    expect(progressLine(wide, 33)).toBe("Epoch  2/10  step 8 …");
    expect(progressLine(wide, 34)).toBe("Epoch  2/10  step 8  損失 1.000 …");
    expect(epochLine(wide)).toContain("a??[2Kb 2.000");
  });

  test("writes one line an epoch where there is no terminal", () => {
    const { written, bar } = record({ isTerminal: false });
    bar.update(state);
    bar.endEpoch({ ...state, step: 32 });
    expect(written).toEqual(["Epoch  2/10  32/32  4.2 ms/step  loss 0.5123  val_loss 12.35\n"]);
  });

  test("ends an open line once when training stops midway", () => {
    const { written, bar } = record({ isTerminal: true });
    bar.update(state);
    bar.close();
    bar.close();
    expect(written.slice(1)).toEqual(["\n"]);
  });
});
