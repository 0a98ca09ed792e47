import { ArgumentError } from "../errors.ts";

/**
 * A learning rate that depends on the number of updates made so far (0 for the first). Any such function will do;
 * it runs on the host, once an update.
 */
export type LearningRateSchedule = (step: number) => number;

/** Settings of `cosineDecay`; counts are in updates. */
export interface CosineDecayConfig {
  /** Rate at the start, before any warm-up. */
  readonly initialLearningRate: number;
  /** Updates from the highest to the lowest rate. */
  readonly decaySteps: number;
  /** Lowest rate as a share of the highest. Default 0. */
  readonly alpha?: number;
  /** Rate that the warm-up climbs to; absent: no warm-up. */
  readonly warmupTarget?: number;
  /** Updates of the warm-up. Default 0. */
  readonly warmupSteps?: number;
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
 * @throws {ArgumentError} when `decaySteps` is no positive number.
 */
export function cosineDecay(config: CosineDecayConfig): LearningRateSchedule {
  const { initialLearningRate, decaySteps, alpha = 0, warmupTarget, warmupSteps = 0 } = config;
  checkPositive("cosineDecay", "decaySteps", decaySteps);
  const top = warmupTarget ?? initialLearningRate;
  const climb = warmupTarget === undefined ? 0 : warmupSteps;
  return (step) => {
    if (step < climb) return initialLearningRate + ((top - initialLearningRate) * step) / climb;
    const done = Math.min(1, (step - climb) / decaySteps);
    const cosine = 0.5 * (1 + Math.cos(Math.PI * done));
    return top * ((1 - alpha) * cosine + alpha);
  };
}

/** Settings of `exponentialDecay`; counts are in updates. */
export interface ExponentialDecayConfig {
  readonly initialLearningRate: number;
  /** Updates in which the rate falls to `decayRate` of what it was. */
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Whether the rate falls in steps, every `decaySteps` updates. Default false. */
  readonly staircase?: boolean;
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
 * @throws {ArgumentError} when `decaySteps` is no positive number.
 */
export function exponentialDecay(config: ExponentialDecayConfig): LearningRateSchedule {
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = config;
  checkPositive("exponentialDecay", "decaySteps", decaySteps);
  return (step) => {
    const exponent = staircase ? Math.floor(step / decaySteps) : step / decaySteps;
    return initialLearningRate * decayRate ** exponent;
  };
}

/** Settings of `piecewiseConstant`. */
export interface PiecewiseConstantConfig {
  /** Update numbers, ascending; each is the last one of its rate. */
  readonly boundaries: readonly number[];
  /** Rates, one more than boundaries. */
  readonly values: readonly number[];
}

/**
 * values[0] up to and including update boundaries[0], then values[1], and so on.
 *
 * Counterpart of `keras.optimizers.schedules.PiecewiseConstantDecay`.
 *
 * @example
 * const schedule = sl.train.piecewiseConstant({ boundaries: [100, 200], values: [0.1, 0.01, 0.001] });
 * console.log(schedule(100), schedule(101)); // 0.1 0.01
 *
 * @throws {ArgumentError} when there is not one value more than there are ascending boundaries.
 */
export function piecewiseConstant(config: PiecewiseConstantConfig): LearningRateSchedule {
  const { boundaries, values } = config;
  const last = values[values.length - 1];
  const isAscending = boundaries.every(
    (bound, i) => i === 0 || bound > (boundaries[i - 1] ?? bound),
  );
  if (values.length !== boundaries.length + 1 || !isAscending || last === undefined) {
    throw new ArgumentError(
      `piecewiseConstant: received ${boundaries.length} boundaries [${boundaries.join(", ")}] and ` +
        `${values.length} values. Expected ascending boundaries and one value more than boundaries.`,
    );
  }
  return (step) => {
    const index = boundaries.findIndex((bound) => step <= bound);
    return index === -1 ? last : (values[index] ?? last);
  };
}

/** Settings of `polynomialDecay`; counts are in updates. */
export interface PolynomialDecayConfig {
  readonly initialLearningRate: number;
  /** Updates until the lowest rate is reached. */
  readonly decaySteps: number;
  /** Lowest rate. Default 0.0001. */
  readonly endLearningRate?: number;
  /** 1 falls along a straight line. Default 1. */
  readonly power?: number;
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
 * @throws {ArgumentError} when `decaySteps` is no positive number.
 */
export function polynomialDecay(config: PolynomialDecayConfig): LearningRateSchedule {
  const { initialLearningRate, decaySteps, endLearningRate = 1e-4, power = 1 } = config;
  checkPositive("polynomialDecay", "decaySteps", decaySteps);
  return (step) => {
    const left = 1 - Math.min(1, step / decaySteps);
    return (initialLearningRate - endLearningRate) * left ** power + endLearningRate;
  };
}

function checkPositive(label: string, name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new ArgumentError(`${label}: received ${name} ${value}. Expected a number above 0.`);
}
