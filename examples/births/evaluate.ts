import { at } from "./at.ts";
import { seasonalNaive } from "./baselines.ts";
import { formatDay } from "./calendar.ts";
import { dayAt } from "./data.ts";
import { type Scale, YEAR_LAG } from "./features.ts";
import { fitRidge, predictRidge } from "./ridge.ts";
import type { Experiment } from "./windows.ts";

/** Forecasts of the held-out days by the simple methods, in births. */
export interface Baselines {
  readonly lag7: Float64Array;
  readonly lag364: Float64Array;
  readonly ridge: Float64Array;
}

/** One held-out day; its forecasts were made on the evening before the origin of its window. */
export interface ForecastDay {
  readonly date: string;
  readonly actual: number;
  readonly forecast: number;
  readonly ridge: number;
  readonly lag7: number;
  readonly lag364: number;
}

/** Mean absolute errors over all held-out days, in births a day. */
export interface Errors {
  readonly model: number;
  readonly ridge: number;
  readonly lag364: number;
  readonly lag7: number;
}

export function computeBaselines(experiment: Experiment): Baselines {
  const { births, scale, heldOut, training, validation } = experiment;
  const ridge = fitRidge(training, validation);
  return {
    lag7: seasonalNaive(births.counts, heldOut, 7),
    lag364: seasonalNaive(births.counts, heldOut, YEAR_LAG),
    ridge: toBirths(predictRidge(ridge, heldOut), scale),
  };
}

/**
 * The held-out days in order of time, each with what was said of it.
 * @param forecast The model's, scaled, [B, 28] as the windows have them.
 */
export function listForecasts(
  { births, scale, heldOut }: Experiment,
  forecast: Float32Array,
  baselines: Baselines,
): ForecastDay[] {
  const model = toBirths(forecast, scale);
  const start = at(heldOut.origins, 0);
  return Array.from(model, (value, i) => ({
    date: formatDay(dayAt(births, start + i)),
    actual: at(births.counts, start + i),
    forecast: value,
    ridge: at(baselines.ridge, i),
    lag7: at(baselines.lag7, i),
    lag364: at(baselines.lag364, i),
  }));
}

export function meanAbsoluteErrors(days: readonly ForecastDay[]): Errors {
  const error = (of: (day: ForecastDay) => number): number =>
    days.reduce((sum, day) => sum + Math.abs(of(day) - day.actual), 0) / days.length;
  return {
    model: error((day) => day.forecast),
    ridge: error((day) => day.ridge),
    lag364: error((day) => day.lag364),
    lag7: error((day) => day.lag7),
  };
}

function toBirths(scaled: Float32Array | Float64Array, { mean, deviation }: Scale): Float64Array {
  return Float64Array.from(scaled, (value) => value * deviation + mean);
}
