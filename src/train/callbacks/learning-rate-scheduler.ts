import { ArgumentError } from "../../errors.ts";
import { describeValue } from "../../names/describe.ts";
import { Callback } from "./callback.ts";
import type { EpochLogs } from "./callback-hooks.ts";
import { adjustableOptimizer, LEARNING_RATE } from "./learning-rate.ts";
import { verboseSetting } from "./settings.ts";

/** The learning rate of an epoch, counted from 0, from that of the epoch before it. */
export type EpochSchedule = (epoch: number, learningRate: number) => number;

const LABEL = "callbacks.learningRateScheduler";

/** Made by `callbacks.learningRateScheduler`. */
export class LearningRateScheduler extends Callback {
  readonly #schedule: EpochSchedule;
  readonly #isVerbose: boolean;

  /** @internal */
  constructor(schedule: EpochSchedule, verbose: 0 | 1 | boolean) {
    super();
    if (typeof schedule !== "function") {
      throw new ArgumentError(
        `${LABEL}: received ${describeValue(schedule)}. Expected a function: ` +
          "(epoch, learningRate) => (epoch < 10 ? learningRate : learningRate * 0.9).",
      );
    }
    this.#schedule = schedule;
    this.#isVerbose = verboseSetting(LABEL, verbose);
  }

  override onTrainBegin(): void {
    adjustableOptimizer(LABEL, this.model);
  }

  override onEpochBegin(epoch: number): void {
    const optimizer = adjustableOptimizer(LABEL, this.model);
    const rate: unknown = this.#schedule(epoch, optimizer.learningRate);
    if (typeof rate !== "number" || !(rate >= 0) || !Number.isFinite(rate)) {
      throw new ArgumentError(
        `${LABEL}: the schedule gave ${describeValue(rate)} for epoch ${epoch}. Expected a number from 0 on.`,
      );
    }
    optimizer.learningRate = rate;
    if (this.#isVerbose) console.log(`Epoch ${epoch + 1}: the learning rate is ${rate}`);
  }

  override onEpochEnd(_epoch: number, logs: EpochLogs): void {
    logs[LEARNING_RATE] = this.model.optimizer.learningRate;
  }
}

/**
 * Sets the learning rate at the beginning of each epoch. The rate of each epoch is among its figures, as `learning_rate`.
 * For a rate that changes with every update give the optimizer a schedule: `train.adam(train.cosineDecay({ … }))`.
 *
 * Counterpart of `keras.callbacks.LearningRateScheduler`.
 *
 * @example
 * const schedule = sl.callbacks.learningRateScheduler((epoch, rate) => (epoch < 10 ? rate : rate * 0.9));
 * await net.fit(x, y, { epochs: 50, callbacks: schedule });
 *
 * @param schedule Gives the rate from the epoch's number, from 0, and the rate so far.
 * @param verbose 1 tells of each rate. Default 0.
 * @throws {ArgumentError} when training begins, for an optimizer whose learning rate follows a schedule.
 */
export function learningRateScheduler(
  schedule: EpochSchedule,
  verbose: 0 | 1 | boolean = 0,
): LearningRateScheduler {
  return new LearningRateScheduler(schedule, verbose);
}
