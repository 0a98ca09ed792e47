import { Optimizer } from "./optimizer.ts";
import type { LearningRateSchedule } from "./schedules.ts";
import {
  checkSetting,
  checkSettings,
  type OptimizerConfig,
  type UpdateRule,
} from "./update-rule.ts";

/** Settings of `adam`. */
export interface AdamConfig extends OptimizerConfig {
  /** Share of the mean gradient that stays at each update. Default 0.9. */
  readonly beta1?: number;
  /** Share of the mean squared gradient that stays at each update. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the mean square. Default 1e-7. */
  readonly epsilon?: number;
}

/** Settings of `adamw`. */
export interface AdamwConfig extends AdamConfig {
  /** Share of each weight that a step of size 1 would take away. Default 0.004. */
  readonly weightDecay?: number;
}

const adamKeys = {
  beta1: "number",
  beta2: "number",
  epsilon: "number",
  amsgrad: "notYet",
} as const;

/**
 * Adam: steps along a running mean of the gradients, each divided by the root of a running mean of its squares.
 *
 *     m = beta1·m + (1 - beta1)·g
 *     v = beta2·v + (1 - beta2)·g²
 *     p -= rate·√(1 - beta2^t) / (1 - beta1^t) · m / (√v + epsilon)
 *
 * Gradients beyond ±1.8e19 count as that: the square of more is no float32.
 *
 * Counterpart of `tf.train.adam` and `keras.optimizers.Adam`, with Keras's equations and defaults: epsilon stands
 * outside the correction, so it is not quite PyTorch's. Kingma & Ba 2015, arXiv:1412.6980.
 *
 * @example
 * const x = sl.variable(sl.tensor1d([3]));
 * const optimizer = sl.train.adam(0.1);
 * for (let i = 0; i < 200; i++) optimizer.minimize(() => x.sub(1).square().sum());
 * console.log((await x.data())[0]?.toFixed(2)); // 1.00
 *
 * @param learningRate Size of a step, a schedule, or all settings. Default 0.001.
 * @param beta1 Default 0.9.
 * @param beta2 Default 0.999.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function adam(
  learningRate: number | LearningRateSchedule | AdamConfig = {},
  beta1?: number,
  beta2?: number,
  ...[epsilon]: [epsilon?: number]
): Optimizer {
  const config = checkSettings<AdamConfig>("train.adam", learningRate, adamKeys);
  const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, ...config };
  const positional = { beta1: beta1 ?? settings.beta1, beta2: beta2 ?? settings.beta2 };
  const rule = adamRule({ ...settings, ...positional, epsilon: epsilon ?? settings.epsilon });
  return new Optimizer(rule, { learningRate: 1e-3, ...config });
}

/**
 * Adam with decoupled weight decay: each weight loses `rate·weightDecay` of itself, apart from the gradients.
 *
 * Counterpart of `keras.optimizers.AdamW`. Loshchilov & Hutter 2019, arXiv:1711.05101.
 *
 * @example
 * const optimizer = sl.train.adamw({ learningRate: 0.001, weightDecay: 0.01 });
 *
 * @param learningRate Size of a step, a schedule, or all settings. Default 0.001.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function adamw(
  learningRate: number | LearningRateSchedule | AdamwConfig = {},
  weightDecay = 0.004,
): Optimizer {
  const keys = { ...adamKeys, weightDecay: "number" } as const;
  const config = checkSettings<AdamwConfig>("train.adamw", learningRate, keys);
  const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay, ...config };
  checkSetting("adamw weightDecay", settings.weightDecay, { from: 0 });
  const rule = adamRule(settings);
  const { weightDecay: decay } = settings;
  const withDecay: UpdateRule = {
    ...rule,
    kind: "adamw",
    scalars: (step) => ({ ...rule.scalars(step), weightDecay: decay }),
    config: { ...rule.config, weightDecay: decay },
  };
  return new Optimizer(withDecay, { learningRate: 1e-3, ...config });
}

function adamRule(settings: Required<Pick<AdamConfig, "beta1" | "beta2" | "epsilon">>): UpdateRule {
  const { beta1, beta2, epsilon } = settings;
  checkSetting("adam beta1", beta1, { from: 0, below: 1 });
  checkSetting("adam beta2", beta2, { from: 0, below: 1 });
  checkSetting("adam epsilon", epsilon, { from: 0 });
  return {
    kind: "adam",
    slots: ["momentum", "velocity"],
    scalars: (step) => ({
      beta1,
      beta2,
      epsilon,
      biasCorrection1: 1 - beta1 ** step,
      biasCorrection2: 1 - beta2 ** step,
    }),
    config: { beta1, beta2, epsilon },
  };
}
