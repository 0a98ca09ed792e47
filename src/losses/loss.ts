import type { Tensor } from "../tensor/index.ts";

/**
 * A loss of your own, with settings and a name for saved models. Derive from it: `call` gives a cost for each sample (or
 * each step), whose mean is taken; sample weights and masks apply to these costs. A function does too, where nothing is
 * to be saved.
 *
 * Counterpart of `keras.losses.Loss`.
 *
 * @example
 * class Pinball extends sl.losses.Loss {
 *   static override readonly className = "Pinball";
 *   constructor(readonly config: { quantile: number }) { super(); }
 *   override call(labels: sl.Tensor, predictions: sl.Tensor) { // [B, D] → [B]
 *     const error = labels.sub(predictions);
 *     const { quantile } = this.config;
 *     return sl.maximum(error.mul(quantile), error.mul(quantile - 1)).mean(-1);
 *   }
 *   override getConfig() { return this.config; }
 * }
 * sl.serialization.registerClass(Pinball);
 * model.compile({ loss: new Pinball({ quantile: 0.9 }) });
 */
export abstract class Loss {
  /** Name of the class in saved models; each class has its own. */
  static readonly className: string = "Loss";

  /** A cost for each sample or step, [B] or [B, T]; or a scalar, to which weights and masks cannot apply. */
  abstract call(labels: Tensor, predictions: Tensor): Tensor;

  /** What the constructor takes, as plain data. */
  getConfig(): object {
    return {};
  }

  getClassName(): string {
    return (this.constructor as typeof Loss).className;
  }
}
