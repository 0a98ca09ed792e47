import { checkSetting } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSettings, type OptimizerConfig } from "./optimizer-config.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import type { UpdateRule } from "./update-rule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `adam`. */
export interface AdamConfig extends OptimizerConfig {
  /** Share of the mean gradient that stays at each update. Default 0.9. */
  readonly beta1?: number;
  /** Share of the mean squared gradient that stays at each update. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the mean square. Default 1e-7. */
  readonly epsilon?: number;
  /** Whether the greatest mean square so far is used instead of the latest. Default false. */
  readonly amsgrad?: boolean;
}

/** Settings of `adamw`: those of `adam`, with a `weightDecay` of 0.004 by default. */
export type AdamwConfig = AdamConfig;

const keys = {
  beta1: "number",
  beta2: "number",
  epsilon: "number",
  amsgrad: "boolean",
} as const;

/**
 * Adam: steps along a running mean of the gradients, each divided by the root of a running mean of its squares.
 *
 *     m = beta1·m + (1 - beta1)·g
 *     v = beta2·v + (1 - beta2)·g²
 *     p -= rate·√(1 - beta2^t) / (1 - beta1^t) · m / (√v + epsilon)      amsgrad: the greatest v so far
 *
 * Gradients beyond ±1.8e19 count as that: the square of more is no float32.
 *
 * Counterpart of `tf.train.adam` and `keras.optimizers.Adam`, with Keras's equations and defaults: epsilon stands
 * outside the correction, so it is not quite PyTorch's. Kingma & Ba 2015, arXiv:1412.6980; Reddi, Kale & Kumar 2018, arXiv:1904.09237 (amsgrad).
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
  learningRate: LearningRate | AdamConfig = {},
  beta1?: number,
  beta2?: number,
  ...[epsilon]: [epsilon?: number]
): Optimizer {
  const config = checkSettings<AdamConfig>("train.adam", learningRate, keys);
  const settings = withDefaults(defaults, { beta1, beta2, epsilon }, config);
  return new Optimizer(adamRule(settings), config);
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
  learningRate: LearningRate | AdamwConfig = {},
  weightDecay = 0.004,
): Optimizer {
  const config = checkSettings<AdamwConfig>("train.adamw", learningRate, keys);
  const decay = withDefaults({ weightDecay }, config);
  const rule = adamRule(withDefaults(defaults, config));
  const named = { kind: "adamw", className: "AdamW", config: { ...rule.config, ...decay } };
  return new Optimizer({ ...rule, ...named }, { ...config, ...decay });
}

const defaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false };

function adamRule(settings: typeof defaults): UpdateRule {
  const { beta1, beta2, epsilon, amsgrad } = settings;
  checkSetting("adam beta1", beta1, { from: 0, below: 1 });
  checkSetting("adam beta2", beta2, { from: 0, below: 1 });
  checkSetting("adam epsilon", epsilon, { from: 0 });
  const slots = [{ name: "momentum" }, { name: "velocity" }];
  return {
    form: "kernel",
    kind: "adam",
    className: "Adam",
    kernel: amsgrad ? "adamAmsgrad" : "adam",
    slots: amsgrad ? [...slots, { name: "velocity_hat" }] : slots,
    numbers: (step) => ({
      oneMinusBeta1: 1 - beta1,
      oneMinusBeta2: 1 - beta2,
      epsilon,
      correction: Math.sqrt(1 - beta2 ** step) / (1 - beta1 ** step),
    }),
    config: { ...settings },
  };
}
