import { checkKeys } from "../names/check-keys.ts";
import { checkSetting } from "./check-setting.ts";
import { Schedule } from "./schedule.ts";
import { withDefaults } from "./with-defaults.ts";

/** Settings of `cosineDecay`; counts are in batches. */
export interface CosineDecayConfig {
  /** Rate at the start, before any warm-up. */
  readonly initialLearningRate: number;
  /** Batches from the highest to the lowest rate. */
  readonly decaySteps: number;
  /** Lowest rate as a share of the highest. Default 0. */
  readonly alpha?: number;
  /** Rate that the warm-up climbs to; null: no warm-up. Default null. */
  readonly warmupTarget?: number | null;
  /** Batches of the warm-up. Default 0. */
  readonly warmupSteps?: number;
}

/** See `cosineDecay`. */
export class CosineDecay extends Schedule {
  static override readonly className = "CosineDecay";
  readonly #config: Required<CosineDecayConfig>;

  constructor(config: CosineDecayConfig) {
    super();
    checkKeys("train.cosineDecay", config, {
      initialLearningRate: "number",
      decaySteps: "number",
      alpha: "number",
      warmupTarget: "number",
      warmupSteps: "number",
    });
    const { initialLearningRate, decaySteps } = config;
    const defaults: Required<CosineDecayConfig> = {
      initialLearningRate,
      decaySteps,
      alpha: 0,
      warmupTarget: null,
      warmupSteps: 0,
    };
    this.#config = withDefaults(defaults, config);
    checkSetting("cosineDecay initialLearningRate", initialLearningRate, { from: 0 });
    checkSetting("cosineDecay decaySteps", decaySteps, { above: 0 });
  }

  override rate(step: number): number {
    const { initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps } = this.#config;
    const top = warmupTarget ?? initialLearningRate;
    const climb = warmupTarget === null ? 0 : warmupSteps;
    if (step < climb) return initialLearningRate + ((top - initialLearningRate) * step) / climb;
    const done = Math.min(1, (step - climb) / decaySteps);
    return top * ((1 - alpha) * halfCosine(done) + alpha);
  }

  override getConfig(): Record<string, unknown> {
    return { ...this.#config };
  }
}

/**
 * Falls along half a cosine, after an optional linear warm-up.
 *
 * Counterpart of `keras.optimizers.schedules.CosineDecay`. Loshchilov & Hutter 2017, arXiv:1608.03983.
 *
 * @example
 * const schedule = sl.train.cosineDecay({ initialLearningRate: 0.1, decaySteps: 100 });
 * console.log(schedule(0), schedule(50).toFixed(3), schedule(100)); // 0.1 0.050 0
 *
 * @throws {ArgumentError} when `decaySteps` is no positive number, and for unknown settings.
 */
export function cosineDecay(config: CosineDecayConfig): CosineDecay {
  return new CosineDecay(config);
}

/** Settings of `cosineDecayRestarts`; counts are in batches. */
export interface CosineDecayRestartsConfig {
  readonly initialLearningRate: number;
  /** Batches of the first fall. */
  readonly firstDecaySteps: number;
  /** How many times longer each fall is than the one before; 1 or more. Default 2. */
  readonly tMul?: number;
  /** What the highest rate is multiplied by at each restart. Default 1. */
  readonly mMul?: number;
  /** Lowest rate as a share of the first one. Default 0. */
  readonly alpha?: number;
}

/** See `cosineDecayRestarts`. */
export class CosineDecayRestarts extends Schedule {
  static override readonly className = "CosineDecayRestarts";
  readonly #config: Required<CosineDecayRestartsConfig>;

  constructor(config: CosineDecayRestartsConfig) {
    super();
    checkKeys("train.cosineDecayRestarts", config, {
      initialLearningRate: "number",
      firstDecaySteps: "number",
      tMul: "number",
      mMul: "number",
      alpha: "number",
    });
    const { initialLearningRate, firstDecaySteps } = config;
    const defaults = { initialLearningRate, firstDecaySteps, tMul: 2, mMul: 1, alpha: 0 };
    this.#config = withDefaults(defaults, config);
    checkSetting("cosineDecayRestarts initialLearningRate", initialLearningRate, { from: 0 });
    checkSetting("cosineDecayRestarts firstDecaySteps", firstDecaySteps, { above: 0 });
    checkSetting("cosineDecayRestarts tMul", this.#config.tMul, { from: 1 });
  }

  override rate(step: number): number {
    const { initialLearningRate, mMul, alpha } = this.#config;
    const { restarts, done } = this.#position(step);
    const share = (1 - alpha) * mMul ** restarts * halfCosine(done) + alpha;
    return initialLearningRate * share;
  }

  /** Restarts so far, and the part of the fall under way that is behind. */
  #position(step: number): { restarts: number; done: number } {
    const { firstDecaySteps, tMul } = this.#config;
    if (tMul === 1) {
      const restarts = Math.floor(step / firstDecaySteps);
      return { restarts, done: step / firstDecaySteps - restarts };
    }
    // The closed form takes a logarithm, which may round to just below a whole number at a restart.
    let [restarts, start, length] = [0, 0, firstDecaySteps];
    while (step >= start + length) {
      start += length;
      length *= tMul;
      restarts++;
    }
    return { restarts, done: (step - start) / length };
  }

  override getConfig(): Record<string, unknown> {
    return { ...this.#config };
  }
}

/**
 * Falls along half a cosine again and again, each time more slowly.
 *
 * With i restarts so far and d of the fall under way done:
 * initialLearningRate · ((1 - alpha) · mMul^i · ½(1 + cos(π·d)) + alpha).
 *
 * Counterpart of `keras.optimizers.schedules.CosineDecayRestarts`. Loshchilov & Hutter 2017, arXiv:1608.03983.
 *
 * @example
 * const schedule = sl.train.cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 10 });
 * console.log(schedule(5).toFixed(3), schedule(10), schedule(20).toFixed(3)); // 0.050 0.1 0.050
 *
 * @throws {ArgumentError} when `firstDecaySteps` is no positive number or `tMul` is below 1, and for unknown settings.
 */
export function cosineDecayRestarts(config: CosineDecayRestartsConfig): CosineDecayRestarts {
  return new CosineDecayRestarts(config);
}

/** 1 at 0, 0 at 1. */
function halfCosine(done: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * done));
}
