import { ShapeError } from "../errors.ts";

/**
 * Sizes of the axes, batch first; null where a size is only known once there is data (batch, time).
 */
export type LayerShape = readonly (number | null)[];

/** What a layer with one input or output, or with several, works on. */
export type LayerShapes = LayerShape | readonly LayerShape[];

/** Whether there are several shapes. A single rank-0 shape `[]` counts as one shape. */
export function isShapeList(shapes: LayerShapes): shapes is readonly LayerShape[] {
  return Array.isArray(shapes[0]);
}

/** The shapes as a list. */
export function shapeList(shapes: LayerShapes): readonly LayerShape[] {
  return isShapeList(shapes) ? shapes : [shapes];
}

/**
 * The only shape.
 * @throws {ShapeError} when there are several.
 */
export function singleShape(shapes: LayerShapes, label: string): LayerShape {
  const list = shapeList(shapes);
  const [first] = list;
  if (first === undefined || list.length > 1) {
    throw new ShapeError(`${label}: received ${list.length} inputs. Expected one.`);
  }
  return first;
}

/** `[null,28,3]` for messages. */
export function formatLayerShape(shape: LayerShape): string {
  return `[${shape.map((dim) => String(dim)).join(",")}]`;
}

/**
 * Size of an axis that has to be known before there is data.
 * @throws {ShapeError} when it is null or missing.
 */
export function knownDim(shape: LayerShape, axis: number, label: string): number {
  const dim = shape.at(axis);
  if (typeof dim !== "number") {
    throw new ShapeError(
      `${label}: axis ${axis} of the input shape ${formatLayerShape(shape)} has no size. ` +
        "Expected a number there: the weights depend on it.",
      { details: { shape, axis } },
    );
  }
  return dim;
}
