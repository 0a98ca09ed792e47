import type { Tensor } from "./tensor.ts";

/*
 * Names that programs written for TF.js annotate with. Ranks are checked while a program runs: to the compiler all of these
 * are tensors, so that every such annotation compiles, and none of them proves anything.
 */

/** A tensor of rank 0. */
export type Scalar = Tensor;
/** A tensor of rank 1. */
export type Tensor1D = Tensor;
/** A tensor of rank 2. */
export type Tensor2D = Tensor;
/** A tensor of rank 3. */
export type Tensor3D = Tensor;
/** A tensor of rank 4. */
export type Tensor4D = Tensor;
/** A tensor of rank 5. */
export type Tensor5D = Tensor;
/** A tensor of rank 6. */
export type Tensor6D = Tensor;
