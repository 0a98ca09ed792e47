import { checkSetting } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSettings, type OptimizerConfig } from "./optimizer-config.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import type { UpdateRule } from "./update-rule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `lion`. */
export interface LionConfig extends OptimizerConfig {
  /** Share of the mean gradient in the direction of a step. Default 0.9. */
  readonly beta1?: number;
  /** Share of the mean gradient that stays at each update. Default 0.99. */
  readonly beta2?: number;
}

/**
 * Steps of one size, in the direction of a mean of the gradients.
 *
 *     p -= rate·sign(beta1·m + (1 - beta1)·g)
 *     m = beta2·m + (1 - beta2)·g
 *
 * Gradients beyond ±1.8e19 count as that, as for `adam`.
 *
 * Counterpart of `keras.optimizers.Lion`, with its equations and defaults. It wants a rate 3 to 10 times smaller than
 * Adam's, and a weight decay as many times larger. Chen et al. 2023, arXiv:2302.06675.
 *
 * @example
 * const optimizer = sl.train.lion({ learningRate: 1e-4, weightDecay: 0.01 });
 *
 * @param learningRate Size of a step, a schedule, or all settings. Default 0.001.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function lion(learningRate: LearningRate | LionConfig = {}): Optimizer {
  const keys = { beta1: "number", beta2: "number" } as const;
  const config = checkSettings<LionConfig>("train.lion", learningRate, keys);
  const rule = lionRule(withDefaults({ beta1: 0.9, beta2: 0.99 }, config));
  return new Optimizer(rule, config);
}

function lionRule({ beta1, beta2 }: { beta1: number; beta2: number }): UpdateRule {
  checkSetting("lion beta1", beta1, { above: 0, to: 1 });
  checkSetting("lion beta2", beta2, { from: 0, below: 1 });
  return {
    form: "kernel",
    kind: "lion",
    className: "Lion",
    kernel: "lion",
    slots: [{ name: "momentum" }],
    numbers: () => ({ oneMinusBeta1: 1 - beta1, oneMinusBeta2: 1 - beta2 }),
    config: { beta1, beta2 },
  };
}
