import { checkSetting } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSettings, type OptimizerConfig } from "./optimizer-config.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import type { UpdateRule } from "./update-rule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `rmsprop`. */
export interface RmspropConfig extends OptimizerConfig {
  /** Share of the running means that stays at each update. Default 0.9. */
  readonly rho?: number;
  /** Share of the last step that is made again. Default 0. */
  readonly momentum?: number;
  /** Added to the mean square, under the root. Default 1e-7. */
  readonly epsilon?: number;
  /** Whether the gradients' variance is used instead of their mean square. Default false. */
  readonly centered?: boolean;
}

/**
 * Divides each gradient by the root of a running mean of its squares.
 *
 *     v = rho·v + (1 - rho)·g²
 *     a = rho·a + (1 - rho)·g                      if centered
 *     s = rate·g / √(max(v - a², 0) + epsilon)
 *     p -= s,  or  m = momentum·m + s,  p -= m
 *
 * Gradients beyond ±1.8e19 count as that: the square of more is no float32.
 *
 * Counterpart of `tf.train.rmsprop` and `keras.optimizers.RMSprop`, with Keras's equations and defaults.
 * Tieleman & Hinton 2012, lecture 6.5 of "Neural Networks for Machine Learning".
 *
 * @example
 * const optimizer = sl.train.rmsprop({ learningRate: 0.001, globalClipnorm: 1 });
 *
 * @param learningRate Size of a step, a schedule, or all settings. Default 0.001.
 * @param decay `rho`. Default 0.9.
 * @param momentum Share of the last step that is made again. Default 0.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function rmsprop(
  learningRate: LearningRate | RmspropConfig = {},
  decay?: number,
  momentum?: number,
  ...[epsilon, centered]: [epsilon?: number, centered?: boolean]
): Optimizer {
  const keys = {
    rho: "number",
    momentum: "number",
    epsilon: "number",
    centered: "boolean",
  } as const;
  const config = checkSettings<RmspropConfig>("train.rmsprop", learningRate, keys);
  const defaults = { rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false };
  const positional = { rho: decay, momentum, epsilon, centered };
  const rule = rmspropRule(withDefaults(defaults, positional, config));
  return new Optimizer(rule, config);
}

function rmspropRule(settings: Settings): UpdateRule {
  const { rho, momentum, epsilon, centered } = settings;
  checkSetting("rmsprop rho", rho, { from: 0, below: 1 });
  checkSetting("rmsprop momentum", momentum, { from: 0, below: 1 });
  checkSetting("rmsprop epsilon", epsilon, { from: 0 });
  const slots = [{ name: "velocity" }];
  if (centered) slots.push({ name: "average_gradient" });
  if (momentum > 0) slots.push({ name: "momentum" });
  const withMomentum = centered ? "rmspropCenteredMomentum" : "rmspropMomentum";
  const without = centered ? "rmspropCentered" : "rmsprop";
  return {
    form: "kernel",
    kind: "rmsprop",
    className: "RMSProp",
    kernel: momentum > 0 ? withMomentum : without,
    slots,
    numbers: () => ({ oneMinusRho: 1 - rho, epsilon, momentum }),
    config: { ...settings },
  };
}

type Settings = Required<Omit<RmspropConfig, keyof OptimizerConfig>>;
