import { afterEach } from "vitest";
import * as train from "../../src/optimizers/index.ts";
import { mul, sum, type Tensor, tensor, type Variable, variable } from "../../src/tensor/index.ts";
import { wave } from "../helpers/golden.ts";

const owned: { dispose(): void }[] = [];

/** Ends with the test. */
export function kept<T extends { dispose(): void }>(one: T): T {
  owned.push(one);
  return one;
}

afterEach(() => {
  for (const one of owned.splice(0)) one.dispose();
});

export const vector = (values: ArrayLike<number>, name?: string): Variable =>
  kept(variable(Float32Array.from(values), true, name));

/** A loss whose gradient with respect to `w` is `gradient`. */
export const linear =
  (w: Variable, gradient: ArrayLike<number>): (() => Tensor) =>
  () =>
    sum(mul(w, tensor(Float32Array.from(gradient), w.shape)));

/** Gradients without structure, of ordinary sizes; another one for each step. */
export const noise = (shape: readonly number[], step: number): Float32Array =>
  wave(shape, 0.3 + 0.7 * step);

/** Every optimizer with settings under which its steps are of ordinary size. */
export const makers: Readonly<Record<string, (config: train.OptimizerConfig) => train.Optimizer>> =
  {
    sgd: (config) => train.sgd({ learningRate: 0.05, ...config }),
    momentum: (config) => train.sgd({ learningRate: 0.05, momentum: 0.8, ...config }),
    rmsprop: (config) =>
      train.rmsprop({ learningRate: 0.05, centered: true, momentum: 0.5, ...config }),
    adagrad: (config) => train.adagrad({ learningRate: 0.05, ...config }),
    adadelta: (config) => train.adadelta({ learningRate: 1, ...config }),
    adam: (config) => train.adam({ learningRate: 0.05, ...config }),
    amsgrad: (config) => train.adam({ learningRate: 0.05, amsgrad: true, ...config }),
    adamw: (config) => train.adamw({ learningRate: 0.05, ...config }),
    adamax: (config) => train.adamax({ learningRate: 0.05, ...config }),
    nadam: (config) => train.nadam({ learningRate: 0.05, ...config }),
    lion: (config) => train.lion({ learningRate: 0.05, ...config }),
    adafactor: (config) => train.adafactor({ learningRate: 0.05, ...config }),
  };

/** `inner` with a loss scale that follows the gradients. */
export const scaling = (
  inner: train.Optimizer,
  initialScale: number,
  dynamicGrowthSteps = 2000,
): train.LossScaleOptimizer =>
  kept(train.lossScaleOptimizer(inner, { initialScale, dynamicGrowthSteps }));

/** Where the scale stands: [scale, good steps]. */
export async function standing(optimizer: train.Optimizer): Promise<number[]> {
  const saved = await optimizer.getWeights();
  return Promise.all(
    ["dynamic_scale", "step_counter"].map(async (name) => {
      const found = saved.find((one) => one.name.endsWith(`/${name}`));
      return (await found?.tensor.data())?.[0] ?? Number.NaN;
    }),
  );
}
