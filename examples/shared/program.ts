import { FlagError } from "./flags.ts";

/** A program of the command line. */
export interface Program<Flags> {
  /** Shown for `--help`. */
  readonly help: string;
  /** @throws {FlagError} for flags that there are not, and values out of bounds. */
  parseFlags(words: readonly string[]): Flags;
  /**
   * Gives the exit status.
   * @throws {FlagError} for flags that do not fit what the program finds.
   */
  run(flags: Flags): Promise<number>;
}

/** Runs it with the words of this process, and sets the exit status: 2, after one line, for a wrong flag. */
export async function runProgram<Flags extends { readonly help: boolean }>(
  program: Program<Flags>,
): Promise<void> {
  process.exitCode = await statusOf(program, process.argv.slice(2));
}

async function statusOf<Flags extends { readonly help: boolean }>(
  program: Program<Flags>,
  words: readonly string[],
): Promise<number> {
  try {
    const flags = program.parseFlags(words);
    if (!flags.help) return await program.run(flags);
    console.log(program.help);
    return 0;
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    console.error(error.message);
    return 2;
  }
}
