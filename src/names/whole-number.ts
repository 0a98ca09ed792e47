import { ArgumentError } from "../errors.ts";
import { describeValue } from "./describe.ts";

/** Whether something is a whole number from `least` up, and exact: above 2⁵³ - 1 a number may stand for its neighbour. */
export function isWholeNumber(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

/**
 * `value` when it is a whole number from `least` up.
 *
 * @param what As users call it, of which place: `Dataset.batch: batchSize`.
 * @throws {ArgumentError} otherwise.
 */
export function wholeNumber(value: unknown, what: string, least = 1): number {
  if (isWholeNumber(value, least)) return value;
  const end = typeof value === "number" && value > Number.MAX_SAFE_INTEGER ? "to 2^53 - 1" : "up";
  throw new ArgumentError(
    `${what} is ${describeValue(value)}. Expected a whole number from ${least} ${end}.`,
    { details: { value } },
  );
}
