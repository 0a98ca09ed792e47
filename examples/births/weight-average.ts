import * as sl from "sluice";

/**
 * Leaves a model with the mean of its weights over the last epochs: the last steps wander around a
 * minimum, their mean lies nearer to it. Stochastic weight averaging, Izmailov et al. 2018,
 * arXiv:1803.05407.
 */
export class WeightAverage implements sl.CallbackHooks {
  readonly #firstEpoch: number;
  #model: sl.Sequential | null = null;
  #sums: Float64Array[] = [];
  #count = 0;

  /** Averages over the epochs from number `firstEpoch` on, which counts from 0. */
  constructor(firstEpoch: number) {
    this.#firstEpoch = firstEpoch;
  }

  setModel(model: unknown): void {
    this.#model = model as sl.Sequential;
  }

  async onEpochEnd(epoch: number): Promise<void> {
    if (epoch < this.#firstEpoch || !this.#model) return;
    const weights = await Promise.all(this.#model.getWeights().map((weight) => weight.data()));
    const sums = this.#sums;
    this.#sums = weights.map((weight, i) =>
      Float64Array.from(weight, (w, j) => w + (sums[i]?.[j] ?? 0)),
    );
    this.#count++;
  }

  onTrainEnd(): void {
    if (!this.#model || this.#count === 0) return;
    const shapes = this.#model.getWeights().map((weight) => weight.shape);
    this.#model.setWeights(
      this.#sums.map((sum, i) =>
        sl.tensor(
          Float32Array.from(sum, (s) => s / this.#count),
          shapes[i],
        ),
      ),
    );
  }
}
