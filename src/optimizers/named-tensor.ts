import type { Shape } from "../graph/shape.ts";
import type { Tensor } from "../tensor/index.ts";

/** A tensor with the name of the variable that it belongs to. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Gradients by variable name. */
export type NamedGradients = Readonly<Record<string, Tensor>> | readonly NamedTensor[];

/** The same on the host. */
export interface NamedData {
  readonly name: string;
  readonly shape: Shape;
  readonly data: ArrayLike<number> & Iterable<number>;
}
