import { Optimizer } from "./optimizer.ts";
import type { LearningRateSchedule } from "./schedules.ts";
import {
  checkSetting,
  checkSettings,
  type OptimizerConfig,
  type UpdateRule,
} from "./update-rule.ts";

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
  learningRate: number | LearningRateSchedule | RmspropConfig = {},
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
  const first = checkSettings<RmspropConfig>("train.rmsprop", learningRate, keys);
  const config: RmspropConfig =
    typeof learningRate === "object"
      ? first
      : { ...first, ...given({ rho: decay, momentum, epsilon, centered }) };
  return new Optimizer(rmspropRule(config), { learningRate: 1e-3, ...config });
}

function rmspropRule(config: RmspropConfig): UpdateRule {
  const { rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = config;
  checkSetting("rmsprop rho", rho, { from: 0, below: 1 });
  checkSetting("rmsprop momentum", momentum, { from: 0, below: 1 });
  checkSetting("rmsprop epsilon", epsilon, { from: 0 });
  const slots = ["velocity"];
  if (centered) slots.push("average_gradient");
  if (momentum > 0) slots.push("momentum");
  return {
    kind: "rmsprop",
    slots,
    scalars: () => ({ rho, momentum, epsilon }),
    config: { rho, momentum, epsilon, centered },
  };
}

/** The settings that are there; absent ones must not hide defaults. */
function given<T extends object>(settings: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
