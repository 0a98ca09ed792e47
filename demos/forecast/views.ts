import type { ForecastPlot } from "./forecast-plot.ts";
import { elementById } from "./page.ts";

/** The buttons that choose which of the held-out days are drawn. */
export function setUpViews(plot: () => ForecastPlot | null): void {
  const lengths = [...document.querySelectorAll<HTMLButtonElement>("[data-days]")];
  for (const button of lengths) {
    button.addEventListener("click", () => {
      plot()?.setViewLength(Number(button.dataset.days));
      for (const one of lengths) one.setAttribute("aria-pressed", String(one === button));
    });
  }
  elementById("earlier").addEventListener("click", () => plot()?.move(-1));
  elementById("later").addEventListener("click", () => plot()?.move(1));
}
