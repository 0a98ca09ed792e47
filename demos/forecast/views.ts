import type { ForecastPlot } from "./forecast-plot.ts";
import { elementById } from "./page.ts";

const NARROW_PX = 600;
const buttons = [...document.querySelectorAll<HTMLButtonElement>("[data-days]")];

/** The buttons that choose which of the held-out days are drawn. */
export function setUpViews(plot: () => ForecastPlot | null): void {
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const days = Number(button.dataset.days);
      plot()?.setViewLength(days);
      press(days);
    });
  }
  elementById("earlier").addEventListener("click", () => plot()?.move(-1));
  elementById("later").addEventListener("click", () => plot()?.move(1));
}

/** How many days fit the width of the page well; presses the button that stands for them. */
export function firstViewLength(): number {
  const days = document.documentElement.clientWidth < NARROW_PX ? 28 : 84;
  press(days);
  return days;
}

function press(days: number): void {
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.days) === days));
  }
}
