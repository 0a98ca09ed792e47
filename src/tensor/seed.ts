import { ArgumentError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import { uniformBits } from "../ops/random-bits.ts";
import { isTracing } from "./scope-state.ts";

let seed = 0x5eed;
let counter = 0;

/**
 * Starts every random stream anew: initial weights, dropout, shuffling and random tensors. The same seed,
 * program and adapter give the same numbers. Until it is called a fixed seed is in force.
 *
 * @param value a whole number; its low 32 bits count.
 * @throws {ArgumentError} if it is not a whole number.
 * @example
 * sl.setSeed(7);
 * const a = await sl.randomNormal([2]).data();
 * sl.setSeed(7);
 * const b = await sl.randomNormal([2]).data(); // the same two numbers
 */
export function setSeed(value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new ArgumentError(`setSeed: received ${value}. Expected a whole number.`);
  }
  seed = value | 0;
  counter = 0;
}

/** The next seed of the stream: a 32-bit number. */
export function nextSeed(): number {
  return uniformBits(seed, counter++) | 0;
}

/**
 * The key of one random operation. Recorded at once it is the next seed of the stream; in a compiled
 * function every run draws anew, as many as the function has, in its order.
 */
export function randomKey(): HostScalar {
  return isTracing() ? new HostScalar(nextSeed, "int32") : HostScalar.of(nextSeed(), "int32");
}
