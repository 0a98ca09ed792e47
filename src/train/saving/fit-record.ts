import { FormatError } from "../../errors.ts";
import { describeValue } from "../../names/describe.ts";
import type { CallbackState, Logs } from "../callbacks/callback-hooks.ts";

/** The figures of an epoch. */
export interface EpochRow {
  readonly epoch: number;
  readonly logs: Logs;
}

/** What of one `fit` has to outlive the process, beside model and training. */
export interface FitRecord {
  readonly rows: readonly EpochRow[];
  /** States of the callbacks, in their order. */
  readonly callbacks: readonly (CallbackState | null)[];
}

/** The record as JSON text. JSON knows no NaN and no infinity: these become texts. */
export function writeFitRecord(record: FitRecord): string {
  return JSON.stringify(record, (_key, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? { number: String(value) } : value,
  );
}

/**
 * The record that `writeFitRecord` wrote.
 * @throws {FormatError} for anything else.
 */
export function readFitRecord(text: string, source: string): FitRecord {
  let record: Partial<FitRecord> | null = null;
  try {
    record = JSON.parse(text, (_key, value: unknown) => numberOf(value)) as Partial<FitRecord>;
  } catch (cause) {
    throw new FormatError(`${source}: fit: received no JSON.`, { cause });
  }
  const { rows, callbacks } = Object(record) as Partial<FitRecord>;
  if (Array.isArray(rows) && rows.every(isRow) && Array.isArray(callbacks)) {
    return { rows, callbacks };
  }
  throw new FormatError(
    `${source}: fit: received ${describeValue(record)}. Expected the figures of epochs as rows, and states of callbacks.`,
  );
}

const NOT_FINITE = ["NaN", "Infinity", "-Infinity"];

function numberOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value);
  const { number } = value as { number?: unknown };
  return keys.length === 1 && NOT_FINITE.includes(String(number)) ? Number(number) : value;
}

function isRow(row: unknown): row is EpochRow {
  const { epoch, logs } = Object(row) as Partial<EpochRow>;
  return Number.isInteger(epoch) && typeof logs === "object" && logs !== null;
}
