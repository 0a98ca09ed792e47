import { parseArgs } from "node:util";
import { RECIPE, RECURRENT_LAYERS, type RecurrentLayer } from "./model.ts";

/** What the command line may choose. */
export interface Flags {
  readonly model: RecurrentLayer;
  readonly seed: number;
  readonly epochs: number;
  /** Folder for the results. */
  readonly out: string;
  readonly help: boolean;
}

export const HELP = `Forecasts daily births in the United States 28 days ahead, on the GPU.

npm start -- [flags]
  --model simpleRNN|gru|lstm   the recurrent layer (default: lstm)
  --seed <n>                   whole number that decides weights, dropout and order (default: 1)
  --epochs <n>                 passes over the training data (default: ${RECIPE.epochs})
  --out <folder>               where forecast.csv, forecast.svg and model.safetensors go (default: out)
  --help                       this text

Exit status: 0 when the model beats both seasonal-naive forecasts (lag 7 and lag 364), 1 when not,
2 for a wrong flag.`;

/** Says in one line what is wrong with the command line. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

/** @throws {FlagError} for unknown flags and values out of bounds. */
export function parseFlags(words: readonly string[]): Flags {
  const values = parseWords(words);
  return {
    model: recurrentLayer(values.model),
    seed: wholeNumber("seed", values.seed, 0),
    epochs: wholeNumber("epochs", values.epochs, 1),
    out: values.out,
    help: values.help,
  };
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        model: { type: "string", default: "lstm" },
        seed: { type: "string", default: "1" },
        epochs: { type: "string", default: String(RECIPE.epochs) },
        out: { type: "string", default: "out" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FlagError(`${reason.split(". ", 1)[0]}. --help lists the flags.`);
  }
}

function recurrentLayer(word: string): RecurrentLayer {
  const found = RECURRENT_LAYERS.find((name) => name === word);
  if (found !== undefined) return found;
  throw new FlagError(`--model is "${word}", expected ${RECURRENT_LAYERS.join(", ")}.`);
}

const LARGEST = 2 ** 31 - 1;

function wholeNumber(flag: string, word: string, from: number): number {
  const value = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN;
  if (value >= from && value <= LARGEST) return value;
  throw new FlagError(
    `--${flag} is "${word}", expected a whole number from ${from} to ${LARGEST}.`,
  );
}
