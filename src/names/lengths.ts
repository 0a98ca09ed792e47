import { ArgumentError } from "../errors.ts";

/** Whether something is a flat list of numbers on the host: an array or a typed array. */
export function isNumbers(given: unknown): given is ArrayLike<number> {
  if (ArrayBuffer.isView(given)) return !(given instanceof DataView);
  return Array.isArray(given) && given.every((one) => typeof one === "number");
}

/**
 * Checks how many steps of each row count, where the numbers are known.
 *
 * @param what As users call it, of which place: `lstm_1: sequenceLengths`.
 * @param most What no length may exceed, and what there are so many of.
 * @throws {ArgumentError} for the first that is not a whole number from 0 to `most.count`.
 */
export function checkLengths(
  lengths: ArrayLike<number>,
  what: string,
  most: { readonly count: number; readonly of: string },
): void {
  const row = Array.from(lengths).findIndex(
    (length) => !Number.isInteger(length) || length < 0 || length > most.count,
  );
  if (row < 0) return;
  throw new ArgumentError(
    `${what} has ${lengths[row]} for row ${row}. Expected a whole number from 0 to ${most.count}, ${most.of}.`,
    { details: { row, length: lengths[row], most: most.count } },
  );
}
