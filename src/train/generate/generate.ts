import { ArgumentError } from "../../errors.ts";
import { describeValue } from "../../names/describe.ts";
import type { Tensor } from "../../tensor/index.ts";
import { Model } from "../model.ts";
import { tokenPorts } from "./logits.ts";
import { OtherInputs } from "./other-inputs.ts";
import { checkIds, idPrompt, type Prompt, type PromptIds, textPrompt } from "./prompt.ts";
import { type GenerateConfig, type Settings, settingsOf, type TextCodec } from "./settings.ts";
import { StopText } from "./stop-text.ts";
import { TokenRun } from "./token-run.ts";
import { tokenStream } from "./token-stream.ts";
import { beginning } from "./window.ts";

const LABEL = "generate";

/**
 * Continues a sequence of tokens: the model gives the logits of the next token, one is drawn, and it is the next input.
 * An async iterator over the new tokens; of a text over pieces of text.
 *
 * The prompt is run once. Recurrent layers carry their states on and causal attention keeps its keys and values in a
 * cache, all on the GPU, so each further token costs one step, whatever came before. Tokens are drawn on the GPU and read
 * in chunks: the first four, the next eight, then twenty at once. A model that cannot run step by step (bidirectional
 * layers, layers of one's own) is shown a window of the last tokens anew at each step. What a model computes of its other
 * inputs alone, as an encoder does, is not computed again. States of stateful layers are left alone.
 *
 * The same seed gives the same tokens on the same adapter. Leaving the loop early frees everything.
 *
 * @example
 * const vocabulary = sl.data.characters("the gate opens, the gate closes");
 * const net = sl.sequential({
 *   layers: [
 *     sl.layers.embedding({ inputDim: vocabulary.size, outputDim: 8, inputShape: [null] }),
 *     sl.layers.gru({ units: 16, returnSequences: true }),
 *     sl.layers.dense({ units: vocabulary.size }),
 *   ],
 * });
 * let text = "the ";
 * const options = { vocabulary, maxTokens: 20, temperature: 0.8, topP: 0.9, seed: 7 };
 * for await (const piece of sl.generate(net, text, options)) text += piece;
 * console.log(text);
 *
 * @param model Takes ids [B, T] (or one-hot rows [B, T, V], as its inputShape tells) and gives the logits of the next
 *   token, [B, V], or of each step's next token, [B, T, V]. Probabilities, see `fromLogits`; further inputs, see `inputs`.
 * @param prompt Ids, as an array or a tensor [T]; a batch of prompts of one length, [B, T]; or a text beside `vocabulary`.
 * @returns Ids; of a batch the ids of a step, one a row, null where a row has ended; of a text pieces of text.
 * @throws {ArgumentError} for an empty prompt, ids that the model does not know, inputs that are missing or too many, and
 *   settings out of bounds.
 * @throws {ShapeError} for a prompt that a window of fixed length does not fit, and inputs that do not fit.
 * @throws {DTypeError} for a tensor of bool as prompt.
 * @throws {NumericsError} while iterating, when logits are not finite.
 * @throws {AbortError} while iterating, when `signal` aborts.
 */
export function generate(
  model: Model,
  prompt: string,
  config: GenerateConfig & { readonly vocabulary: TextCodec },
): AsyncGenerator<string, void, undefined>;
export function generate(
  model: Model,
  prompt: readonly number[] | Int32Array,
  config?: GenerateConfig,
): AsyncGenerator<number, void, undefined>;
export function generate(
  model: Model,
  prompt: readonly (readonly number[])[],
  config?: GenerateConfig,
): AsyncGenerator<(number | null)[], void, undefined>;
export function generate(
  model: Model,
  prompt: Tensor,
  config?: GenerateConfig,
): AsyncGenerator<number | (number | null)[], void, undefined>;
export function generate(
  model: Model,
  prompt: string | PromptIds,
  config: GenerateConfig = {},
): AsyncGenerator<unknown, void, undefined> {
  if (!(model instanceof Model)) {
    throw new ArgumentError(
      `${LABEL}: received ${describeValue(model)} as model. Expected a model: generate(model, prompt).`,
    );
  }
  model.requireLive(LABEL);
  const settings = settingsOf(config);
  const task = { model, settings, others: new OtherInputs(LABEL, model, settings.inputs) };
  try {
    return started(task, prompt, config.vocabulary ?? null);
  } catch (error) {
    task.others.dispose();
    throw error;
  }
}

/** A generation, as it was asked for. */
interface Task {
  readonly model: Model;
  readonly settings: Settings;
  readonly others: OtherInputs;
}

function started(
  task: Task,
  prompt: string | PromptIds,
  vocabulary: TextCodec | null,
): AsyncGenerator<unknown, void, undefined> {
  const { settings } = task;
  if (typeof prompt === "string") {
    const ids = textPrompt(LABEL, prompt, vocabulary);
    const codec = vocabulary as TextCodec;
    return pieces(steps(task, ids), { prompt: ids, vocabulary: codec, settings });
  }
  if (vocabulary !== null) {
    throw new ArgumentError(
      `${LABEL}: received a vocabulary beside ${describeValue(prompt)} as prompt. Expected one text; or leave the vocabulary ` +
        "out, and give ids and get ids.",
    );
  }
  const given = idPrompt(LABEL, prompt);
  if (given instanceof Promise) {
    given.catch(() => undefined); // who iterates gets the error; nobody may
    return idsLater(task, given);
  }
  return ids(steps(task, given), given, settings);
}

/** The tokens of each step; what can be checked is checked at once. */
function steps({ model, settings, others }: Task, prompt: Prompt): AsyncGenerator<number[]> {
  const { maxTokens, signal, fromLogits } = settings;
  const ports = tokenPorts(LABEL, model, { input: others.input, fromLogits });
  checkIds(LABEL, prompt, ports.size);
  const given = others.beside(prompt);
  const begin = beginning(model, prompt, {
    ...{ label: LABEL, ports, maxTokens, window: settings.window, canShift: true },
    start: (shown, capacity) =>
      new TokenRun(shown, { ports, capacity, others: given, ...settings }),
  });
  const task = { label: LABEL, signal, says: "generation was aborted." };
  return tokenStream({ batch: prompt.batch, maxTokens, task, begin, given: others });
}

async function* idsLater(
  task: Task,
  prompt: Promise<Prompt>,
): AsyncGenerator<unknown, void, undefined> {
  try {
    const given = await prompt;
    yield* ids(steps(task, given), given, task.settings);
  } finally {
    task.others.dispose();
  }
}

/** Ids until all rows have ended. */
async function* ids(
  tokens: AsyncGenerator<number[]>,
  { batch, isSingle }: Prompt,
  { stopIds }: Settings,
): AsyncGenerator<unknown, void, undefined> {
  const hasEnded = new Array<boolean>(batch).fill(false);
  for await (const step of tokens) {
    step.forEach((id, row) => {
      hasEnded[row] ||= stopIds.has(id);
    });
    if (hasEnded.every((one) => one)) return;
    yield isSingle ? step[0] : step.map((id, row) => (hasEnded[row] ? null : id));
  }
}

/** Pieces of text until a stop. */
async function* pieces(
  tokens: AsyncGenerator<number[]>,
  { prompt, vocabulary, settings }: { prompt: Prompt; vocabulary: TextCodec; settings: Settings },
): AsyncGenerator<string, void, undefined> {
  const text = new StopText(settings.stopTexts);
  // A token's text is what it adds to that of the token before: between words stands a space.
  let before: number[] = [...prompt.ids.subarray(-1)];
  let shown = vocabulary.decode(before);
  for await (const [id = 0] of tokens) {
    if (settings.stopIds.has(id)) break;
    const both = vocabulary.decode([...before, id]);
    const piece = text.push(both.slice(shown.length));
    const own = vocabulary.decode([id]);
    // Padding has no text: what follows it follows the token before.
    if (own !== "") [before, shown] = [[id], own];
    if (piece !== "") yield piece;
    if (text.isStopped) return;
  }
  const rest = text.end();
  if (rest !== "") yield rest;
}
