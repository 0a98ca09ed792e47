import { ArgumentError, TraceError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { describeValue } from "../names/describe.ts";
import { recomputed } from "../ops/recompute.ts";
import { mapTensors, tensorsIn } from "./containers.ts";
import { scope } from "./scope.ts";
import { Tensor } from "./tensor.ts";

/**
 * What `body` gives, as a block that a gradient computes again. Its tensors get new handles.
 *
 * @param passOn is told which handle now stands for which.
 * @throws {ArgumentError | TraceError} when `body` gives no tensor, or is asynchronous.
 */
export function recomputeBlock<Result>(
  body: () => Result,
  passOn: (inside: Tensor, outside: Tensor) => void,
): Result {
  return scope("recompute", () => {
    let result: unknown;
    const ends = recomputed(() => {
      result = body();
      return tensorsOf(result).map((tensor) => tensor.value);
    });
    const rest = [...ends];
    const given = mapTensors(result, (inside) => {
      const outside = Tensor.of(rest.shift() as Value);
      passOn(inside, outside);
      return outside;
    });
    Tensor.group(tensorsIn(given));
    return given as Result;
  });
}

/** @throws {ArgumentError | TraceError} for a result without a tensor. */
function tensorsOf(result: unknown): Tensor[] {
  if (result instanceof Promise) {
    throw new TraceError(
      "recompute: received an async function. Expected one that gives its tensors at once.",
    );
  }
  const tensors = tensorsIn(result);
  if (tensors.length > 0) return tensors;
  throw new ArgumentError(
    `recompute: the function gave ${describeValue(result)}. Expected a tensor, or arrays and plain objects of tensors.`,
  );
}
