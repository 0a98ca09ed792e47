import { epochScale, linearScale, logScale, type Scale } from "./chart-scale.ts";
import type { CurvePoint, MetricCurves } from "./history-curves.ts";
import { fitText, shorten, svgElement, svgText, textWidth } from "./svg.ts";

/** A rectangle in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Training or validation. */
export type CurveKind = "training" | "validation";

const LABEL_SIZE = 11;
const NAME_SIZE = 13;
/** Above the plot for the metric's name, below it for the epochs. */
const ABOVE = 26;
const BELOW = 36;
/** From the frame to the outermost points. */
const INSET = 8;
/** Points nearer than this have no marks. */
const MARK_SPACING = 9;

/** One metric: its name, axes with round numbers, and the curves. */
export function metricPanel(curves: MetricCurves, box: Box, isLog: boolean): string {
  const points = [...curves.training, ...curves.validation];
  const values = points.map(({ value }) => value).filter(Number.isFinite);
  const rows = Math.max(2, Math.floor((box.height - ABOVE - BELOW) / 36));
  const scale = values.length === 0 ? null : valueScale(values, rows, isLog);
  const labels = scale?.ticks.map(({ label }) => textWidth(label, LABEL_SIZE)) ?? [];
  const margin = Math.ceil(Math.max(20, ...labels)) + 8;
  const plot = {
    x: box.x + margin,
    y: box.y + ABOVE,
    width: box.width - margin - 10,
    height: box.height - ABOVE - BELOW,
  };
  const epochs = epochScaleOf(points, plot.width);
  const at = placer(plot, epochs, scale);
  const name = fitText(curves.name, { size: NAME_SIZE, width: box.width - margin });
  const title = { x: plot.x, y: box.y + 14, "font-size": NAME_SIZE, "font-weight": 600 };
  return svgElement("g", {}, [
    svgElement("text", { ...title, class: "sluice-text", fill: TEXT }, [svgText(name)]),
    valueAxis(plot, scale),
    epochAxis(plot, epochs),
    curve("training", curves.training, { at, plot }),
    curve("validation", curves.validation, { at, plot }),
    ...(scale === null && points.length > 0 ? [note(plot, "nothing finite")] : []),
  ]);
}

/** Colours in the light; history-svg.ts has those of the dark, by class. */
export const TEXT = "#1c2430";
export const MUTED = "#566274";
const GRID = "#e5e9ef";
const AXIS = "#98a3b3";
export const SURFACE = "#ffffff";
export const CURVE_COLORS: Readonly<Record<CurveKind, string>> = {
  training: "#1666c2",
  validation: "#b84a00",
};

/** A line as it is drawn in plots and in the legend. */
export function curveLine(kind: CurveKind, path: string): string {
  return svgElement("path", {
    d: path,
    "stroke-width": 2,
    "stroke-linejoin": "round",
    "stroke-linecap": kind === "training" ? "round" : "butt",
    "stroke-dasharray": kind === "training" ? undefined : "6 4",
  });
}

/** A point: a disc, or a square that is empty. */
export function curveMark(kind: CurveKind, x: number, y: number): string {
  if (kind === "training") {
    return svgElement("circle", { cx: x, cy: y, r: 3, fill: "currentColor", stroke: "none" });
  }
  const side = { x: x - 2.75, y: y - 2.75, width: 5.5, height: 5.5 };
  return svgElement("rect", {
    ...side,
    class: "sluice-surface",
    fill: SURFACE,
    "stroke-width": 1.5,
  });
}

/** A curve's parts share its colour. */
export function curveGroup(kind: CurveKind, children: readonly string[]): string {
  const color = { color: CURVE_COLORS[kind], stroke: "currentColor", fill: "none" };
  return children.length === 0
    ? ""
    : svgElement("g", { class: `sluice-${kind}`, ...color }, children);
}

/** A small cross where a figure is not finite. */
export function notFiniteMark(x: number, y: number): string {
  const path = `M${shorten(x - 3)} ${shorten(y - 3)}l6 6m0 -6l-6 6`;
  return svgElement("path", { d: path, "stroke-width": 1.5 });
}

/** Logarithms need values above 0; else the axis is a plain one. */
function valueScale(values: readonly number[], rows: number, isLog: boolean): Scale {
  const isPositive = values.every((value) => value > 0);
  return isLog && isPositive ? logScale(values, rows) : linearScale(values, rows);
}

function epochScaleOf(points: readonly CurvePoint[], width: number): Scale | null {
  if (points.length === 0) return null;
  const epochs = points.map(({ epoch }) => epoch);
  const [first, last] = epochs.reduce(
    ([low, high], epoch): [number, number] => [Math.min(low, epoch), Math.max(high, epoch)],
    [Infinity, -Infinity],
  );
  const room = textWidth(String(last), LABEL_SIZE) + 20;
  return epochScale(first, last, Math.max(1, Math.floor(width / room)));
}

type Place = (point: CurvePoint) => { x: number; y: number };

function placer(plot: Box, epochs: Scale | null, scale: Scale | null): Place {
  return ({ epoch, value }) => ({
    x: plot.x + INSET + (epochs?.position(epoch) ?? 0.5) * (plot.width - 2 * INSET),
    y: plot.y + (1 - (scale?.position(value) ?? 0.5)) * plot.height,
  });
}

function valueAxis(plot: Box, scale: Scale | null): string {
  const ticks = scale?.ticks ?? [];
  const ys = ticks.map(({ at }) => plot.y + (1 - at) * plot.height);
  const lines = ys.map((y) => `M${shorten(plot.x)} ${shorten(y)}h${shorten(plot.width)}`);
  const grid = { d: lines.join(""), class: "sluice-grid", stroke: GRID, fill: "none" };
  const labels = ticks.map(({ label }, i) =>
    svgElement("text", { x: plot.x - 8, y: (ys[i] ?? 0) + 4, "text-anchor": "end" }, [
      svgText(label),
    ]),
  );
  return svgElement("path", grid) + mutedTexts(labels);
}

function epochAxis(plot: Box, epochs: Scale | null): string {
  const bottom = plot.y + plot.height;
  const ticks = epochs?.ticks ?? [];
  const xs = ticks.map(({ at }) => plot.x + INSET + at * (plot.width - 2 * INSET));
  const marks = xs.map((x) => `M${shorten(x)} ${shorten(bottom)}v4`);
  const line = `M${shorten(plot.x)} ${shorten(bottom)}h${shorten(plot.width)}${marks.join("")}`;
  const labels = ticks.map(({ label }, i) =>
    svgElement("text", { x: xs[i], y: bottom + 17, "text-anchor": "middle" }, [label]),
  );
  const name = { x: plot.x + plot.width / 2, y: bottom + 32, "text-anchor": "middle" };
  labels.push(svgElement("text", name, ["epoch"]));
  return (
    svgElement("path", { d: line, class: "sluice-axis", stroke: AXIS, fill: "none" }) +
    mutedTexts(labels)
  );
}

function mutedTexts(texts: readonly string[]): string {
  if (texts.length === 0) return "";
  return svgElement("g", { class: "sluice-muted", fill: MUTED, "font-size": LABEL_SIZE }, texts);
}

function curve(
  kind: CurveKind,
  points: readonly CurvePoint[],
  { at, plot }: { at: Place; plot: Box },
): string {
  const runs = finiteRuns(points).map((run) => thinned(run.map(at)));
  const lines = runs.filter((run) => run.length > 1).map(pathOf);
  const isRoomy = points.length * MARK_SPACING <= plot.width;
  // Without its mark, a point between two gaps would not be seen.
  const marked = runs.flatMap((run) => (isRoomy || run.length === 1 ? run : []));
  const y = plot.y + plot.height - (kind === "training" ? 6 : 15);
  const crosses = points
    .filter(({ value }) => !Number.isFinite(value))
    .map((point) => notFiniteMark(at(point).x, y));
  return curveGroup(kind, [
    ...(lines.length === 0 ? [] : [curveLine(kind, lines.join(""))]),
    ...marked.map(({ x, y }) => curveMark(kind, x, y)),
    ...crosses,
  ]);
}

/** Stretches of points that are finite. An epoch without a figure is no gap: validation may run at some epochs only. */
function finiteRuns(points: readonly CurvePoint[]): CurvePoint[][] {
  const runs: CurvePoint[][] = [[]];
  for (const point of points) {
    if (Number.isFinite(point.value)) runs.at(-1)?.push(point);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Of the many points above one pixel the first, the highest, the lowest and the last: it looks the same. */
function thinned(spots: readonly Spot[]): Spot[] {
  const kept: Spot[] = [];
  let column: Spot[] = [];
  const flush = (): void => {
    const sorted = [...column].sort((a, b) => a.y - b.y);
    const wanted = new Set([column[0], sorted[0], sorted.at(-1), column.at(-1)]);
    kept.push(...column.filter((spot) => wanted.has(spot)));
    column = [];
  };
  for (const spot of spots) {
    if (column[0] !== undefined && Math.floor(spot.x) !== Math.floor(column[0].x)) flush();
    column.push(spot);
  }
  flush();
  return kept;
}

function pathOf(spots: readonly Spot[]): string {
  return spots.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${shorten(x)} ${shorten(y)}`).join("");
}

function note(plot: Box, text: string): string {
  const place = { x: plot.x + plot.width / 2, y: plot.y + plot.height / 2 };
  return mutedTexts([svgElement("text", { ...place, "text-anchor": "middle" }, [text])]);
}
