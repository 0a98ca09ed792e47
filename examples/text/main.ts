/**
 * Trains a language model of the characters of Moby-Dick, and compares it with models that count.
 *
 *     npm run example:text -- --help
 */
import { join } from "node:path";
import * as sl from "sluice";
import { FlagError } from "../shared/flags.ts";
import { runProgram } from "../shared/program.ts";
import { type Corpus, countCharacters, readMobyDick, splitText } from "./corpus.ts";
import { CountModel, countModelBits } from "./count-model.ts";
import { createJudge } from "./evaluate.ts";
import { type Flags, HELP, parseFlags } from "./flags.ts";
import { RECIPES } from "./model.ts";
import { bitsTable, countLine, describeCorpus, roundLine } from "./report.ts";
import { sampleText } from "./sample.ts";
import { beginTraining, loadTraining, type Training, train } from "./training.ts";

/** While training: held-out characters of the quick estimate, and those of a sample. At the end a sample is longer. */
const ON_THE_WAY = { estimate: 7680, length: 160 };
const LAST_SAMPLE = 500;

/** Interrupts that come this soon after the first are the same. */
const SAME_INTERRUPT_MS = 500;

await runProgram({ help: HELP, parseFlags, run });

async function run(flags: Flags): Promise<number> {
  await sl.init();
  const corpus = splitText(readMobyDick());
  checkSample(flags.sample, corpus);
  const file = join(flags.out, `${flags.model}.safetensors`);
  const training = await trainingFor(flags, corpus, file);
  const { model, settings } = training;
  console.log(`Adapter    ${sl.adapterName()}\n${describeCorpus(corpus)}`);
  const counting = new CountModel(corpus.ids.subarray(0, corpus.cut), {
    order: 4,
    characters: countCharacters(corpus),
  });
  const counted = countModelBits(counting, corpus.ids, corpus.cut);
  console.log(countLine(counted));
  const { kind, seed, steps } = settings;
  const prompt = flags.sample;
  console.log(
    `Model      ${kind}, ${model.countParams()} parameters, seed ${seed}, ${steps} updates\n`,
  );
  const done = await trainWatched(training, { corpus, counted, file, prompt });
  if (done < steps) {
    console.log(`\nSaved ${file} after ${done} updates; --model ${kind} --continue goes on.`);
    model.dispose();
    return 130;
  }
  const judge = createJudge(model, corpus, settings.recipe);
  console.log(`\n${bitsTable(kind, await judge.bits(), counted)}`);
  judge.dispose();
  const sample = { prompt, length: LAST_SAMPLE };
  console.log(`\n${await sampleText(training, corpus.vocabulary, sample)}\n\nWrote ${file}.`);
  model.dispose();
  return 0;
}

/** The training that the flags ask for, begun or taken from its file. */
async function trainingFor(flags: Flags, corpus: Corpus, file: string): Promise<Training> {
  const recipe = RECIPES[flags.model];
  const fresh = { kind: flags.model, recipe, seed: flags.seed ?? 1, every: flags.every ?? 200 };
  const steps = flags.steps ?? recipe.steps;
  if (!flags.isContinued) {
    checkSteps(steps, fresh.every);
    return beginTraining(corpus, { ...fresh, steps }, file);
  }
  const loaded = await loadTraining(file, flags.steps);
  if (loaded === null) {
    throw new FlagError(`--continue: there is no ${file}; leave it out to begin a training.`);
  }
  checkSteps(loaded.settings.steps, loaded.settings.every);
  return loaded;
}

function checkSteps(steps: number, every: number): void {
  if (steps % every === 0) return;
  throw new FlagError(`--steps is ${steps}, expected a multiple of --every, which is ${every}.`);
}

/** A model has nothing to say of characters that it never saw. */
function checkSample(prompt: string, { vocabulary }: Corpus): void {
  const known = new Set(vocabulary.tokens);
  const strange = [...prompt].find((character) => !known.has(character));
  if (strange === undefined) return;
  throw new FlagError(
    `--sample has ${JSON.stringify(strange)}, a character that Moby-Dick has not.`,
  );
}

interface Watch {
  readonly corpus: Corpus;
  readonly counted: readonly number[];
  readonly file: string;
  readonly prompt: string;
}

/** Trains, says how it goes, and ends early when the user wants it. */
async function trainWatched(training: Training, watch: Watch): Promise<number> {
  const { corpus, counted, file, prompt } = watch;
  const { model, settings } = training;
  const windows = Math.ceil(ON_THE_WAY.estimate / settings.recipe.judged);
  const judge = createJudge(model, corpus, { ...settings.recipe, windows });
  const { characters } = judge;
  const stop = new AbortController();
  let askedAt = 0;
  const interrupt = (): void => {
    if (stop.signal.aborted) {
      // The terminal tells npm and this program, and npm passes it on: that is one Ctrl-C.
      if (performance.now() - askedAt > SAME_INTERRUPT_MS) process.exit(130);
      return;
    }
    askedAt = performance.now();
    console.log("\nEnding after this update; Ctrl-C again ends at once, without saving.");
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  const round = {
    onEpochEnd: async (epoch: number): Promise<void> => {
      const steps = (epoch + 1) * settings.every;
      console.log(roundLine({ steps, bits: await judge.bits(), characters, counted }));
      const sample = { prompt, length: ON_THE_WAY.length };
      console.log(`${await sampleText(training, corpus.vocabulary, sample)}\n`);
    },
  };
  try {
    return await train(training, { corpus, file, signal: stop.signal, callbacks: [round] });
  } finally {
    process.off("SIGINT", interrupt);
    judge.dispose();
  }
}
