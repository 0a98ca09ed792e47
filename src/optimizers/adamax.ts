import { ArgumentError } from "../errors.ts";
import { checkSetting } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSettings, type OptimizerConfig } from "./optimizer-config.ts";
import { inverseTimeDecay } from "./rate-decay.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import type { UpdateRule } from "./update-rule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `adamax`. */
export interface AdamaxConfig extends OptimizerConfig {
  /** Share of the mean gradient that stays at each update. Default 0.9. */
  readonly beta1?: number;
  /** Share of the greatest gradient that stays at each update. Default 0.999. */
  readonly beta2?: number;
  /** Added to the greatest gradient. Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Adam by the greatest gradient of late, instead of the root of a mean square.
 *
 *     m = beta1·m + (1 - beta1)·g
 *     u = max(beta2·u, |g|)
 *     p -= rate / (1 - beta1^t) · m / (u + epsilon)
 *
 * Gradients beyond ±1.8e19 count as that, as for `adam`.
 *
 * Counterpart of `tf.train.adamax` and `keras.optimizers.Adamax`, with Keras's equations and defaults.
 * Kingma & Ba 2015, arXiv:1412.6980, section 7.1.
 *
 * @example
 * const optimizer = sl.train.adamax(0.002);
 *
 * @param learningRate Size of a step, a schedule, or all settings. Default 0.001.
 * @param beta1 Default 0.9.
 * @param beta2 Default 0.999.
 * @param epsilon Default 1e-7. A fifth argument, TF.js's `decay`, divides the rate by 1 + decay · updates so far.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function adamax(
  learningRate: LearningRate | AdamaxConfig = {},
  beta1?: number,
  beta2?: number,
  ...[epsilon, decay = 0]: [epsilon?: number, decay?: number]
): Optimizer {
  const keys = { beta1: "number", beta2: "number", epsilon: "number" } as const;
  const config = checkSettings<AdamaxConfig>("train.adamax", learningRate, keys);
  const defaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const rule = adamaxRule(withDefaults(defaults, { beta1, beta2, epsilon }, config));
  return new Optimizer(rule, { ...config, learningRate: decaying(config.learningRate, decay) });
}

/** The rate as TF.js's fifth argument lowers it. */
function decaying(rate: LearningRate = 1e-3, decayRate = 0): LearningRate {
  if (decayRate === 0) return rate;
  if (typeof rate === "number") {
    return inverseTimeDecay({ initialLearningRate: rate, decaySteps: 1, decayRate });
  }
  throw new ArgumentError(
    "train.adamax: received a schedule and a decay. Expected one of them; the schedule says how the rate falls.",
  );
}

function adamaxRule(settings: { beta1: number; beta2: number; epsilon: number }): UpdateRule {
  const { beta1, beta2, epsilon } = settings;
  checkSetting("adamax beta1", beta1, { from: 0, below: 1 });
  checkSetting("adamax beta2", beta2, { from: 0, below: 1 });
  checkSetting("adamax epsilon", epsilon, { from: 0 });
  return {
    form: "kernel",
    kind: "adamax",
    className: "Adamax",
    kernel: "adamax",
    slots: [{ name: "momentum" }, { name: "norm" }],
    numbers: (step) => ({
      oneMinusBeta1: 1 - beta1,
      beta2,
      epsilon,
      correction: 1 / (1 - beta1 ** step),
    }),
    config: { ...settings },
  };
}
