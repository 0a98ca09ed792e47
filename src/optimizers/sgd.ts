import { checkSetting } from "./check-setting.ts";
import { Optimizer } from "./optimizer.ts";
import { checkSettings, type OptimizerConfig } from "./optimizer-config.ts";
import type { LearningRate } from "./resolve-schedule.ts";
import type { UpdateRule } from "./update-rule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `sgd`. */
export interface SgdConfig extends OptimizerConfig {
  /** Share of the last step that is made again. Default 0. */
  readonly momentum?: number;
  /** Whether the gradient counts as if taken after the step that momentum makes. Default false. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent.
 *
 *     p -= rate·g                                                  plain
 *     m = momentum·m - rate·g,  p += m                             with momentum
 *     m = momentum·m - rate·g,  p += momentum·m - rate·g           Nesterov
 *
 * Counterpart of `tf.train.sgd` and `keras.optimizers.SGD`, with Keras's equations and defaults.
 *
 * @example
 * const x = sl.variable(sl.tensor1d([3]));
 * const optimizer = sl.train.sgd(0.1);
 * for (let i = 0; i < 50; i++) optimizer.minimize(() => x.sub(1).square().sum());
 * console.log((await x.data())[0]?.toFixed(3)); // 1.000
 *
 * @param learningRate Size of a step, a schedule, or all settings. Default 0.01.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function sgd(learningRate: LearningRate | SgdConfig = {}): Optimizer {
  const keys = { momentum: "number", nesterov: "boolean" } as const;
  const config = checkSettings<SgdConfig>("train.sgd", learningRate, keys);
  return new Optimizer(sgdRule(config), { ...config, learningRate: config.learningRate ?? 0.01 });
}

/**
 * `sgd` with momentum.
 *
 * Counterpart of `tf.train.momentum`; the equations are those of `sgd` (Keras scales the gradient before the
 * momentum takes it up, TF.js after).
 *
 * @example
 * const optimizer = sl.train.momentum(0.01, 0.9);
 *
 * @param learningRate Size of a step, or a schedule.
 * @param momentum Share of the last step that is made again, 0 to 1.
 * @param useNesterov Whether the gradient counts as if taken after that step. Default false.
 * @throws {ArgumentError} when a setting is out of bounds.
 */
export function momentum(
  learningRate: LearningRate,
  momentum: number,
  useNesterov = false,
): Optimizer {
  return sgd({ learningRate, momentum, nesterov: useNesterov });
}

function sgdRule(config: SgdConfig): UpdateRule {
  const { momentum, nesterov } = withDefaults({ momentum: 0, nesterov: false }, config);
  checkSetting("sgd momentum", momentum, { from: 0, below: 1 });
  const hasMomentum = momentum > 0;
  return {
    form: "kernel",
    kind: "sgd",
    className: "SGD",
    kernel: hasMomentum ? (nesterov ? "nesterov" : "momentum") : "sgd",
    slots: hasMomentum ? [{ name: "momentum" }] : [],
    numbers: (): Record<string, number> => (hasMomentum ? { momentum } : {}),
    config: { momentum, nesterov },
  };
}
