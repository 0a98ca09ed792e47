import { ArgumentError, TraceError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";
import { tensorsIn } from "./containers.ts";
import { enqueueAll, holdsResult } from "./evaluate.ts";
import { sourceOf } from "./kept.ts";
import { scope } from "./scope.ts";
import { isTracing, openScope } from "./scope-state.ts";
import { Tensor } from "./tensor.ts";
import { exempt, type Handle, withFrame } from "./tidy-frame.ts";

/**
 * Runs `body` and disposes every tensor made in it, except what it returns, variables, and what `keep` was called
 * with. Intermediate results own no memory here, so there is seldom a need; gradients that nobody reads and results
 * of `predict` do, until they end.
 *
 * @example
 * const y = sl.tidy(() => x.square().add(1));
 * @param nameOrBody A name for messages, or the function itself.
 * @throws {TraceError} when `body` is asynchronous.
 */
export function tidy<T>(nameOrBody: string | (() => T), body?: () => T): T {
  const run = typeof nameOrBody === "function" ? nameOrBody : body;
  if (typeof run !== "function") {
    throw new TraceError("tidy: received no function. Expected tidy(() => tensor).");
  }
  const name = typeof nameOrBody === "string" ? nameOrBody : "";
  return withFrame(() => scope(name, run), endAll, tensorsIn);
}

/**
 * Lets a tensor outlive the `tidy` around, and the update of the scope around: a state that is carried out of the
 * function given to `minimize`, say. Dispose it when it has had its use.
 *
 * @example
 * let features;
 * sl.tidy(() => {
 *   features = sl.keep(x.square());
 * });
 * @returns The tensor itself.
 * @throws {ArgumentError} for what is no tensor.
 */
export function keep<T extends Tensor>(tensor: T): T {
  if (!(tensor instanceof Tensor)) {
    throw new ArgumentError(
      `keep: received ${describeValue(tensor)}. Expected a tensor; call keep for each of several.`,
    );
  }
  exempt(tensor);
  if (!tensor.isMutable) openScope()?.retained.add(tensor.value);
  return tensor;
}

function endAll(ended: readonly Handle[], survivors: readonly Handle[]): void {
  // What is still lazy may be made of what ends now.
  const isNeeded = ended.some(
    (tensor) => !tensor.isDisposed && sourceOf(tensor.value) !== null && holdsResult(tensor.value),
  );
  const lazy = survivors.filter((tensor) => tensor.isPending);
  if (isNeeded && lazy.length > 0 && !isTracing()) {
    enqueueAll(
      lazy,
      lazy.map(() => ({ keep: true, read: false })),
      "tidy",
    );
  }
  for (const tensor of ended) tensor.dispose();
}
