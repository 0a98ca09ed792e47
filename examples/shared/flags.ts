import { type ParseArgsConfig, parseArgs } from "node:util";

/** Says in one line what is wrong with the command line. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

/**
 * The words of a command line as values by flag, texts still.
 * @throws {FlagError} for unknown flags, and for those that lack a value.
 */
export function parseWords<Options extends NonNullable<ParseArgsConfig["options"]>>(
  words: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FlagError(`${reason.split(". ", 1)[0]}. --help lists the flags.`);
  }
}

/** @throws {FlagError} unless the word is one of the names. */
export function oneOf<Name extends string>(
  flag: string,
  word: string,
  names: readonly Name[],
): Name {
  const found = names.find((name) => name === word);
  if (found !== undefined) return found;
  throw new FlagError(`--${flag} is "${word}", expected ${names.join(", ")}.`);
}

/**
 * Names with commas between.
 * @throws {FlagError} unless each is one of the names.
 */
export function someOf<Name extends string>(
  flag: string,
  words: string,
  names: readonly Name[],
): readonly Name[] {
  return words.split(",").map((word) => {
    const found = names.find((name) => name === word);
    if (found !== undefined) return found;
    throw new FlagError(`--${flag} is "${words}", expected some of ${names.join(", ")}.`);
  });
}

/** What nobody asks for in earnest, where a flag names no greatest number: 9 digits. */
const MANY = 999_999_999;

/** @throws {FlagError} unless the word is a whole number, in digits, within the bounds. */
export function wholeNumber(
  flag: string,
  word: string,
  { from, to }: { from: number; to?: number },
): number {
  const value = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN;
  if (value >= from && value <= (to ?? MANY)) return value;
  const end = to === undefined ? "on" : `to ${to}`;
  throw new FlagError(`--${flag} is "${word}", expected a whole number from ${from} ${end}.`);
}
