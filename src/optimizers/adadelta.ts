import { checkSetting } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSettings, type OptimizerConfig } from "./optimizer-config.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import type { UpdateRule } from "./update-rule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `adadelta`. */
export interface AdadeltaConfig extends OptimizerConfig {
  /** Share of both running means that stays at each update. Default 0.95. */
  readonly rho?: number;
  /** Added to both means, under the roots. Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Steps as long as the root of a running mean of earlier steps' squares, in proportion to the gradient.
 *
 *     v = rho·v + (1 - rho)·g²
 *     s = g · √(d + epsilon) / √(v + epsilon)
 *     d = rho·d + (1 - rho)·s²
 *     p -= rate·s
 *
 * Gradients beyond ±1.8e19 count as that: the square of more is no float32.
 *
 * Counterpart of `tf.train.adadelta`, `keras.optimizers.Adadelta` and `torch.optim.Adadelta`, which have the same
 * equations; the defaults are Keras's. The paper's rate is 1. Zeiler 2012, arXiv:1212.5701.
 *
 * @example
 * const optimizer = sl.train.adadelta(1);
 *
 * @param learningRate Factor of the steps, a schedule, or all settings. Default 0.001.
 * @param rho Default 0.95.
 * @param epsilon Default 1e-7.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function adadelta(
  learningRate: LearningRate | AdadeltaConfig = {},
  rho?: number,
  epsilon?: number,
): Optimizer {
  const keys = { rho: "number", epsilon: "number" } as const;
  const config = checkSettings<AdadeltaConfig>("train.adadelta", learningRate, keys);
  const rule = adadeltaRule(withDefaults({ rho: 0.95, epsilon: 1e-7 }, { rho, epsilon }, config));
  return new Optimizer(rule, config);
}

function adadeltaRule({ rho, epsilon }: { rho: number; epsilon: number }): UpdateRule {
  checkSetting("adadelta rho", rho, { from: 0, below: 1 });
  checkSetting("adadelta epsilon", epsilon, { from: 0 });
  return {
    form: "kernel",
    kind: "adadelta",
    className: "Adadelta",
    kernel: "adadelta",
    slots: [{ name: "accumulated_grad" }, { name: "accumulated_delta_var" }],
    numbers: () => ({ oneMinusRho: 1 - rho, epsilon }),
    config: { rho, epsilon },
  };
}
