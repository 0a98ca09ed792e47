import { ArgumentError, ShapeError } from "../../errors.ts";
import type { TypedArray } from "../../graph/dtype.ts";
import { formatShape, type Shape } from "../../graph/shape.ts";
import { alignedShapes, checkLabels } from "../../losses/loss-rule.ts";
import { ruleOf } from "../../losses/resolve.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { CompiledConfig } from "../compile-config.ts";

/**
 * Checks labels against what a model puts out, before any work.
 *
 * @param outputShapes Shapes of the outputs for these labels' samples.
 * @throws {ShapeError} when a shape does not fit its loss.
 * @throws {ArgumentError} when a label on the host is NaN, or a class number is none.
 */
export function checkAllLabels(
  label: string,
  { outputs }: CompiledConfig,
  { labels, outputShapes }: { labels: readonly Tensor[]; outputShapes: readonly Shape[] },
): void {
  outputs.forEach(({ name, loss }, i) => {
    const [y, predictions, rule] = [labels[i], outputShapes[i], ruleOf(loss)];
    if (y === undefined || predictions === undefined || rule === null) return;
    const title = `${label}: y for output "${name}": ${rule.name}`;
    const shapes = [y.shape, predictions] as const;
    const [aligned, rows] = rule.labels === "dense" ? alignedShapes(...shapes) : shapes;
    checkLabels(rule, { labels: aligned, predictions: rows, title });
    const data = hostDataOf(y);
    if (data === null) return;
    checkNumbers(title, y.shape, data);
    const classes = predictions[predictions.length - 1] ?? 0;
    if (rule.labels === "sparse") checkClasses(title, data, { classes, ignored: rule.ignoreClass });
    if (rule.labels === "sequence")
      checkSequences(title, data, { classes, width: y.shape[1] ?? 1 });
  });
}

/** Labels that are still on the host; on the GPU a wrong one shows as a loss of NaN. */
function hostDataOf(labels: Tensor): TypedArray | null {
  const { source } = labels.value.node;
  return source?.kind === "host" ? source.data : null;
}

function checkNumbers(title: string, shape: Shape, data: TypedArray): void {
  const wrong = data.findIndex(Number.isNaN);
  if (wrong === -1) return;
  throw new ArgumentError(
    `${title}: received NaN at ${formatShape(coordinatesOf(wrong, shape))} (element ${wrong}). Expected numbers; leave ` +
      "samples without a label out.",
  );
}

function checkClasses(
  title: string,
  data: TypedArray,
  { classes, ignored }: { classes: number; ignored: number | undefined },
): void {
  const isClass = (y: number): boolean => Number.isInteger(y) && y >= 0 && y < classes;
  const wrong = data.findIndex((y) => !isClass(y) && y !== ignored);
  if (wrong === -1) return;
  throw new ArgumentError(
    `${title}: received class number ${data[wrong]} (element ${wrong}). Expected whole numbers ` +
      `from 0 to ${classes - 1}, the predictions having ${classes} classes.`,
  );
}

/** Rows of labels from 1 up; zeros, or -1, behind the last. */
function checkSequences(
  title: string,
  data: TypedArray,
  { classes, width }: { classes: number; width: number },
): void {
  const isClass = (y: number): boolean => Number.isInteger(y) && y >= -1 && y < classes;
  const isGap = (y: number, i: number): boolean =>
    y <= 0 && i % width < width - 1 && (data[i + 1] ?? 0) > 0;
  const wrong = data.findIndex((y, i) => !isClass(y) || isGap(y, i));
  if (wrong === -1) return;
  throw new ArgumentError(
    `${title}: received class number ${data[wrong]} at row ${Math.floor(wrong / width)}, place ${wrong % width}. ` +
      `Expected labels from 1 to ${classes - 1}, then zeros: class 0 is the blank, which pads the rows.`,
  );
}

function coordinatesOf(index: number, shape: Shape): number[] {
  let rest = index;
  return [...shape]
    .reverse()
    .map((dim) => {
      const at = rest % dim;
      rest = Math.floor(rest / dim);
      return at;
    })
    .reverse();
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
