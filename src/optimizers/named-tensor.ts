import type { Tensor } from "../tensor/index.ts";

/** A tensor with the name of the variable that it belongs to. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Gradients by variable name. */
export type NamedGradients = Readonly<Record<string, Tensor>> | readonly NamedTensor[];
