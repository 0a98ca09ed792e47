import { FormatError } from "../../errors.ts";
import type { Serialized } from "../../names/class-registry.ts";
import { describeValue } from "../../names/describe.ts";
import type { TrainingPosition, TrainingState } from "../training-state.ts";
import type { JudgeRecord } from "./compile-record.ts";

/** How a model is trained and where its training stands, as plain data. */
export interface TrainingRecord {
  /** null where it is no plain data. */
  readonly optimizer: Serialized | null;
  /** Losses and metrics; null where they are no plain data. */
  readonly judge: JudgeRecord | null;
  readonly state: Pick<TrainingState, "position" | "stream">;
}

/**
 * The state that a file names.
 * @throws {FormatError} for anything else.
 */
export function checkedState(given: unknown, source: string): TrainingRecord["state"] {
  const { position = null, stream = null } = (given ?? {}) as Readonly<Record<string, unknown>>;
  return {
    position: position === null ? null : positionOf(position, source),
    stream: stream === null ? null : numbersOf(stream, ["seed", "draws"], source),
  };
}

function positionOf(given: unknown, source: string): TrainingPosition {
  const { origin } = Object(given) as { origin?: unknown };
  return {
    ...numbersOf(given, ["seed", "epoch", "batch"], source),
    origin: numbersOf(origin, ["epoch", "pass"], source),
  };
}

function numbersOf<Key extends string>(
  given: unknown,
  keys: readonly Key[],
  source: string,
): Record<Key, number> {
  const record = Object(given) as Readonly<Record<string, unknown>>;
  const entries = keys.map((key) => [key, record[key]] as const);
  const wrong = entries.find(([, value]) => !Number.isSafeInteger(value));
  if (wrong === undefined) return Object.fromEntries(entries) as Record<Key, number>;
  throw new FormatError(
    `${source}: training: received ${describeValue(wrong[1])} as ${wrong[0]}. Expected a whole number.`,
  );
}
