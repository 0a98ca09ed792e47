import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { onThemeChange, themeColor } from "./theme.ts";

export const AXIS_FONT = '12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif';

/** An axis in the colours of the page. */
export function axis(options: uPlot.Axis = {}): uPlot.Axis {
  const line = { stroke: () => themeColor("--rule"), width: 1 };
  return {
    stroke: () => themeColor("--quiet"),
    font: AXIS_FONT,
    grid: line,
    ticks: { ...line, size: 4 },
    ...options,
  };
}

/** A plot that is as wide as its container, and follows it and the page's colours. */
export function makePlot(
  container: HTMLElement,
  options: Omit<uPlot.Options, "width">,
  data: uPlot.AlignedData,
): uPlot {
  const width = () => Math.max(200, container.clientWidth);
  const plot = new uPlot({ ...options, width: width() }, data, container);
  new ResizeObserver(() => {
    if (plot.width !== width()) plot.setSize({ width: width(), height: options.height });
  }).observe(container);
  onThemeChange(() => plot.redraw());
  return plot;
}

/** Births for the legend and the axis: `12,345`, and a dash where there is none. */
export function formatBirths(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return Math.round(value).toLocaleString("en-US");
}
