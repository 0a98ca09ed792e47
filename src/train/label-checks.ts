import { ArgumentError, ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../graph/shape.ts";
import { alignedShapes, checkLabels } from "../losses/loss-rule.ts";
import type { Tensor } from "../tensor/index.ts";
import type { CompiledConfig } from "./compile-config.ts";

/**
 * Checks labels against what a model puts out, before any work.
 *
 * @param outputShapes Shapes of the outputs for these labels' samples.
 * @throws {ShapeError} when a shape does not fit its loss.
 * @throws {ArgumentError} when a class number on the host is none.
 */
export function checkAllLabels(
  label: string,
  { outputs }: CompiledConfig,
  { labels, outputShapes }: { labels: readonly Tensor[]; outputShapes: readonly Shape[] },
): void {
  outputs.forEach(({ name, loss }, i) => {
    const [y, predictions] = [labels[i], outputShapes[i]];
    if (y === undefined || predictions === undefined || typeof loss === "function") return;
    const title = `${label}: y for output "${name}": ${loss.name}`;
    const shapes = [y.shape, predictions] as const;
    const [aligned, rows] = loss.labels === "dense" ? alignedShapes(...shapes) : shapes;
    checkLabels(loss, { labels: aligned, predictions: rows, title });
    if (loss.labels === "sparse") checkClasses(title, y, predictions[predictions.length - 1] ?? 0);
  });
}

/** Class numbers that are still on the host are looked at; on the GPU a wrong one shows as a loss of NaN. */
function checkClasses(title: string, labels: Tensor, classes: number): void {
  const { source } = labels.value.node;
  if (source?.kind !== "host") return;
  const wrong = source.data.findIndex((y) => !(Number.isInteger(y) && y >= 0 && y < classes));
  if (wrong === -1) return;
  throw new ArgumentError(
    `${title}: received class number ${source.data[wrong]} (element ${wrong}). Expected whole numbers ` +
      `from 0 to ${classes - 1}, the predictions having ${classes} classes.`,
  );
}

/** Weights of samples: [B], or [B, T] for outputs with steps. */
export function checkWeights(label: string, weights: Tensor, outputShapes: readonly Shape[]): void {
  const own = weights.shape;
  const fits = outputShapes.every((shape) =>
    own.every((dim, axis) => axis === 0 || dim === 1 || dim === shape[axis]),
  );
  if (fits && own.length >= 1) return;
  throw new ShapeError(
    `${label}: sampleWeight has shape ${formatShape(own)}. Expected one weight a sample, or one a step of ` +
      `each sample, for outputs of shape ${outputShapes.map(formatShape).join(", ")}.`,
  );
}
