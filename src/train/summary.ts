import { ArgumentError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import type { AnyLayer } from "../layers/layer.ts";
import { formatLayerShape, type LayerShape } from "../layers/layer-shape.ts";
import type { Variable } from "../tensor/index.ts";

/** A line of the table. */
export interface SummaryRow {
  readonly layer: AnyLayer;
  /** Shapes of the layer's outputs in this model; null: not known yet. */
  readonly outputShapes: readonly LayerShape[] | null;
}

/** How the table is laid out. */
export interface SummaryOptions {
  /** Characters a line. Default 65. */
  readonly lineLength?: number | undefined;
  /** Where the columns end: shares of the line, or characters. Default [0.45, 0.85, 1]. */
  readonly positions?: readonly number[] | undefined;
}

/** The table of a model's layers: name and class, shape of the output, number of parameters. */
export function summaryLines(
  name: string,
  rows: readonly SummaryRow[],
  options: SummaryOptions = {},
): string[] {
  const { lineLength = 65, positions = [0.45, 0.85, 1] } = options;
  if (positions.length !== 3) {
    throw new ArgumentError(`${name}.summary: received ${positions.length} positions. Expected 3.`);
  }
  const ends = positions.map((end) => (end <= 1 ? Math.floor(end * lineLength) : end));
  const line = (cells: readonly string[]): string => formatRow(cells, ends);
  const body = rows.flatMap(({ layer, outputShapes }, i) => [
    ...(i === 0 ? [] : ["_".repeat(lineLength)]),
    line([
      `${layer.name} (${layer.getClassName()})`,
      outputShapes?.map(formatLayerShape).join(", ") ?? "?",
      layer.built ? String(layer.countParams()) : "?",
    ]),
  ]);
  const layers = new Set(rows.map((row) => row.layer));
  const weights = [...layers].flatMap((layer) => layer.weights);
  const trained = [...layers].flatMap((layer) => layer.trainableWeights);
  const total = countElements(weights);
  const trainable = countElements(trained);
  return [
    `Model: "${name}"`,
    "_".repeat(lineLength),
    line(["Layer (type)", "Output shape", "Param #"]),
    "=".repeat(lineLength),
    ...body,
    "=".repeat(lineLength),
    `Total params: ${total}`,
    `Trainable params: ${trainable}`,
    `Non-trainable params: ${total - trainable}`,
    "_".repeat(lineLength),
  ];
}

function formatRow(cells: readonly string[], ends: readonly number[]): string {
  let line = "";
  cells.forEach((cell, i) => {
    const end = ends[i] ?? line.length;
    const start = i === 0 ? "" : `${line} `;
    line = `${start}${cell}`.slice(0, end).padEnd(end);
  });
  return line.trimEnd();
}

function countElements(weights: readonly Variable[]): number {
  return [...new Set(weights)].reduce((sum, weight) => sum + sizeOf(weight.shape), 0);
}
