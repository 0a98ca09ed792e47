import { ArgumentError, ShapeError } from "../errors.ts";
import { Node, type Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { type TensorLike, toTensor } from "./convert.ts";
import { checkFunction } from "./gradients.ts";
import { scope } from "./scope.ts";
import { Tensor } from "./tensor.ts";

/** What a function with a gradient of its own gives back. */
export interface CustomGradient {
  readonly value: Tensor;
  /** From the gradient of `value` (and the saved tensors) to the gradient of each input. */
  readonly gradFunc: (dy: Tensor, saved: Tensor[]) => Tensor | Tensor[];
}

/** Keeps tensors for the backward pass. */
export type Save = (tensors: Tensor[]) => void;

/**
 * A function with a gradient of its own, in place of the gradient of what it computes.
 *
 * @param f receives the inputs, then `save`, which keeps tensors for `gradFunc`. With several inputs, write
 *   their types: `(a: sl.Tensor, b: sl.Tensor, save: sl.Save) => …`.
 * @example
 * const straightThrough = sl.customGrad((x) => ({ value: x.round(), gradFunc: (dy) => dy }));
 */
export function customGrad(f: (x: Tensor, save: Save) => CustomGradient): (x: TensorLike) => Tensor;
export function customGrad(
  f: (a: Tensor, b: Tensor, save: Save) => CustomGradient,
): (a: TensorLike, b: TensorLike) => Tensor;
export function customGrad(
  f: (a: Tensor, b: Tensor, c: Tensor, save: Save) => CustomGradient,
): (a: TensorLike, b: TensorLike, c: TensorLike) => Tensor;
export function customGrad(
  f: (...args: never[]) => CustomGradient,
): (...xs: TensorLike[]) => Tensor {
  checkFunction(f, "customGrad");
  return (...xs) =>
    scope("customGrad", () => {
      const inputs = xs.map((x, i) => toTensor(x, `customGrad: argument ${i}`));
      let saved: Tensor[] = [];
      const save: Save = (tensors) => {
        saved = tensors;
      };
      const { value, gradFunc } = (f as (...args: unknown[]) => CustomGradient)(...inputs, save);
      const spec = value.value.spec;
      const node = new Node("customGrad", [value.value, ...inputs.map((x) => x.value)], {
        outputs: [spec],
        customGradient: (dy) => gradientsOf(gradFunc(Tensor.of(dy), saved), inputs),
      });
      return Tensor.of(node.outputs[0] as Value);
    });
}

function gradientsOf(result: Tensor | Tensor[], inputs: readonly Tensor[]): Value[] {
  const list = [result].flat();
  if (list.length !== inputs.length) {
    throw new ArgumentError(
      `customGrad: gradFunc gave ${list.length} gradients for ${inputs.length} inputs. Expected one each.`,
    );
  }
  return list.map((gradient, i) => {
    const x = inputs[i];
    if (x && !shapesEqual(gradient.shape, x.shape)) {
      throw new ShapeError(
        `customGrad: gradient ${i} has shape ${formatShape(gradient.shape)}, its input ${formatShape(x.shape)}. ` +
          "Expected the same shape.",
      );
    }
    return gradient.value;
  });
}
