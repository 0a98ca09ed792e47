import { HostScalar } from "../graph/host-scalar.ts";

/**
 * The numbers of one recorded update. A plan may run many times after it was recorded once; each run reads every
 * scalar once, in whatever order, and the first to be read begins the next step.
 */
export class UpdateClock {
  readonly #begin: () => Readonly<Record<string, number>>;
  readonly #read = new Set<HostScalar>();
  #numbers: Readonly<Record<string, number>> = {};

  /** `begin` counts a step and gives its numbers. */
  constructor(begin: () => Readonly<Record<string, number>>) {
    this.#begin = begin;
  }

  /** A scalar that is number `name` of the step under way. */
  scalar(name: string, dtype: "float32" | "int32" = "float32"): HostScalar {
    const scalar: HostScalar = new HostScalar(() => this.#next(scalar, name), dtype);
    return scalar;
  }

  #next(scalar: HostScalar, name: string): number {
    if (this.#read.size === 0 || this.#read.has(scalar)) {
      this.#numbers = this.#begin();
      this.#read.clear();
    }
    this.#read.add(scalar);
    const number = this.#numbers[name];
    if (number === undefined) throw new RangeError(`an update has no number "${name}"`);
    return number;
  }
}
