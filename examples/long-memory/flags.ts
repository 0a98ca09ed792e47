import { parseWords, someOf, wholeNumber } from "../shared/flags.ts";
import { CELLS, type Cell } from "./train.ts";

/** What the command line may choose. */
export interface Flags {
  readonly tasks: readonly ("adding" | "copy")[];
  readonly cells: readonly Cell[];
  readonly seeds: readonly number[];
  /** Most updates of a training. */
  readonly updates: number;
  /** Length of the adding problem. */
  readonly steps: number;
  /** Blanks of copy memory. */
  readonly lag: number;
  /** Whether the figure is shown every 100 updates. */
  readonly trace: boolean;
  readonly help: boolean;
}

export const HELP = `How far back SimpleRNN, LSTM and GRU remember: adding problem and copy memory.

npm run example:long-memory -- [flags]
  --task adding,copy           which tasks (default: both)
  --cell simpleRNN,lstm,gru    which cells (default: all)
  --seeds <n,n>                seeds of weights and sequences (default: 1)
  --updates <n>                most updates of a training (default: 3000)
  --steps <n>                  length of the adding problem (default: 200)
  --lag <n>                    blanks of copy memory (default: 20)
  --trace                      shows the figure every 100 updates
  --help                       this text

Exit status: 0 whatever the cells learn, for that is what is to be found out; 2 for a wrong flag.`;

/** @throws {FlagError} for unknown flags and values out of bounds. */
export function parseFlags(words: readonly string[]): Flags {
  const values = parseWords(words, {
    task: { type: "string", default: "adding,copy" },
    cell: { type: "string", default: CELLS.join() },
    seeds: { type: "string", default: "1" },
    updates: { type: "string", default: "3000" },
    steps: { type: "string", default: "200" },
    lag: { type: "string", default: "20" },
    trace: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  });
  return {
    tasks: someOf("task", values.task, ["adding", "copy"] as const),
    cells: someOf("cell", values.cell, CELLS),
    seeds: values.seeds.split(",").map((word) => wholeNumber("seeds", word, { from: 0 })),
    updates: wholeNumber("updates", values.updates, { from: 1 }),
    steps: wholeNumber("steps", values.steps, { from: 2 }),
    lag: wholeNumber("lag", values.lag, { from: 1 }),
    trace: values.trace,
    help: values.help,
  };
}
