import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { formatDay } from "../../examples/births/calendar.ts";
import { type Births, DATA_FILE, dayAt, parseBirths } from "../../examples/births/data.ts";
import {
  HISTORY,
  HORIZON,
  prepareExperiment,
  STEP_INPUTS,
  STEPS,
  type Windows,
} from "../../examples/births/windows.ts";

const csv = readFileSync(createRequire(import.meta.url).resolve(DATA_FILE), "utf8");
const births = parseBirths(csv);
const experiment = prepareExperiment(births);
const { training, validation, heldOut, scale } = experiment;

describe("the windows", () => {
  test.each<[name: string, windows: Windows, first: string, last: string]>([
    ["training", training, "2001-01-27", "2010-12-31"],
    ["validation", validation, "2011-01-01", "2011-12-30"],
    ["heldOut", heldOut, "2012-01-01", "2014-12-27"],
  ])("of %s forecast days of their own years", (_, { origins }, first, last) => {
    expect(formatDay(dayAt(births, Math.min(...origins)))).toBe(first);
    expect(formatDay(dayAt(births, Math.max(...origins) + HORIZON - 1))).toBe(last);
  });

  test("forecast each held-out day once", () => {
    const days = heldOut.origins.flatMap((origin) =>
      Array.from({ length: HORIZON }, (_, h) => origin + h),
    );
    expect(new Set(days).size).toBe(days.length);
    expect(days).toHaveLength(39 * 28);
  });

  test("have the births to forecast as targets", () => {
    const origin = heldOut.origins[3] ?? 0;
    const targets = heldOut.targets.subarray(3 * HORIZON, 4 * HORIZON);
    const counts = Array.from(targets, (z) => Math.round(z * scale.deviation + scale.mean));
    expect(counts).toEqual([...births.counts.subarray(origin, origin + HORIZON)]);
  });

  test("know the history, then the median of its weekdays", () => {
    const column = STEP_INPUTS.indexOf("birthsOrTypical");
    const known = STEP_INPUTS.indexOf("isKnown");
    const steps = Array.from({ length: STEPS }, (_, t) => stepOf(heldOut, 5, t));
    const values = steps.map((step) => (step[column] ?? Number.NaN) * scale.deviation + scale.mean);
    const origin = heldOut.origins[5] ?? 0;
    const history = [...births.counts.subarray(origin - HISTORY, origin)];
    expect(values.slice(0, HISTORY).map(Math.round)).toEqual(history);
    const medians = Array.from({ length: HORIZON }, (_, h) => {
      const same = history.filter((_, i) => i % 7 === h % 7).sort((a, b) => a - b);
      return ((same[1] ?? 0) + (same[2] ?? 0)) / 2;
    });
    medians.forEach((median, h) => {
      // Half a birth: inputs are 32-bit floats.
      expect(Math.abs((values[HISTORY + h] ?? Number.NaN) - median)).toBeLessThan(0.5);
    });
    expect(steps.map((step) => step[known])).toEqual(
      Array.from({ length: STEPS }, (_, t) => (t < HISTORY ? 1 : 0)),
    );
  });

  test("know nothing that happened at their origin or later", () => {
    for (const b of [0, 17, 38]) {
      const origin = heldOut.origins[b] ?? 0;
      const changed: Births = {
        ...births,
        counts: births.counts.map((count, i) => (i < origin ? count : 2 * count + i)),
      };
      const other = prepareExperiment(changed).heldOut;
      expect(windowOf(other, b)).toEqual(windowOf(heldOut, b));
      expect(other.targets.subarray(b * HORIZON, (b + 1) * HORIZON)).not.toEqual(
        heldOut.targets.subarray(b * HORIZON, (b + 1) * HORIZON),
      );
    }
  });

  test("are scaled by what training may know", () => {
    const after = births.counts.map((count, i) => (i < (validation.origins[0] ?? 0) ? count : 0));
    expect(prepareExperiment({ ...births, counts: after }).scale).toEqual(scale);
  });
});

function stepOf({ inputs }: Windows, b: number, t: number): Float32Array {
  const start = (b * STEPS + t) * STEP_INPUTS.length;
  return inputs.subarray(start, start + STEP_INPUTS.length);
}

function windowOf({ inputs }: Windows, b: number): Float32Array {
  const size = STEPS * STEP_INPUTS.length;
  return inputs.subarray(b * size, (b + 1) * size);
}
