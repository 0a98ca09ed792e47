import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import * as sl from "sluice";
import type { Corpus } from "./corpus.ts";
import { compileModel, createModel, type ModelKind, type Recipe } from "./model.ts";
import { randomWindows } from "./windows.ts";

/** What a training is, and what its file says of it. */
export interface Settings {
  readonly kind: ModelKind;
  readonly recipe: Recipe;
  /** Decides first weights and windows. */
  readonly seed: number;
  /** Updates in all; the learning rate is zero after the last. */
  readonly steps: number;
  /** Updates between two looks at held-out text, each with a save; `steps` is a multiple of it. */
  readonly every: number;
}

/** A model and what it is trained as. */
export interface Training {
  readonly model: sl.Model<"one">;
  readonly settings: Settings;
}

export interface TrainOptions {
  readonly corpus: Corpus;
  /** Where the training is saved every `every` updates, and when `signal` aborts. If it is there, training goes on from it. */
  readonly file: string;
  /** Ends training after the update under way. */
  readonly signal?: AbortSignal;
  /** Called as `fit` calls them, an epoch being `every` updates, before these are saved. */
  readonly callbacks?: readonly sl.CallbackHooks[];
  /** As `fit` has it. */
  readonly verbose?: 0 | "auto";
}

/** A new model. An older training in `file` is over: what is there is removed. */
export function beginTraining(corpus: Corpus, settings: Settings, file: string): Training {
  rmSync(file, { force: true });
  mkdirSync(dirname(file), { recursive: true });
  sl.setSeed(settings.seed);
  const model = createModel(settings.kind, corpus.vocabulary.size, settings.recipe);
  return { model, settings };
}

/**
 * The training that `file` holds.
 * @param steps Updates in all, of which some are done; null: as many as it was begun for.
 * @returns null when there is no file.
 */
export async function loadTraining(file: string, steps: number | null): Promise<Training | null> {
  if (!existsSync(file)) return null;
  const model = await sl.loadLayersModel(file, { compile: false });
  const { settings } = model.getUserDefinedMetadata() as { settings?: Settings };
  if (settings === undefined) throw new Error(`${file}: holds a model of another program.`);
  return { model, settings: { ...settings, steps: steps ?? settings.steps } };
}

/**
 * Trains on windows from anywhere in the part that is trained on. Training that was ended by `signal`, and begun again with the
 * file that it left, comes to the same bits as one that went through.
 * @returns Updates that are done.
 */
export async function train({ model, settings }: Training, options: TrainOptions): Promise<number> {
  const { corpus, file, callbacks = [], signal, verbose } = options;
  const { recipe, seed, steps, every } = settings;
  compileModel(model, recipe, steps);
  model.setUserDefinedMetadata({ settings, vocabulary: corpus.vocabulary });
  const windows = randomWindows(corpus, { ...recipe, seed, batches: every });
  const backup = sl.callbacks.backupAndRestore({ target: file, deleteCheckpoint: false });
  try {
    await model.fitDataset(windows, {
      epochs: steps / every,
      callbacks: [...callbacks, backup],
      signal: signal ?? null,
      verbose: verbose ?? "auto",
    });
  } catch (error) {
    if (!(error instanceof sl.AbortError)) throw error;
    await model.save(file);
  }
  return model.optimizer.iterations;
}
