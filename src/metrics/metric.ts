import type { Tensor } from "../tensor/index.ts";

/**
 * A metric of your own that is no mean of values (for those a function does): totals that add up over the batches of an
 * epoch, and the figure that they come to. Both are recorded once and run on the GPU, in the training step.
 *
 * Counterpart of `keras.metrics.Metric`.
 *
 * @example
 * class MeanBias extends sl.metrics.Metric {
 *   static override readonly className = "MeanBias";
 *   readonly size = 2;
 *   totals(labels: sl.Tensor, predictions: sl.Tensor, weights: sl.Tensor | null) {
 *     const bias = predictions.sub(labels).mean(-1); // [B]
 *     const counts = weights ?? sl.onesLike(bias);
 *     return sl.stack([bias.mul(counts).sum(), counts.sum()]);
 *   }
 *   result(totals: sl.Tensor) { return totals.slice([0], [1]).div(totals.slice([1], [1])).squeeze(); }
 * }
 * sl.serialization.registerClass(MeanBias);
 */
export abstract class Metric {
  /** Name of the class in saved models; each class has its own. */
  static readonly className: string = "Metric";

  /** How many totals it keeps. */
  abstract readonly size: number;

  /** Key in logs and history. Default: the class name, its first letter small. */
  get name(): string {
    const className = this.getClassName();
    return className.slice(0, 1).toLowerCase() + className.slice(1);
  }

  /**
   * What a batch adds to the totals, [size]. `weights`, [B] or [B, T], hold mask and sample weights; null: all count 1.
   */
  abstract totals(labels: Tensor, predictions: Tensor, weights: Tensor | null): Tensor;

  /** The figure, a scalar, from the totals [size] of any number of batches. */
  abstract result(totals: Tensor): Tensor;

  /** What the constructor takes, as plain data. */
  getConfig(): object {
    return {};
  }

  getClassName(): string {
    return (this.constructor as typeof Metric).className;
  }
}
