import { wholeNumber } from "../names/whole-number.ts";

/**
 * A number of elements as TF.js takes it: left out or -1 it means all there are.
 * @throws {ArgumentError} for other numbers below 0, and for fractions.
 */
export function elementCount(value: number | undefined, what: string): number {
  return value === undefined || value === -1 ? Infinity : wholeNumber(value, what, 0);
}
