import { FlagError, oneOf, parseWords, wholeNumber } from "../shared/flags.ts";
import { MODELS, type ModelKind, RECIPES } from "./model.ts";

/** What the command line may choose. */
export interface Flags {
  readonly model: ModelKind;
  /** Updates in all; null: the recipe's, or with `isContinued` those that the training was begun for. */
  readonly steps: number | null;
  /** Updates between two looks at held-out text; null likewise. */
  readonly every: number | null;
  /** Decides first weights, windows and samples; null: 1, or with `isContinued` that of the training. */
  readonly seed: number | null;
  /** Whether an older training goes on. */
  readonly isContinued: boolean;
  /** What samples begin with. */
  readonly sample: string;
  /** Folder of the trainings. */
  readonly out: string;
  readonly help: boolean;
}

/** The book's first words. */
const SAMPLE = "Call me Ishmael.";

const DEFAULTS = MODELS.map((model) => `${model} ${RECIPES[model].steps}`).join(", ");

export const HELP = `A language model of the characters of Moby-Dick, beside models that count.

npm run example:text -- [flags]
  --model ${MODELS.join("|").padEnd(21)}what is trained (default: ${MODELS[0]})
  --steps <n>                  updates in all, a multiple of --every (default: ${DEFAULTS})
  --every <n>                  updates between two looks at held-out text, each with a save (default: 200)
  --seed <n>                   whole number that decides weights, windows and samples (default: 1)
  --continue                   goes on where the latest training of this model ended
  --sample <text>              what samples begin with (default: ${JSON.stringify(SAMPLE)})
  --out <folder>               where trainings are kept (default: out/text)
  --help                       this text

Ctrl-C ends after the update under way and saves; a second one ends at once.
Exit status: 0 after training, 2 for a wrong flag, 130 after Ctrl-C.`;

/** @throws {FlagError} for unknown flags and values out of bounds. */
export function parseFlags(words: readonly string[]): Flags {
  const values = parseWords(words, {
    model: { type: "string", default: MODELS[0] },
    steps: { type: "string" },
    every: { type: "string" },
    seed: { type: "string" },
    continue: { type: "boolean", default: false },
    sample: { type: "string", default: SAMPLE },
    out: { type: "string", default: "out/text" },
    help: { type: "boolean", default: false },
  });
  const number = (flag: "steps" | "every" | "seed", from: number): number | null => {
    const word = values[flag];
    return word === undefined ? null : wholeNumber(flag, word, { from });
  };
  const flags = {
    model: oneOf("model", values.model, MODELS),
    steps: number("steps", 1),
    every: number("every", 1),
    seed: number("seed", 0),
    isContinued: values.continue,
    sample: values.sample,
    out: values.out,
    help: values.help,
  };
  if (flags.isContinued && (flags.every !== null || flags.seed !== null)) {
    throw new FlagError(
      "--every and --seed are those that the training began with; leave them out with --continue.",
    );
  }
  if (flags.sample === "") throw new FlagError('--sample is "", expected at least one character.');
  return flags;
}
