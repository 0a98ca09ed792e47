import * as sl from "sluice";
import type { Training } from "./training.ts";

/** How characters are drawn: likely ones more often than the model says, the least likely never. */
const DRAWING = { temperature: 0.8, topP: 0.95 } as const;

/**
 * Continues a prompt by characters that are drawn as the model says; the same ones for the same weights and seed.
 *
 * A recurrent model carries its states on. A transformer knows as many positions as its windows have characters; once
 * they are full, it is shown the last ones anew for each further character.
 *
 * @returns The prompt and `length` characters after it.
 */
export async function sampleText(
  { model, settings }: Training,
  vocabulary: sl.data.CharacterVocabulary,
  { prompt, length }: { readonly prompt: string; readonly length: number },
): Promise<string> {
  const { kind, recipe, seed } = settings;
  const room = kind === "transformer" ? recipe.time - [...prompt].length : length;
  let text = prompt;
  let missing = length;
  const go = async (maxTokens: number, window: number | null): Promise<void> => {
    if (maxTokens < 1) return;
    missing -= maxTokens;
    const options = { ...DRAWING, vocabulary, maxTokens, window, seed: seed + text.length };
    const pieces = sl.generate(model, text, options);
    for await (const piece of pieces) text += piece;
  };
  await go(Math.min(room, length), null);
  await go(missing, recipe.time);
  return text;
}
