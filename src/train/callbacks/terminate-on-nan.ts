import type { NumericsError } from "../../errors.ts";
import { Callback } from "./callback.ts";

/** Made by `callbacks.terminateOnNaN`. */
export class TerminateOnNaN extends Callback {
  override onNumericsError(error: NumericsError): true {
    console.warn(`${error.message} Training ends here.`);
    return true;
  }
}

/**
 * Ends training when the loss or a gradient is not finite, where `fit` would throw `NumericsError` without it. In both cases
 * the weights are those before that batch: it changed nothing. The epoch is the last one in the history, with the figures
 * that it had come to.
 *
 * Counterpart of `keras.callbacks.TerminateOnNaN`, which leaves weights that are NaN behind. Its `raise_error: true` is what
 * `fit` does by itself.
 *
 * @example
 * const history = await net.fit(x, y, { epochs: 10, callbacks: sl.callbacks.terminateOnNaN() });
 * console.log(history.epoch.length);
 */
export function terminateOnNaN(): TerminateOnNaN {
  return new TerminateOnNaN();
}
