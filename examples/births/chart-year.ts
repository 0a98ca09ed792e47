import { dayNumber } from "./calendar.ts";
import { valueAxis } from "./chart-close-up.ts";
import type { ForecastDay } from "./evaluate.ts";
import { element, label, linearScale, linePath } from "./svg.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

interface Place {
  readonly year: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A year's births as points and its forecasts as a line. */
export function yearPanel(days: readonly ForecastDay[], place: Place): string {
  const { year, x, y, width, height } = place;
  const start = dayNumber(Number(year), 1, 1);
  const xOf = linearScale([0, 365], [x + 44, x + width]);
  const yOf = linearScale([5800, 15000], [y + height, y]);
  const points = days.map((day) => {
    const [, month = 1, date = 1] = day.date.split("-").map(Number);
    return { day, x: xOf(dayNumber(Number(year), month, date) - start) };
  });
  const error =
    days.reduce((sum, day) => sum + Math.abs(day.forecast - day.actual), 0) / days.length;
  return element(
    "g",
    {},
    label(year, { x: x + 44, y: y - 8 }, { class: "heading" }),
    label(
      `mean absolute error ${error.toFixed(0)}`,
      { x: x + 92, y: y - 8 },
      { class: "quiet small" },
    ),
    ...valueAxis(yOf, { x, width }),
    ...MONTHS.map((name, month) => {
      const left = xOf(dayNumber(Number(year), month + 1, 1) - start);
      return label(name, { x: left, y: y + height + 14 }, { class: "quiet small" });
    }),
    element("path", {
      class: "forecast",
      d: linePath(points.map((point) => [point.x, yOf(point.day.forecast)])),
    }),
    ...points.map((point) =>
      element("circle", { class: "actual", cx: point.x, cy: yOf(point.day.actual), r: 1.5 }),
    ),
  );
}
