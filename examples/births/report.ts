import { at } from "./at.ts";
import { formatDay } from "./calendar.ts";
import { dayAt } from "./data.ts";
import type { Errors, ForecastDay } from "./evaluate.ts";
import type { RecurrentLayer } from "./model.ts";
import { type Experiment, HORIZON, STEP_INPUTS, type Windows } from "./windows.ts";

/** What the data is, and how it is split. */
export function describeExperiment({ births, training, validation, heldOut }: Experiment): string {
  const span = (windows: Windows): string => {
    const first = formatDay(dayAt(births, at(windows.origins, 0)));
    const lastOrigin = at(windows.origins, windows.origins.length - 1);
    const last = formatDay(dayAt(births, lastOrigin + HORIZON - 1));
    const count = String(windows.origins.length).padStart(5);
    return `${count} windows, forecast days ${first} to ${last}`;
  };
  const first = formatDay(dayAt(births, 0));
  const last = formatDay(dayAt(births, births.counts.length - 1));
  return [
    `Data       births in the United States, ${births.counts.length} days, ${first} to ${last}`,
    `Training   ${span(training)}`,
    `Validation ${span(validation)}`,
    `Held out   ${span(heldOut)}`,
    `Inputs     ${STEP_INPUTS.length} a day: births where known, calendar, the year before`,
  ].join("\n");
}

/** The figures to compare, best first. */
export function errorTable(errors: Errors, model: RecurrentLayer): string {
  const rows = [
    [`${model} (sluice)`, errors.model],
    ["ridge regression, same inputs", errors.ridge],
    ["364 days before (lag 364)", errors.lag364],
    ["latest known week (lag 7)", errors.lag7],
  ] as const;
  const sorted = rows.toSorted((a, b) => a[1] - b[1]);
  const lines = sorted.map(([name, error]) => `${name.padEnd(32)}${error.toFixed(1).padStart(8)}`);
  return ["Mean absolute error on the held-out days, in births a day", ...lines].join("\n");
}

export function verdict(errors: Errors, model: RecurrentLayer): string {
  const beaten = (["ridge", "lag364", "lag7"] as const).filter(
    (name) => errors.model < errors[name],
  );
  const names = { ridge: "ridge regression", lag364: "lag 364", lag7: "lag 7" };
  if (beaten.length === 0) return `The ${model} beats none of the simple methods.`;
  return `The ${model} beats ${beaten.map((name) => names[name]).join(", ")}.`;
}

/** One line a day. */
export function forecastCsv(days: readonly ForecastDay[]): string {
  const lines = days.map(({ date, actual, forecast, lag7, lag364, ridge }) =>
    [date, actual, forecast.toFixed(1), lag7, lag364, ridge.toFixed(1)].join(),
  );
  return `${["date,actual,forecast,lag7,lag364,ridge", ...lines].join("\n")}\n`;
}
