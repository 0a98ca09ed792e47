import { ArgumentError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import { Schedule } from "./schedule.ts";

/** Settings of `piecewiseConstant`. */
export interface PiecewiseConstantConfig {
  /** Batch numbers, ascending; each is the last one of its rate. */
  readonly boundaries: readonly number[];
  /** Rates, one more than boundaries. */
  readonly values: readonly number[];
}

/** See `piecewiseConstant`. */
export class PiecewiseConstantDecay extends Schedule {
  static override readonly className = "PiecewiseConstantDecay";
  readonly #boundaries: readonly number[];
  readonly #values: readonly number[];
  readonly #last: number;

  constructor(config: PiecewiseConstantConfig) {
    super();
    checkKeys("train.piecewiseConstant", config, { boundaries: "any", values: "any" });
    const { boundaries, values } = config;
    const isLists = [boundaries, values].every(
      (list) => Array.isArray(list) && list.every((x) => typeof x === "number"),
    );
    const last = isLists ? values.at(-1) : undefined;
    const isAscending =
      isLists && boundaries.every((bound, i) => i === 0 || bound > (boundaries[i - 1] ?? bound));
    if (last === undefined || values.length !== boundaries.length + 1 || !isAscending) {
      throw new ArgumentError(
        `piecewiseConstant: received boundaries ${JSON.stringify(boundaries)} and values ` +
          `${JSON.stringify(values)}. Expected ascending boundaries and one value more than boundaries.`,
      );
    }
    [this.#boundaries, this.#values, this.#last] = [[...boundaries], [...values], last];
  }

  override rate(step: number): number {
    const index = this.#boundaries.findIndex((bound) => step <= bound);
    return index === -1 ? this.#last : (this.#values[index] ?? this.#last);
  }

  override getConfig(): Record<string, unknown> {
    return { boundaries: [...this.#boundaries], values: [...this.#values] };
  }
}

/**
 * values[0] up to and including batch boundaries[0], then values[1], and so on.
 *
 * Counterpart of `keras.optimizers.schedules.PiecewiseConstantDecay`.
 *
 * @example
 * const schedule = sl.train.piecewiseConstant({ boundaries: [100, 200], values: [0.1, 0.01, 0.001] });
 * console.log(schedule(100), schedule(101)); // 0.1 0.01
 *
 * @throws {ArgumentError} when there is not one value more than there are ascending boundaries.
 */
export function piecewiseConstant(config: PiecewiseConstantConfig): PiecewiseConstantDecay {
  return new PiecewiseConstantDecay(config);
}
