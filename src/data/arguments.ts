import { ArgumentError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";

/**
 * `value` when it is a whole number of at least `least`.
 * @param what As users call it: `Dataset.batch: batchSize`.
 * @throws {ArgumentError} otherwise.
 */
export function wholeNumber(value: unknown, what: string, least: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
  throw new ArgumentError(
    `${what} is ${describeValue(value)}. Expected a whole number from ${least} on.`,
    { details: { value } },
  );
}

/**
 * A number of elements as TF.js takes it: left out or -1 it means all there are.
 * @throws {ArgumentError} for other numbers below 0, and for fractions.
 */
export function elementCount(value: number | undefined, what: string): number {
  return value === undefined || value === -1 ? Infinity : wholeNumber(value, what, 0);
}
