import { ArgumentError, ShapeError } from "../errors.ts";
import { formatLayerShape, type LayerShape } from "./layer-shape.ts";

/** What a layer expects of one of its inputs; absent fields are not checked. */
export interface InputSpec {
  /** Exact number of axes, batch included. */
  readonly ndim?: number;
  readonly minNDim?: number;
  readonly maxNDim?: number;
  /** Exact sizes; null takes any. */
  readonly shape?: LayerShape;
  /** Sizes of single axes; negative keys count from the end. */
  readonly axes?: Readonly<Record<number, number>>;
}

/**
 * Checks shapes against what a layer expects of its inputs. Sizes that are not known yet (null)
 * pass.
 * @throws {ArgumentError} when the number of inputs is wrong.
 * @throws {ShapeError} when a rank or size is; the message names the layer, the shape and the rule.
 */
export function checkInputs(
  layer: string,
  specs: readonly InputSpec[],
  shapes: readonly LayerShape[],
): void {
  if (specs.length === 0) return;
  if (specs.length !== shapes.length) {
    throw new ArgumentError(
      `${layer}: received ${shapes.length} inputs. Expected ${specs.length}.`,
      { details: { layer, shapes } },
    );
  }
  specs.forEach((spec, index) => {
    const shape = shapes[index] ?? [];
    const problem = mismatch(spec, shape);
    if (problem === null) return;
    const which = specs.length === 1 ? "input" : `input ${index}`;
    throw new ShapeError(`${layer}: ${which} has shape ${formatLayerShape(shape)}. ${problem}`, {
      details: { layer, shape, spec },
    });
  });
}

/** The sentence that says what was expected, or null when the shape fits. */
function mismatch(spec: InputSpec, shape: LayerShape): string | null {
  const rank = shape.length;
  if (spec.ndim !== undefined && rank !== spec.ndim) return `Expected ${spec.ndim} axes.`;
  if (spec.minNDim !== undefined && rank < spec.minNDim) {
    return `Expected at least ${spec.minNDim} axes.`;
  }
  if (spec.maxNDim !== undefined && rank > spec.maxNDim) {
    return `Expected at most ${spec.maxNDim} axes.`;
  }
  for (const [key, size] of Object.entries(spec.axes ?? {})) {
    const dim = shape.at(Number(key));
    if (dim !== undefined && dim !== null && dim !== size) {
      return `Expected size ${size} on axis ${key}, as the weights have it; received ${dim}.`;
    }
  }
  const { shape: wanted } = spec;
  if (wanted === undefined) return null;
  const fits = (dim: number | null, axis: number): boolean => {
    const size = shape[axis];
    return dim === null || size === null || size === undefined || dim === size;
  };
  return wanted.length === rank && wanted.every(fits)
    ? null
    : `Expected ${formatLayerShape(wanted)}, where null takes any size.`;
}
