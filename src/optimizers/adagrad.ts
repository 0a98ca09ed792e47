import { checkSetting } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSettings, type OptimizerConfig } from "./optimizer-config.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import type { UpdateRule } from "./update-rule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `adagrad`. */
export interface AdagradConfig extends OptimizerConfig {
  /** What the sums of squares begin with. Default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Added to the sum of squares, under the root. Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Divides each gradient by the root of the sum of all its squares so far.
 *
 *     a += g²
 *     p -= rate·g / √(a + epsilon)
 *
 * Gradients beyond ±1e18 count as that, and the sum ends at 1e38: the square of more is no float32.
 *
 * Counterpart of `tf.train.adagrad` and `keras.optimizers.Adagrad`, with Keras's equations and defaults.
 * Duchi, Hazan & Singer 2011, JMLR 12:2121.
 *
 * @example
 * const optimizer = sl.train.adagrad(0.1);
 *
 * @param learningRate Size of a step, a schedule, or all settings. Default 0.001.
 * @param initialAccumulatorValue Default 0.1.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function adagrad(
  learningRate: LearningRate | AdagradConfig = {},
  initialAccumulatorValue?: number,
): Optimizer {
  const keys = { initialAccumulatorValue: "number", epsilon: "number" } as const;
  const config = checkSettings<AdagradConfig>("train.adagrad", learningRate, keys);
  const defaults = { initialAccumulatorValue: 0.1, epsilon: 1e-7 };
  const rule = adagradRule(withDefaults(defaults, { initialAccumulatorValue }, config));
  return new Optimizer(rule, config);
}

function adagradRule(settings: { initialAccumulatorValue: number; epsilon: number }): UpdateRule {
  const { initialAccumulatorValue, epsilon } = settings;
  checkSetting("adagrad initialAccumulatorValue", initialAccumulatorValue, { from: 0 });
  checkSetting("adagrad epsilon", epsilon, { from: 0 });
  return {
    form: "kernel",
    kind: "adagrad",
    className: "Adagrad",
    kernel: "adagrad",
    slots: [{ name: "accumulator", first: initialAccumulatorValue }],
    numbers: () => ({ epsilon }),
    config: { ...settings },
  };
}
