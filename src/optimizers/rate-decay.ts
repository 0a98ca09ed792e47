import { checkKeys } from "../names/check-keys.ts";
import { checkSetting } from "./check-setting.ts";
import { Schedule } from "./schedule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `exponentialDecay` and `inverseTimeDecay`; counts are in batches. */
export interface RateDecayConfig {
  readonly initialLearningRate: number;
  /** Batches in which the rate decays once by `decayRate`. */
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Whether the rate falls in steps, every `decaySteps` batches. Default false. */
  readonly staircase?: boolean;
}

/** Settings of `exponentialDecay`. */
export type ExponentialDecayConfig = RateDecayConfig;
/** Settings of `inverseTimeDecay`. */
export type InverseTimeDecayConfig = RateDecayConfig;

/** What both have in common. */
abstract class RateDecay extends Schedule {
  protected readonly config: Required<RateDecayConfig>;

  constructor(maker: string, config: RateDecayConfig) {
    super();
    checkKeys(`train.${maker}`, config, {
      initialLearningRate: "number",
      decaySteps: "number",
      decayRate: "number",
      staircase: "boolean",
    });
    const { initialLearningRate, decaySteps, decayRate } = config;
    const defaults = { initialLearningRate, decaySteps, decayRate, staircase: false };
    this.config = withDefaults(defaults, config);
    checkSetting(`${maker} initialLearningRate`, initialLearningRate, { from: 0 });
    checkSetting(`${maker} decaySteps`, decaySteps, { above: 0 });
    checkSetting(`${maker} decayRate`, decayRate, { from: 0 });
  }

  /** How often the rate has decayed. */
  protected decays(step: number): number {
    const decays = step / this.config.decaySteps;
    return this.config.staircase ? Math.floor(decays) : decays;
  }

  override getConfig(): Record<string, unknown> {
    return { ...this.config };
  }
}

/** See `exponentialDecay`. */
export class ExponentialDecay extends RateDecay {
  static override readonly className = "ExponentialDecay";

  constructor(config: ExponentialDecayConfig) {
    super("exponentialDecay", config);
  }

  override rate(step: number): number {
    const { initialLearningRate, decayRate } = this.config;
    return initialLearningRate * decayRate ** this.decays(step);
  }
}

/**
 * initialLearningRate · decayRate^(step / decaySteps).
 *
 * Counterpart of `keras.optimizers.schedules.ExponentialDecay`.
 *
 * @example
 * const schedule = sl.train.exponentialDecay({ initialLearningRate: 1, decaySteps: 10, decayRate: 0.5 });
 * console.log(schedule(20)); // 0.25
 *
 * @throws {ArgumentError} when `decaySteps` is no positive number, and for unknown settings.
 */
export function exponentialDecay(config: ExponentialDecayConfig): ExponentialDecay {
  return new ExponentialDecay(config);
}

/** See `inverseTimeDecay`. */
export class InverseTimeDecay extends RateDecay {
  static override readonly className = "InverseTimeDecay";

  constructor(config: InverseTimeDecayConfig) {
    super("inverseTimeDecay", config);
  }

  override rate(step: number): number {
    const { initialLearningRate, decayRate } = this.config;
    return initialLearningRate / (1 + decayRate * this.decays(step));
  }
}

/**
 * initialLearningRate / (1 + decayRate · step / decaySteps).
 *
 * Counterpart of `keras.optimizers.schedules.InverseTimeDecay`.
 *
 * @example
 * const schedule = sl.train.inverseTimeDecay({ initialLearningRate: 1, decaySteps: 10, decayRate: 0.5 });
 * console.log(schedule(20)); // 0.5
 *
 * @throws {ArgumentError} when `decaySteps` is no positive number, and for unknown settings.
 */
export function inverseTimeDecay(config: InverseTimeDecayConfig): InverseTimeDecay {
  return new InverseTimeDecay(config);
}
