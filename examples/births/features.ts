import { at } from "./at.ts";
import { calendarDay, DAY_FLAGS, dayFlags } from "./calendar.ts";
import type { Births } from "./data.ts";

/** 52 weeks: the same weekday at nearly the same time of the year. */
export const YEAR_LAG = 364;

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Inputs of a day that do not depend on when the forecast is made, in their order. */
export const DAY_INPUTS: readonly string[] = [
  ...WEEKDAYS.map((name) => `is${name}`),
  ...DAY_FLAGS,
  "births364DaysBefore",
  ...DAY_FLAGS.map((name) => `${name}364DaysBefore`),
];

/** Maps births to numbers near 1, and back. */
export interface Scale {
  readonly mean: number;
  readonly deviation: number;
}

/** Mean and standard deviation of the days before `end`: what training may know. */
export function fitScale({ counts }: Births, end: number): Scale {
  const known = counts.subarray(0, end);
  const mean = known.reduce((sum, count) => sum + count, 0) / end;
  const variance = known.reduce((sum, count) => sum + (count - mean) ** 2, 0) / end;
  return { mean, deviation: Math.sqrt(variance) };
}

/**
 * The inputs of every day. Days without a day 364 before them have zeros there; no window may use
 * them.
 * @returns [T, I] with I = `DAY_INPUTS.length`, row-major; T days in the order of the series.
 */
export function dayInputs({ firstDay, counts }: Births, { mean, deviation }: Scale): Float32Array {
  const width = DAY_INPUTS.length;
  const flags = Array.from(counts, (_, i) => flagValues(firstDay + i));
  const none = DAY_FLAGS.map(() => 0);
  const inputs = new Float32Array(counts.length * width); // [T, I]
  for (let i = 0; i < counts.length; i++) {
    const hasPast = i >= YEAR_LAG;
    const past = hasPast ? (at(counts, i - YEAR_LAG) - mean) / deviation : 0;
    const pastFlags = hasPast ? at(flags, i - YEAR_LAG) : none;
    inputs.set([...weekdayValues(firstDay + i), ...at(flags, i), past, ...pastFlags], i * width);
  }
  return inputs;
}

function weekdayValues(number: number): number[] {
  const { weekday } = calendarDay(number);
  return WEEKDAYS.map((_, i) => (i === weekday ? 1 : 0));
}

function flagValues(number: number): number[] {
  const flags = dayFlags(number);
  return DAY_FLAGS.map((flag) => (flags[flag] ? 1 : 0));
}
