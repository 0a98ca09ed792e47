import { at } from "./at.ts";
import { type Births, indexOfDay } from "./data.ts";
import { DAY_INPUTS, dayInputs, fitScale, type Scale, YEAR_LAG } from "./features.ts";

/** Days whose births are known. */
export const HISTORY = 28;
/** Days that are forecast. */
export const HORIZON = 28;
/** Steps of one sequence. */
export const STEPS = HISTORY + HORIZON;

/** Inputs of one step: those of the day, then two that depend on where the known days end. */
export const STEP_INPUTS: readonly string[] = [...DAY_INPUTS, "birthsOrTypical", "isKnown"];

/**
 * Sequences of 28 known days and 28 days to forecast. The origin is the first day that is forecast;
 * all that stands in the inputs was known on the evening before it.
 */
export interface Windows {
  readonly origins: readonly number[];
  /** [B, T, I] with T = `STEPS` and I = `STEP_INPUTS.length`, row-major. */
  readonly inputs: Float32Array;
  /** Scaled births of the days to forecast, [B, 28]. */
  readonly targets: Float32Array;
}

/** What is trained on, tuned on, and judged on: apart in time, in this order. */
export interface Experiment {
  readonly births: Births;
  readonly scale: Scale;
  /** An origin every day; all forecast days are before 2011. */
  readonly training: Windows;
  /** An origin every week of 2011. */
  readonly validation: Windows;
  /**
   * An origin every 28 days from 2012-01-01: each day of 2012 to 2014 is forecast once, but for the
   * last four.
   */
  readonly heldOut: Windows;
}

const FIRST_ORIGIN = YEAR_LAG + HISTORY;

/** Cuts the series into windows; the scale comes from the training days alone. */
export function prepareExperiment(births: Births): Experiment {
  const tuningStart = indexOfDay(births, 2011, [1, 1]);
  const heldOutStart = indexOfDay(births, 2012, [1, 1]);
  const scale = fitScale(births, tuningStart);
  const inputs = dayInputs(births, scale); // [T, I]
  const cut = (from: number, end: number, stride: number): Windows =>
    cutWindows({ births, scale, inputs }, originsBetween(from, end, stride));
  return {
    births,
    scale,
    training: cut(FIRST_ORIGIN, tuningStart, 1),
    validation: cut(tuningStart, heldOutStart, 7),
    heldOut: cut(heldOutStart, births.counts.length, HORIZON),
  };
}

/** Origins from `from` on, every `stride` days, whose forecast days all lie before `end`. */
function originsBetween(from: number, end: number, stride: number): number[] {
  const count = Math.max(0, Math.floor((end - HORIZON - from) / stride) + 1);
  return Array.from({ length: count }, (_, i) => from + i * stride);
}

interface Source {
  readonly births: Births;
  readonly scale: Scale;
  /** [T, I] of all days. */
  readonly inputs: Float32Array;
}

function cutWindows({ births, scale, inputs }: Source, origins: readonly number[]): Windows {
  const dayWidth = DAY_INPUTS.length;
  const width = STEP_INPUTS.length;
  const scaled = births.counts.map((count) => (count - scale.mean) / scale.deviation); // [T]
  const windowInputs = new Float32Array(origins.length * STEPS * width); // [B, T, I]
  const targets = new Float32Array(origins.length * HORIZON); // [B, 28]
  origins.forEach((origin, b) => {
    const typical = typicalWeek(scaled.subarray(origin - HISTORY, origin)); // [7]
    for (let t = 0; t < STEPS; t++) {
      const day = origin - HISTORY + t;
      const isKnown = t < HISTORY;
      const start = (b * STEPS + t) * width;
      windowInputs.set(inputs.subarray(day * dayWidth, (day + 1) * dayWidth), start);
      windowInputs[start + dayWidth] = isKnown ? at(scaled, day) : at(typical, t % 7);
      windowInputs[start + dayWidth + 1] = isKnown ? 1 : 0;
    }
    targets.set(scaled.subarray(origin, origin + HORIZON), b * HORIZON);
  });
  return { origins, inputs: windowInputs, targets };
}

/** Median of the four known days of each weekday, beginning with the weekday of the first day. */
function typicalWeek(history: Float64Array): number[] {
  return Array.from({ length: 7 }, (_, weekday) => {
    const same = history.filter((_, i) => i % 7 === weekday).sort();
    return (at(same, 1) + at(same, 2)) / 2;
  });
}
