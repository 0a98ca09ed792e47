import { oneOf, parseWords, wholeNumber } from "../shared/flags.ts";
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

const LARGEST = 2 ** 31 - 1;

/** @throws {FlagError} for unknown flags and values out of bounds. */
export function parseFlags(words: readonly string[]): Flags {
  const values = parseWords(words, {
    model: { type: "string", default: "lstm" },
    seed: { type: "string", default: "1" },
    epochs: { type: "string", default: String(RECIPE.epochs) },
    out: { type: "string", default: "out" },
    help: { type: "boolean", default: false },
  });
  return {
    model: oneOf("model", values.model, RECURRENT_LAYERS),
    seed: wholeNumber("seed", values.seed, { from: 0, to: LARGEST }),
    epochs: wholeNumber("epochs", values.epochs, { from: 1, to: LARGEST }),
    out: values.out,
    help: values.help,
  };
}
