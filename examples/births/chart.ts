import { closeUpPanel } from "./chart-close-up.ts";
import { errorBars } from "./chart-errors.ts";
import { CHART_STYLE } from "./chart-style.ts";
import { yearPanel } from "./chart-year.ts";
import type { Errors, ForecastDay } from "./evaluate.ts";
import type { RecurrentLayer } from "./model.ts";
import { element, label } from "./svg.ts";

const WIDTH = 1200;
const MARGIN = 56;
const INNER = WIDTH - 2 * MARGIN;
const YEARS = ["2012", "2013", "2014"];
const YEAR_HEIGHT = 150;
const YEARS_TOP = 452;
const HEIGHT = YEARS_TOP + YEARS.length * (YEAR_HEIGHT + 46) + 30;

const NAMES: Readonly<Record<RecurrentLayer, string>> = {
  simpleRNN: "a simple RNN",
  gru: "a GRU",
  lstm: "an LSTM",
};

/** What a chart shows. */
export interface ChartContent {
  readonly days: readonly ForecastDay[];
  readonly errors: Errors;
  readonly model: RecurrentLayer;
}

/**
 * The forecast against the truth as an SVG document: errors, one forecast close up, and all three
 * years.
 */
export function forecastChart({ days, errors, model }: ChartContent): string {
  const title = `Births in the United States, forecast 28 days ahead by ${NAMES[model]}`;
  const years = YEARS.map((year, i) =>
    yearPanel(
      days.filter((day) => day.date.startsWith(year)),
      { year, x: MARGIN, y: YEARS_TOP + i * (YEAR_HEIGHT + 46), width: INNER, height: YEAR_HEIGHT },
    ),
  );
  return `${element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" },
    element("title", {}, title),
    element("style", {}, CHART_STYLE),
    element("rect", { class: "paper", width: WIDTH, height: HEIGHT }),
    label(title, { x: MARGIN, y: 62 }, { class: "title" }),
    label(
      "Trained on 2001 to 2010. Every 28 days it forecasts the 28 days to come, and knows no births " +
        "later than the evening before.",
      { x: MARGIN, y: 90 },
      { class: "quiet" },
    ),
    errorBars(errors, { model, x: MARGIN, y: 138, width: 340 }),
    closeUpPanel(days, {
      around: "2013-12-25",
      x: 480,
      y: 138,
      width: WIDTH - MARGIN - 480,
      height: 210,
    }),
    ...years,
  )}\n`;
}
