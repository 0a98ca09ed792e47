import { checkSetting } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSettings, type OptimizerConfig } from "./optimizer-config.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import type { UpdateRule } from "./update-rule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `nadam`. */
export interface NadamConfig extends OptimizerConfig {
  /** Share of the mean gradient that stays at each update. Default 0.9. */
  readonly beta1?: number;
  /** Share of the mean squared gradient that stays at each update. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the mean square. Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Adam with Nesterov's look ahead.
 *
 *     u(t) = beta1 · (1 - ½·0.96^t),   U(t) = u(1) · … · u(t)
 *     m = beta1·m + (1 - beta1)·g
 *     v = beta2·v + (1 - beta2)·g²
 *     n = u(t+1)·m / (1 - U(t+1)) + (1 - u(t))·g / (1 - U(t))
 *     p -= rate·n / (√(v / (1 - beta2^t)) + epsilon)
 *
 * Gradients beyond ±1.8e19 count as that: the square of more is no float32.
 *
 * Counterpart of `keras.optimizers.Nadam`, with its equations and defaults. Dozat 2016, "Incorporating Nesterov momentum into Adam".
 *
 * @example
 * const optimizer = sl.train.nadam({ learningRate: 0.002 });
 *
 * @param learningRate Size of a step, a schedule, or all settings. Default 0.001.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function nadam(learningRate: LearningRate | NadamConfig = {}): Optimizer {
  const keys = { beta1: "number", beta2: "number", epsilon: "number" } as const;
  const config = checkSettings<NadamConfig>("train.nadam", learningRate, keys);
  const defaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const rule = nadamRule(withDefaults(defaults, config));
  return new Optimizer(rule, config);
}

function nadamRule(settings: { beta1: number; beta2: number; epsilon: number }): UpdateRule {
  const { beta1, beta2, epsilon } = settings;
  checkSetting("nadam beta1", beta1, { from: 0, below: 1 });
  checkSetting("nadam beta2", beta2, { from: 0, below: 1 });
  checkSetting("nadam epsilon", epsilon, { from: 0 });
  const share = (step: number): number => beta1 * (1 - 0.5 * 0.96 ** step);
  const products = new RunningProduct(share);
  return {
    form: "kernel",
    kind: "nadam",
    className: "Nadam",
    kernel: "nadam",
    slots: [{ name: "momentum" }, { name: "velocity" }],
    numbers: (step) => {
      const product = products.upTo(step);
      const next = share(step + 1);
      return {
        oneMinusBeta1: 1 - beta1,
        oneMinusBeta2: 1 - beta2,
        epsilon,
        ahead: next / (1 - product * next),
        now: (1 - share(step)) / (1 - product),
        correction: 1 / Math.sqrt(1 - beta2 ** step),
      };
    },
    config: { ...settings },
  };
}

/** factor(1) · … · factor(t), multiplied in this order from wherever training goes on. */
class RunningProduct {
  readonly #factor: (step: number) => number;
  #step = 0;
  #product = 1;

  constructor(factor: (step: number) => number) {
    this.#factor = factor;
  }

  upTo(step: number): number {
    if (step < this.#step) [this.#step, this.#product] = [0, 1];
    while (this.#step < step) this.#product *= this.#factor(++this.#step);
    return this.#product;
  }
}
