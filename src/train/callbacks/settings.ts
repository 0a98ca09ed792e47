import { ArgumentError, FormatError } from "../../errors.ts";
import { describeValue } from "../../names/describe.ts";
import type { CallbackState } from "./callback-hooks.ts";

/**
 * A setting that is a finite number from `from` on, and below `below`.
 * @throws {ArgumentError} otherwise.
 */
export function numberSetting(
  label: string,
  value: number,
  { from = -Infinity, below = Infinity }: { from?: number; below?: number } = {},
): number {
  if (Number.isFinite(value) && value >= from && value < below) return value;
  const bounds = [
    Number.isFinite(from) ? ` from ${from} on` : "",
    Number.isFinite(below) ? ` below ${below}` : "",
  ];
  throw new ArgumentError(
    `${label}: received ${describeValue(value)}. Expected a number${bounds.join(",")}.`,
  );
}

/**
 * Whether a callback tells what it does.
 * @throws {ArgumentError} for anything but 0, 1, false and true.
 */
export function verboseSetting(label: string, value: number | boolean): boolean {
  if (value === 0 || value === 1 || typeof value === "boolean") return Boolean(value);
  throw new ArgumentError(`${label}: received verbose ${describeValue(value)}. Expected 0 or 1.`);
}

/**
 * A number of a stored state; null, which JSON has for what is not finite, gives `absent`.
 * @throws {FormatError} for anything else: the state is that of another callback.
 */
export function stateNumber(
  label: string,
  { state, key, absent }: { state: CallbackState; key: string; absent?: number },
): number {
  const value = Object.hasOwn(state, key) ? state[key] : undefined;
  if (typeof value === "number") return value;
  if (value === null && absent !== undefined) return absent;
  throw new FormatError(
    `${label}: the stored state has ${describeValue(value)} as ${key}. Expected a number: training goes on with ` +
      "the callbacks that it began with, in the same order.",
  );
}

/** A number as JSON has it: null for what is not finite. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
