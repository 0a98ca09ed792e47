import { ArgumentError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import { uniformBits } from "../ops/random-bits.ts";
import { isTracing } from "./scope-state.ts";

/** A stream of random keys: where it began, and how many were drawn. Plain data, so that it can be saved. */
export interface RandomStream {
  readonly seed: number;
  draws: number;
}

let engineStream: RandomStream = { seed: 0x5eed, draws: 0 };
let own: RandomStream | null = null;

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
  engineStream = { seed: value | 0, draws: 0 };
}

/**
 * Runs `body` with a stream of its own in place of the engine's: a model in training draws from its own, so that
 * nothing else disturbs it, and so that training can go on elsewhere with the same numbers.
 */
export function withStream<T>(stream: RandomStream, body: () => T): T {
  const outer = own;
  own = stream;
  try {
    return body();
  } finally {
    own = outer;
  }
}

/**
 * A stream that goes on where the engine's is, which begins anew elsewhere: the two have no number in common. What one
 * model draws in training is what it would draw from the engine's stream if nothing else drew from that.
 */
export function splitStream(): RandomStream {
  const { seed, draws } = engineStream;
  engineStream = { seed: uniformBits(~seed, draws) | 0, draws: 0 };
  return { seed, draws };
}

/** The stream that `withStream` set, or null. */
export function ownStream(): RandomStream | null {
  return own;
}

/** The next seed of the stream: a 32-bit number. */
export function nextSeed(): number {
  const stream = own ?? engineStream;
  return uniformBits(stream.seed, stream.draws++) | 0;
}

/**
 * The key of one random operation. Recorded at once it is the next seed of the stream; in a compiled
 * function every run draws anew, as many as the function has, in its order.
 */
export function randomKey(): HostScalar {
  return isTracing() ? new HostScalar(nextSeed, "int32") : HostScalar.of(nextSeed(), "int32");
}
