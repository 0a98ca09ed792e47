import { at } from "./at.ts";
import type { ForecastDay } from "./evaluate.ts";
import { element, label, linearScale, linePath } from "./svg.ts";
import { HORIZON } from "./windows.ts";

interface Place {
  /** Date whose window is shown, with the window before it. */
  readonly around: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One forecast day by day, with the known days before it. */
export function closeUpPanel(days: readonly ForecastDay[], place: Place): string {
  const { x, y, width, height } = place;
  const index = days.findIndex((day) => day.date === place.around);
  const origin = Math.max(HORIZON, index - (index % HORIZON));
  const shown = days.slice(origin - HORIZON, origin + HORIZON);
  const xOf = linearScale([0, shown.length - 1], [x + 44, x + width]);
  const yOf = linearScale(rangeOf(shown), [y + height, y + 24]);
  const future = shown.map((day, i) => ({ day, x: xOf(i) })).slice(HORIZON);
  const split = (xOf(HORIZON - 1) + xOf(HORIZON)) / 2;
  return element(
    "g",
    {},
    label(
      `One forecast close up: made on the evening of ${at(shown, HORIZON - 1).date}`,
      { x: x + 44, y },
      {
        class: "heading",
      },
    ),
    ...valueAxis(yOf, { x, width }),
    element("line", { class: "rule", x1: split, x2: split, y1: y + 18, y2: y + height + 8 }),
    label(
      "known",
      { x: split - 8, y: y + height + 22 },
      { class: "quiet small", "text-anchor": "end" },
    ),
    label("forecast", { x: split + 8, y: y + height + 22 }, { class: "quiet small" }),
    element("path", {
      class: "last-year",
      d: linePath(future.map((p) => [p.x, yOf(p.day.lag364)])),
    }),
    element("path", {
      class: "actual-line",
      d: linePath(shown.map((day, i) => [xOf(i), yOf(day.actual)])),
    }),
    ...shown.map((day, i) =>
      element("circle", { class: "actual", cx: xOf(i), cy: yOf(day.actual), r: 2.8 }),
    ),
    element("path", {
      class: "forecast-strong",
      d: linePath(future.map((p) => [p.x, yOf(p.day.forecast)])),
    }),
    legend({ x: x + 44, y: y + height + 46 }),
  );
}

function legend({ x, y }: { x: number; y: number }): string {
  return element(
    "g",
    {},
    element("circle", { class: "actual", cx: x + 4, cy: y - 4, r: 2.8 }),
    label("births", { x: x + 14, y }),
    element("line", { class: "forecast-strong", x1: x + 80, x2: x + 104, y1: y - 4, y2: y - 4 }),
    label("forecast", { x: x + 110, y }, { class: "forecast-text" }),
    element("line", { class: "last-year", x1: x + 190, x2: x + 214, y1: y - 4, y2: y - 4 }),
    label("364 days before", { x: x + 220, y }, { class: "last-year-text" }),
  );
}

/** Lines at round numbers of births. */
export function valueAxis(
  yOf: (value: number) => number,
  { x, width }: { x: number; width: number },
): string[] {
  return [8000, 10000, 12000].flatMap((value) => [
    element("line", { class: "rule", x1: x + 44, x2: x + width, y1: yOf(value), y2: yOf(value) }),
    label(
      value.toLocaleString("en-US"),
      { x: x + 36, y: yOf(value) + 4 },
      {
        class: "quiet small",
        "text-anchor": "end",
      },
    ),
  ]);
}

function rangeOf(days: readonly ForecastDay[]): [number, number] {
  const values = days.flatMap((day) => [day.actual, day.forecast, day.lag364]);
  return [Math.min(...values), Math.max(...values)];
}
