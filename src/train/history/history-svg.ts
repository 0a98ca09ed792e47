import { ArgumentError } from "../../errors.ts";
import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { describeValue } from "../../names/describe.ts";
import { curvesOf, type HistoryRows, type MetricCurves, withoutVal } from "./history-curves.ts";
import {
  type CurveKind,
  curveGroup,
  curveLine,
  curveMark,
  MUTED,
  metricPanel,
  notFiniteMark,
  SURFACE,
  TEXT,
} from "./history-panel.ts";
import { fitText, svgElement, svgText, textWidth } from "./svg.ts";

/** Settings of `history.toSVG`. */
export interface HistorySVGOptions {
  /** Pixels. Default 720. */
  readonly width?: number;
  /** Pixels. Default: as much as the panels need. */
  readonly height?: number;
  /** Stands above. Default none. */
  readonly title?: string;
  /** Metrics to show, in this order: `["loss", "mae"]`. Default: all. */
  readonly metrics?: readonly string[];
  /**
   * Metrics with a logarithmic axis, or true for all. One with figures that are not above 0 keeps its plain axis. Default
   * false.
   */
  readonly logScale?: boolean | readonly string[];
}

const keys: ConfigKeys<HistorySVGOptions> = {
  width: "number",
  height: "number",
  title: "string",
  metrics: "any",
  logScale: "any",
};

const LABEL = "history.toSVG";
const PADDING = 16;
const GAP = 20;
const TITLE_SIZE = 16;
const LEGEND_SIZE = 12;
const LEGEND_LINE = 28;
/** Height of a line of the header. */
const LINE = 26;
const PANEL_HEIGHT = 220;
const LEAST_PANEL = { width: 140, height: 110 };

/** A page's own text colour may be for the other choice, so the picture brings its surface along. */
const DARK = [
  ".sluice-surface{fill:#14181f}",
  ".sluice-text{fill:#e8ecf2}",
  ".sluice-muted{fill:#a3adba}",
  ".sluice-grid{stroke:#2a323d}",
  ".sluice-axis{stroke:#5f6b7a}",
  ".sluice-training{color:#6db3ff}",
  ".sluice-validation{color:#ffab5e}",
];

/** The figures as a picture; `History.toSVG` says how it looks. */
export function historySVG(history: HistoryRows, options: HistorySVGOptions): string {
  checkKeys(LABEL, options, keys);
  const metrics = names("metrics", options.metrics ?? null);
  const logScale = options.logScale ?? false;
  const logNames = typeof logScale === "boolean" ? null : names("logScale", logScale);
  const curves = curvesOf(history, metrics);
  if (logNames !== null) curvesOf(history, logNames);
  const isLog = (name: string): boolean =>
    logNames === null ? logScale === true : logNames.map(withoutVal).includes(name);
  const width = options.width ?? 720;
  const head = header(curves, { title: options.title ?? "", width });
  const layout = gridOf(curves.length, { ...options, width, top: head.height });
  const panels = curves.map((one, i) => metricPanel(one, layout.box(i), isLog(one.name)));
  const { height } = layout;
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  const look = {
    class: "sluice-history",
    role: "img",
    "font-family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
    style: "max-width:100%;height:auto",
  };
  const surface = { width, height, rx: 8, class: "sluice-surface", fill: SURFACE };
  return svgElement("svg", { xmlns: "http://www.w3.org/2000/svg", ...size, ...look }, [
    svgElement("title", {}, [svgText(options.title ?? "Training history")]),
    svgElement("desc", {}, [svgText(curves.map(inWords).join("; ") || "no epochs")]),
    `<style>@media (prefers-color-scheme:dark){.sluice-history{color-scheme:dark}${DARK.join("")}}</style>`,
    svgElement("rect", surface),
    head.svg,
    ...(panels.length > 0 ? panels : [nothing(width, height)]),
  ]);
}

/** Where the panels lie, row by row. */
function gridOf(
  count: number,
  { width, height, top }: { width: number; height?: number; top: number },
): { height: number; box: (i: number) => { x: number; y: number; width: number; height: number } } {
  const columns = Math.max(1, Math.min(count, Math.floor(width / 320)));
  const rows = Math.max(1, Math.ceil(count / columns));
  const whole = height ?? top + rows * PANEL_HEIGHT + (rows - 1) * GAP + PADDING;
  const panel = {
    width: (width - 2 * PADDING - (columns - 1) * GAP) / columns,
    height: (whole - top - PADDING - (rows - 1) * GAP) / rows,
  };
  if (!(panel.width >= LEAST_PANEL.width && panel.height >= LEAST_PANEL.height)) {
    const least = {
      width: LEAST_PANEL.width + 2 * PADDING,
      height: Math.ceil(top + PADDING + rows * LEAST_PANEL.height + (rows - 1) * GAP),
    };
    throw new ArgumentError(
      `${LABEL}: received a size of ${width}×${whole} pixels for ${count} metric${count === 1 ? "" : "s"}. Expected at least ` +
        `${least.width}×${least.height}, or fewer metrics.`,
    );
  }
  return {
    height: whole,
    box: (i) => ({
      x: PADDING + (i % columns) * (panel.width + GAP),
      y: top + Math.floor(i / columns) * (panel.height + GAP),
      ...panel,
    }),
  };
}

/** Title and legend, on one line where both fit; a long legend takes several. */
function header(
  curves: readonly MetricCurves[],
  { title, width }: { title: string; width: number },
): { svg: string; height: number } {
  const inner = width - 2 * PADDING;
  const items = legendItems(curves);
  const legendWidth = items.reduce((sum, item) => sum + item.width, 0);
  const text = fitText(title, { size: TITLE_SIZE, width: inner });
  const isBeside = title !== "" && textWidth(text, TITLE_SIZE) + GAP + legendWidth <= inner;
  const titleHeight = title === "" ? 0 : LINE;
  const start = isBeside ? width - PADDING - legendWidth : PADDING;
  const place = { x: start, y: PADDING + 11 + (isBeside ? 0 : titleHeight) };
  const legend = items.map((item) => {
    if (place.x > start && place.x + item.width > width - PADDING) {
      place.x = start;
      place.y += LINE;
    }
    const drawn = item.draw(place.x, place.y);
    place.x += item.width;
    return drawn;
  });
  const titlePlace = { x: PADDING, y: PADDING + 15, "font-size": TITLE_SIZE, "font-weight": 600 };
  const heading =
    title === ""
      ? ""
      : svgElement("text", { ...titlePlace, class: "sluice-text", fill: TEXT }, [svgText(text)]);
  const end = items.length === 0 ? PADDING + titleHeight : place.y - 11 + LINE;
  return { svg: heading + legend.join(""), height: end };
}

interface LegendItem {
  readonly width: number;
  draw(x: number, y: number): string;
}

/** A single kind of curve needs no legend; what is not finite always does. */
function legendItems(curves: readonly MetricCurves[]): LegendItem[] {
  const kinds: CurveKind[] = curves.some(({ validation }) => validation.length > 0)
    ? ["training", "validation"]
    : [];
  const points = curves.flatMap(({ training, validation }) => [...training, ...validation]);
  const hasGaps = points.some(({ value }) => !Number.isFinite(value));
  const lines = kinds.map((kind) =>
    legendItem(kind, (x, y) =>
      curveGroup(kind, [
        curveLine(kind, `M${x} ${y}h${LEGEND_LINE}`),
        curveMark(kind, x + LEGEND_LINE / 2, y),
      ]),
    ),
  );
  const cross = legendItem("not finite", (x, y) => {
    const mark = notFiniteMark(x + LEGEND_LINE - 6, y);
    return svgElement("g", { class: "sluice-axis", stroke: MUTED, fill: "none" }, [mark]);
  });
  return hasGaps ? [...lines, cross] : lines;
}

function legendItem(text: string, sample: (x: number, y: number) => string): LegendItem {
  return {
    width: LEGEND_LINE + 8 + textWidth(text, LEGEND_SIZE) + 12,
    draw: (x, y) => {
      const place = { x: x + LEGEND_LINE + 8, y: y + 4, "font-size": LEGEND_SIZE };
      const label = { ...place, class: "sluice-muted", fill: MUTED };
      return sample(x, y) + svgElement("text", label, [text]);
    },
  };
}

/** `loss 0.9 to 0.1 over 10 epochs`, for those who cannot see it. */
function inWords({ name, training, validation }: MetricCurves): string {
  const parts = [training, validation].map((points) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return "";
    return `${Number(first.value.toPrecision(4))} to ${Number(last.value.toPrecision(4))}`;
  });
  const [own, held] = parts;
  const epochs = Math.max(training.length, validation.length);
  const validated = held === "" ? "" : `${own === "" ? "" : ", "}validation ${held}`;
  return `${name}: ${own}${validated} over ${epochs} epoch${epochs === 1 ? "" : "s"}`;
}

function nothing(width: number, height: number): string {
  const place = { x: width / 2, y: height / 2, "text-anchor": "middle", "font-size": LEGEND_SIZE };
  return svgElement("text", { ...place, class: "sluice-muted", fill: MUTED }, ["no epochs"]);
}

function names(option: string, given: unknown): readonly string[] | null {
  if (given === null) return null;
  if (Array.isArray(given) && given.length > 0 && given.every((one) => typeof one === "string")) {
    return given;
  }
  throw new ArgumentError(
    `${LABEL}: received ${describeValue(given)} as ${option}. Expected a list of names: ["loss"].`,
  );
}
