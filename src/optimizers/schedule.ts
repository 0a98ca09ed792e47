import { ArgumentError } from "../errors.ts";
import type { Serialized } from "../names/class-registry.ts";

/**
 * A learning rate that depends on the number of batches so far (0 for the first). Any such function will do; it runs
 * on the host, once a step. One that has to be saved is a {@link Schedule}.
 */
export type LearningRateSchedule = (step: number) => number;

/** An instance is called like a function. */
export interface Schedule extends LearningRateSchedule {}

/**
 * A schedule that can be saved. Derive from it to make your own: `rate` gives the learning rate, `getConfig` what the
 * constructor takes; `serialization.registerClass` makes it known to whoever loads.
 *
 * Counterpart of `keras.optimizers.schedules.LearningRateSchedule`.
 *
 * @example
 * class Halving extends sl.train.Schedule {
 *   static override readonly className = "Halving";
 *   constructor(private readonly config: { every: number }) { super(); }
 *   override rate(step: number) { return 0.1 * 0.5 ** Math.floor(step / this.config.every); }
 *   override getConfig() { return { ...this.config }; }
 * }
 * sl.serialization.registerClass(Halving);
 * const schedule = new Halving({ every: 10 });
 * console.log(schedule(20)); // 0.025
 * const optimizer = sl.train.adam({ learningRate: schedule });
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor makes instances that can be called.
export abstract class Schedule {
  /** Name of the class in saved models; each class has its own. */
  static readonly className: string = "Schedule";

  constructor() {
    const schedule = (step: number): number => (schedule as unknown as Schedule).rate(step);
    // Without them a field of a derived class may be called `name`.
    Reflect.deleteProperty(schedule, "name");
    Reflect.deleteProperty(schedule, "length");
    // biome-ignore lint/correctness/noConstructorReturn: a function is the only thing that can be called.
    return Object.setPrototypeOf(schedule, new.target.prototype);
  }

  /** The learning rate of the batch that has `step` batches before it. */
  abstract rate(step: number): number;

  /** What the constructor takes to make the same schedule, as plain data. */
  getConfig(): object {
    return {};
  }

  getClassName(): string {
    return (this.constructor as typeof Schedule).className;
  }
}

/**
 * A learning rate as plain data.
 * @throws {ArgumentError} for a function that is no `Schedule`, which has no such form.
 */
export function serializeRate(
  label: string,
  rate: number | LearningRateSchedule,
): number | Serialized {
  if (typeof rate === "number") return rate;
  if (rate instanceof Schedule)
    return { className: rate.getClassName(), config: { ...rate.getConfig() } };
  throw new ArgumentError(
    `${label}: its learning rate is a function, which cannot be written to a config. Expected a number, one of the ` +
      "schedules of train, or a class of your own that derives from train.Schedule and is known to " +
      "serialization.registerClass.",
  );
}
