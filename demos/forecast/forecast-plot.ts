import type uPlot from "uplot";
import type { HeldOutDays } from "./messages.ts";
import { axis, formatBirths, makePlot } from "./plot.ts";
import { themeColor } from "./theme.ts";

const SECONDS_PER_DAY = 86_400;
/** The middle of the first view: December 15, 2013, so that Christmas shows. */
const FIRST_MIDDLE = 714;

/** The held-out days: births as dots, the model's forecast, and the births 364 days before. */
export class ForecastPlot {
  readonly #plot: uPlot;
  readonly #days: HeldOutDays;
  readonly #seconds: number[];
  #start: number;
  #length: number;

  /** Shows `viewLength` of the days. */
  constructor(container: HTMLElement, days: HeldOutDays, viewLength: number) {
    this.#days = days;
    this.#length = viewLength;
    this.#start = FIRST_MIDDLE - viewLength / 2;
    this.#seconds = Array.from(days.actual, (_, i) => (days.firstDay + i) * SECONDS_PER_DAY);
    this.#plot = makePlot(container, plotOptions(), this.#data(null));
    this.#show();
  }

  /** Draws a forecast of all days, in births; none removes it. */
  setForecast(forecast: Float64Array | null): void {
    this.#plot.setData(this.#data(forecast), false);
    this.#show();
  }

  /** Shows this many days around the middle of what is shown. */
  setViewLength(length: number): void {
    const middle = this.#start + this.#length / 2;
    this.#length = length;
    this.#start = Math.round(middle - length / 2);
    this.#show();
  }

  /** Moves by half of what is shown; -1 is earlier, 1 later. */
  move(direction: -1 | 1): void {
    this.#start += direction * Math.round(this.#length / 2);
    this.#show();
  }

  #show(): void {
    const last = Math.max(0, this.#days.actual.length - this.#length);
    this.#start = Math.min(last, Math.max(0, this.#start));
    const min = (this.#days.firstDay + this.#start - 0.5) * SECONDS_PER_DAY;
    this.#plot.setScale("x", { min, max: min + this.#length * SECONDS_PER_DAY });
  }

  #data(forecast: Float64Array | null): uPlot.AlignedData {
    const { actual, baselines } = this.#days;
    const line = Array.from(actual, (_, i) => forecast?.[i] ?? null);
    return [this.#seconds, Array.from(actual), line, Array.from(baselines.lag364)];
  }
}

function plotOptions(): Omit<uPlot.Options, "width"> {
  const value = (_: uPlot, births: number | null): string => formatBirths(births);
  return {
    height: 320,
    // Dates are whole days in Universal Time; shown so, wherever the reader is.
    tzDate: (seconds) => inUniversalTime(seconds),
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: [5500, 15_000] } },
    axes: [axis(), axis({ values: (_, values) => values.map(formatBirths), size: 60 })],
    series: [
      { label: "day", value: (_, seconds) => formatDate(seconds) },
      {
        label: "births",
        stroke: () => themeColor("--ink"),
        paths: () => null,
        points: { show: true, size: 5, fill: () => themeColor("--ink") },
        value,
      },
      { label: "forecast", stroke: () => themeColor("--accent"), width: 2, value },
      {
        label: "364 days before",
        stroke: () => themeColor("--amber"),
        width: 1,
        dash: [4, 4],
        show: false,
        value,
      },
    ],
  };
}

function inUniversalTime(seconds: number): Date {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() + date.getTimezoneOffset() * 60_000);
}

function formatDate(seconds: number | null): string {
  if (seconds === null) return "–";
  return new Date(seconds * 1000).toLocaleDateString("en-US", {
    timeZone: "UTC",
    weekday: "short",
    year: "numeric",
    month: "short",
    day: "numeric",
  });
}
