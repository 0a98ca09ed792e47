import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { splitText } from "../../examples/text/corpus.ts";
import { createJudge } from "../../examples/text/evaluate.ts";
import {
  createModel,
  MODELS,
  type ModelKind,
  RECIPES,
  type Recipe,
} from "../../examples/text/model.ts";
import { sampleText } from "../../examples/text/sample.ts";
import {
  beginTraining,
  loadTraining,
  type Settings,
  type TrainOptions,
  train,
} from "../../examples/text/training.ts";
import { testDevice } from "../helpers/adapter.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-text-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => void (await testDevice()));

const corpus = splitText("the whale, the white whale, and the sea. ".repeat(12));
const recipe: Recipe = {
  ...RECIPES.gru,
  ...{
    embedding: 8,
    units: 16,
    heads: 2,
    batchSize: 4,
    time: 16,
    warmup: 2,
    context: 8,
    judged: 8,
  },
};
const settingsOf = (kind: ModelKind): Settings => ({ kind, recipe, seed: 5, steps: 12, every: 4 });

/** All of the weights, and bits per character on the held-out part, after a training. */
async function outcome(kind: ModelKind, name: string, options: Partial<TrainOptions> = {}) {
  const file = join(folder, `${kind}-${name}.safetensors`);
  const settings = settingsOf(kind);
  const training = (await loadTraining(file, null)) ?? beginTraining(corpus, settings, file);
  const done = await train(training, { corpus, file, verbose: 0, ...options });
  const judge = createJudge(training.model, corpus, recipe);
  const bits = await judge.bits();
  const weights = await Promise.all(training.model.weights.map((weight) => weight.data()));
  judge.dispose();
  training.model.dispose();
  return { done, bits, weights };
}

describe.each(MODELS)("training %s on text", (kind) => {
  const settings = settingsOf(kind);

  test("brings bits per character down, from those of equal chances", async () => {
    const file = join(folder, `${kind}-down.safetensors`);
    const { model } = beginTraining(corpus, settings, file);
    const judge = createJudge(model, corpus, recipe);
    const before = await judge.bits();
    expect(Math.abs(before - Math.log2(corpus.vocabulary.size))).toBeLessThan(0.5);
    await train({ model, settings: { ...settings, steps: 24 } }, { corpus, file, verbose: 0 });
    expect(await judge.bits()).toBeLessThan(before - 0.5);
    judge.dispose();
    model.dispose();
  });

  test("lets it be asked for samples, longer than a window, too", async () => {
    const file = join(folder, `${kind}-sample.safetensors`);
    const training = beginTraining(corpus, settings, file);
    const sample = (seed: number): Promise<string> =>
      sampleText({ ...training, settings: { ...settings, seed } }, corpus.vocabulary, {
        prompt: "the whale",
        length: 30,
      });
    const text = await sample(1);
    expect(text.slice(0, 9)).toBe("the whale");
    // A model that has learned nothing yet may draw padding, which has no text.
    expect(text.length).toBeGreaterThan(30);
    expect(text.length).toBeLessThanOrEqual(39);
    expect(await sample(1)).toBe(text);
    expect(await sample(2)).not.toBe(text);
    training.model.dispose();
  });

  test("that was interrupted goes on to the same bits", async () => {
    const rounds: number[] = [];
    const whole = await outcome(kind, "whole", {
      callbacks: [{ onEpochEnd: (epoch) => void rounds.push(epoch) }],
    });
    expect([whole.done, rounds]).toEqual([12, [0, 1, 2]]);

    const stop = new AbortController();
    let begun = 0;
    const interrupted = await outcome(kind, "halves", {
      signal: stop.signal,
      // In the midst of the second round: its sixth update is the last.
      callbacks: [
        {
          onBatchBegin: () => {
            if (++begun === 6) stop.abort();
          },
        },
      ],
    });
    expect(interrupted.done).toBe(6);
    const goneOn = await outcome(kind, "halves");
    expect(goneOn.done).toBe(12);
    expect(goneOn.weights).toEqual(whole.weights);
    expect(goneOn.bits).toBe(whole.bits);
  });

  test("that is done goes on when more updates are asked for", async () => {
    const file = join(folder, `${kind}-more.safetensors`);
    await outcome(kind, "more");
    const more = await loadTraining(file, 16);
    expect(more?.settings).toEqual({ ...settings, steps: 16 });
    if (more === null) return;
    expect(await train(more, { corpus, file, verbose: 0 })).toBe(16);
    more.model.dispose();
  });
});

describe("the models", () => {
  test.each(MODELS)("%s has fewer than 500,000 parameters", (kind) => {
    const model = createModel(kind, 85, RECIPES[kind]);
    expect(model.countParams()).toBeLessThan(500_000);
    model.dispose();
  });
});
