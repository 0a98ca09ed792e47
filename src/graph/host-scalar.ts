let nextId = 1;

/**
 * A number that the host gives anew at each run of a plan: a learning rate, a bias correction, a random
 * key, a number that somebody wrote into an expression. It is never part of a plan's key, so a plan that
 * was recorded with one value replays with another.
 */
export class HostScalar {
  readonly id = nextId++;
  readonly dtype: "float32" | "int32";
  readonly #read: () => number;

  constructor(read: () => number, dtype: "float32" | "int32" = "float32") {
    this.#read = read;
    this.dtype = dtype;
  }

  /** A scalar that stays what it is now. */
  static of(value: number, dtype: "float32" | "int32" = "float32"): HostScalar {
    return new HostScalar(() => value, dtype);
  }

  /** The value for the run that is being submitted. Called exactly once a run. */
  read(): number {
    return this.#read();
  }
}
