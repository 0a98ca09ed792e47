import { DTypeError, ShapeError } from "../errors.ts";
import { isFloat } from "../graph/dtype.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";

/**
 * Checks that x is a float [.., D] and every vector float32 [D].
 * @throws {ShapeError} and {DTypeError} otherwise.
 */
export function expectVectors(
  label: string,
  x: Spec,
  vectors: Readonly<Record<string, Spec>>,
): void {
  const width = x.shape.at(-1);
  if (!isFloat(x.dtype) || width === undefined) {
    throw new (width === undefined ? ShapeError : DTypeError)(
      `${label}: x is ${formatSpec(x)}; expected floats of rank 1 or more.`,
    );
  }
  for (const [name, spec] of Object.entries(vectors)) {
    if (!shapesEqual(spec.shape, [width])) {
      throw new ShapeError(
        `${label}: ${name} is ${formatSpec(spec)}, but x ${formatSpec(x)} has ${width} features. ` +
          `Expected ${name} ${formatShape([width])}.`,
        { details: { x: x.shape, [name]: spec.shape } },
      );
    }
    if (spec.dtype !== "float32") {
      throw new DTypeError(
        `${label}: ${name} is ${formatSpec(spec)}; expected ${formatSpec(specOf([width]))}.`,
      );
    }
  }
}

/** Checks that dy has the shape of x. */
export function expectGradientOf(label: string, x: Spec, dy: Spec): void {
  if (shapesEqual(dy.shape, x.shape)) return;
  throw new ShapeError(`${label}: dy ${formatSpec(dy)} of x ${formatSpec(x)}.`);
}
