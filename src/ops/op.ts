import type { DType } from "../graph/dtype.ts";
import type { Attributes, Node, Value } from "../graph/node.ts";
import type { Spec } from "../graph/spec.ts";
import type { View } from "../graph/view.ts";
import type { LowerContext, Lowered } from "../kernels/dispatch.ts";
import type { Combine } from "../kernels/reduce-source.ts";
import type { Ops } from "./ops.ts";

/**
 * An operation, whole: its shape rule, its gradient, the same mathematics in simpler operations, and how
 * it runs. `infer` throws every error that bad input deserves; after it only a limit of the device can stop it.
 */
export interface Op {
  readonly name: string;
  /**
   * Output specs from input specs and attributes.
   * @throws {ShapeError | DTypeError | ArgumentError} naming the op, what was received and expected.
   */
  readonly infer: (inputs: readonly Spec[], attributes: Attributes) => readonly Spec[];
  /** Gradients of the inputs (null: none flows there); `dys` has null where an output was not used. */
  readonly gradient?: (
    o: Ops,
    node: Node,
    dys: readonly (Value | null)[],
  ) => readonly (Value | null)[];
  /** The outputs in simpler ops: the oracle of tests, the fallback, and what is differentiated when there is no gradient. */
  readonly reference?: (o: Ops, inputs: readonly Value[], node: Node) => readonly Value[];
  readonly lowering: Lowering;
}

export type Lowering =
  /** A leaf of the graph; the compiler knows each kind. */
  | { readonly kind: "leaf" }
  /** One element of the output from one element of each input at the same place; fused into generated kernels. */
  | ElementwiseLowering
  /** A change of view; `view` returns null when only a dense copy will do. */
  | { readonly kind: "movement"; readonly view: (view: View, node: Node) => View | null }
  /** Reduction over `attributes.axes` with `attributes.keepDims`. */
  | { readonly kind: "reduce"; readonly combine: Combine }
  /** A kernel of its own. */
  | KernelLowering
  /** A loop over its node's body. */
  | { readonly kind: "scan" }
  /** Replaced by its `reference` before fusion. */
  | { readonly kind: "expand" };

export interface ElementwiseLowering {
  readonly kind: "elementwise";
  /**
   * WGSL of the result from WGSL of the arguments (float32 → f32, int32 → i32, bool → bool). Arguments
   * come in this order: inputs, then the node's scalars, then (with `usesIndex`) the flat index as i32.
   */
  readonly write: (args: readonly string[], context: ElementwiseContext) => string;
  /** The same in double precision, for the reference interpreter and constant folding; bool is 0 or 1. */
  readonly host: (args: readonly number[], context: ElementwiseContext) => number;
  readonly usesIndex?: boolean;
  /** Files of shaders/lib that `write` calls into. */
  readonly libs?: readonly string[];
  /** Operations an element costs, for the profile. Default 1. */
  readonly flops?: number;
}

export interface ElementwiseContext {
  readonly inputs: readonly DType[];
  readonly output: DType;
  readonly attributes: Attributes;
}

export interface KernelLowering {
  readonly kind: "kernel";
  readonly lower: (context: LowerContext) => Lowered;
  /** The kernel calls `epilogue(value, index)`, so elementwise users of its output 0 may be fused in. */
  readonly takesEpilogue?: boolean;
  /** Output `o` is computed in the memory of input `i` (which nobody reads afterwards). */
  readonly inPlace?: (node: Node) => readonly { readonly output: number; readonly input: number }[];
  /** Lists of inputs that have to lie in one buffer, each at a multiple of 256 bytes, in this order. */
  readonly colocated?: (node: Node) => readonly (readonly number[])[];
}

export type { LowerContext } from "../kernels/dispatch.ts";
