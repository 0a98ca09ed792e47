import { checkKeys } from "../names/check-keys.ts";
import { checkSetting } from "./check-setting.ts";
import { Schedule } from "./schedule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `polynomialDecay`; counts are in batches. */
export interface PolynomialDecayConfig {
  readonly initialLearningRate: number;
  /** Batches until the lowest rate is reached. */
  readonly decaySteps: number;
  /** Lowest rate. Default 0.0001. */
  readonly endLearningRate?: number;
  /** 1 falls along a straight line. Default 1. */
  readonly power?: number;
  /**
   * Whether the rate rises again where it has reached the lowest: `decaySteps` then counts for its next whole
   * multiple. Default false.
   */
  readonly cycle?: boolean;
}

/** See `polynomialDecay`. */
export class PolynomialDecay extends Schedule {
  static override readonly className = "PolynomialDecay";
  readonly #config: Required<PolynomialDecayConfig>;

  constructor(config: PolynomialDecayConfig) {
    super();
    checkKeys("train.polynomialDecay", config, {
      initialLearningRate: "number",
      decaySteps: "number",
      endLearningRate: "number",
      power: "number",
      cycle: "boolean",
    });
    const { initialLearningRate, decaySteps } = config;
    const defaults = { endLearningRate: 1e-4, power: 1, cycle: false };
    this.#config = withDefaults({ initialLearningRate, decaySteps, ...defaults }, config);
    checkSetting("polynomialDecay initialLearningRate", initialLearningRate, { from: 0 });
    checkSetting("polynomialDecay decaySteps", decaySteps, { above: 0 });
  }

  override rate(step: number): number {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle } = this.#config;
    const falls = cycle ? Math.max(1, Math.ceil(step / decaySteps)) : 1;
    const left = 1 - Math.min(1, step / (decaySteps * falls));
    return (initialLearningRate - endLearningRate) * left ** power + endLearningRate;
  }

  override getConfig(): Record<string, unknown> {
    return { ...this.#config };
  }
}

/**
 * (initialLearningRate - endLearningRate) · (1 - step / decaySteps)^power + endLearningRate.
 *
 * Counterpart of `keras.optimizers.schedules.PolynomialDecay`.
 *
 * @example
 * const schedule = sl.train.polynomialDecay({ initialLearningRate: 1, decaySteps: 10, endLearningRate: 0 });
 * console.log(schedule(5)); // 0.5
 *
 * @throws {ArgumentError} when `decaySteps` is no positive number, and for unknown settings.
 */
export function polynomialDecay(config: PolynomialDecayConfig): PolynomialDecay {
  return new PolynomialDecay(config);
}
