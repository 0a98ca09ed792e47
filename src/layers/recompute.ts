import { checkFunction } from "../tensor/gradients.ts";
import { recomputeBlock } from "../tensor/recompute.ts";
import { maskOf, setMask } from "./masks.ts";

/**
 * `fn` as a block that trades time for memory: what it computes on the way is not kept for the gradient, but computed
 * again when the gradient arrives, from what the block begins with. Values and gradients are the same as without;
 * random operations draw the same numbers again. Forward, and where no gradient is asked for, nothing changes.
 *
 * A block begins with the tensors that `fn` takes and with whatever else it uses from outside: weights, other
 * tensors. It may hold layers, loops and further blocks. Kept nevertheless is what leaves it by another way: what a
 * penalty on activities or `customGrad` uses.
 *
 * @param fn gives a tensor, or arrays and plain objects of tensors. It runs once for each call.
 * @returns the function with the same arguments and results.
 * @throws {ArgumentError} by the call, when `fn` gives no tensor.
 * @throws {TraceError} by the call, when `fn` is asynchronous.
 * @example
 * const w = sl.variable(sl.eye(2), true, "w");
 * const block = sl.recompute((x: sl.Tensor) => x.matMul(w).tanh().matMul(w));
 * const { grads } = sl.variableGrads(() => block(sl.ones([1, 2])).sum());
 * grads.w.shape; // [2, 2]
 * @see Keras `keras.remat`, PyTorch `torch.utils.checkpoint`, JAX `jax.checkpoint`; Chen et al. 2016, arXiv:1604.06174
 */
export function recompute<Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
): (...args: Args) => Result {
  checkFunction(fn, "recompute");
  return (...args) =>
    recomputeBlock(
      () => fn(...args),
      (inside, outside) => setMask(outside, maskOf(inside)),
    );
}
