import type { CallbackHooks } from "./callback-hooks.ts";
import { checkCallback } from "./check-callback.ts";

/**
 * A callback of hooks, which `fit` takes as they are, too; here they are checked at once.
 *
 * Counterpart of `keras.callbacks.LambdaCallback` and of `new tf.CustomCallback`.
 *
 * @example
 * const report = sl.callbacks.lambda({
 *   onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss),
 * });
 * await net.fit(x, y, { epochs: 3, callbacks: report });
 *
 * @throws {ArgumentError} for a hook that is no function, or that there is not.
 */
export function lambda(hooks: CallbackHooks): CallbackHooks {
  checkCallback("callbacks.lambda", hooks);
  return { ...hooks };
}
