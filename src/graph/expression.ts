import type { DType } from "./dtype.ts";
import type { View } from "./view.ts";

/**
 * What a generated kernel computes for one element: a tree (with shared branches) over the coordinates of
 * the kernel's output. Movement operations are gone: they live in the views of the leaves.
 */
export type Expression =
  /** Element of the `input`-th buffer of the kernel. */
  | { readonly kind: "load"; readonly input: number; readonly view: View; readonly dtype: DType }
  /** The flat index that the view gives, as a number (random numbers, ranges). */
  | { readonly kind: "index"; readonly view: View; readonly dtype: "int32" }
  /** The `scalar`-th run-time number of the kernel. */
  | { readonly kind: "scalar"; readonly scalar: number; readonly dtype: DType }
  /** A constant of the operation itself; part of the shader text. */
  | { readonly kind: "literal"; readonly value: number; readonly dtype: DType }
  /** `of` inside the bounds of the view, zero outside. */
  | {
      readonly kind: "masked";
      readonly view: View;
      readonly of: Expression;
      readonly dtype: DType;
    }
  /** What the kernel around has computed: a matMul's accumulator, a reduction's result. */
  | { readonly kind: "hole"; readonly dtype: DType }
  | {
      readonly kind: "apply";
      readonly write: (args: readonly string[]) => string;
      readonly args: readonly Expression[];
      readonly dtype: DType;
      /** Names of files in shaders/lib that `write` calls into. */
      readonly libs: readonly string[];
    };

/** What an expression is directly made of. */
export function partsOf(expression: Expression): readonly Expression[] {
  if (expression.kind === "apply") return expression.args;
  return expression.kind === "masked" ? [expression.of] : [];
}

/** `expression` with its parts replaced. */
export function withParts(
  expression: Expression,
  replace: (part: Expression) => Expression,
): Expression {
  if (expression.kind === "apply") return { ...expression, args: expression.args.map(replace) };
  return expression.kind === "masked" ? { ...expression, of: replace(expression.of) } : expression;
}
