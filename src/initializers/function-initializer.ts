import { ArgumentError, ShapeError } from "../errors.ts";
import type { DType } from "../graph/dtype.ts";
import { formatShape, type Shape, shapesEqual } from "../graph/shape.ts";
import { describeValue } from "../names/describe.ts";
import { Tensor } from "../tensor/index.ts";
import { Initializer } from "./initializer.ts";

/** Gives a weight's first values: a tensor of this shape and dtype. */
export type InitializerFunction = (shape: Shape, dtype: DType) => Tensor;

/** A function that stands where an initializer is expected. */
export class FunctionInitializer extends Initializer {
  readonly #fn: InitializerFunction;

  constructor(fn: InitializerFunction) {
    super();
    this.#fn = fn;
  }

  override apply(shape: Shape, dtype: DType = "float32"): Tensor {
    const values: unknown = this.#fn(shape, dtype);
    if (!(values instanceof Tensor)) {
      throw new ArgumentError(
        `initializer: the function gave ${describeValue(values)}. Expected a tensor of shape ${formatShape(shape)}.`,
      );
    }
    if (shapesEqual(values.shape, shape)) return values;
    throw new ShapeError(
      `initializer: the function gave a tensor of shape ${formatShape(values.shape)}. Expected ${formatShape(shape)}.`,
    );
  }

  override getConfig(): Record<string, unknown> {
    throw new ArgumentError(
      "initializer: a function cannot be written to a config. Expected a name, or a class that derives from " +
        "Initializer and is known to serialization.registerClass.",
    );
  }
}
