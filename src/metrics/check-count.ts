import { ArgumentError } from "../errors.ts";

/**
 * The value of a setting that counts something.
 * @throws {ArgumentError} when it is no whole number from `least` up.
 */
export function checkCount(key: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ArgumentError(
    `metric: received ${key} ${value}. Expected a whole number from ${least} up.`,
  );
}
