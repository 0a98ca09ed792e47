import { ArgumentError } from "../../errors.ts";
import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { describeValue } from "../../names/describe.ts";
import { wholeNumber } from "../../names/whole-number.ts";
import type { SamplingRules } from "../../ops/ops.ts";
import { nextSeed } from "../../tensor/index.ts";
import type { ModelData } from "../batches/data.ts";

/** What turns text into ids and back: a vocabulary of `sl.data`, or a tokenizer of one's own. */
export interface TextCodec {
  encode(text: string): ArrayLike<number>;
  /** The text of ids; that of some ids begins with that of the first of them. */
  decode(ids: ArrayLike<number>): string;
}

/** How many tokens are generated, and how each is chosen. */
export interface GenerateConfig {
  /** Most tokens to generate. Default 256. */
  readonly maxTokens?: number | null;
  /**
   * Logits are divided by it: below 1 probable tokens become more probable, above 1 less. 0 always takes the most
   * probable one (greedy; of equal ones the lowest id). Default 1.
   */
  readonly temperature?: number | null;
  /** Only the k most probable tokens may be chosen. Default: all. */
  readonly topK?: number | null;
  /** Only the fewest tokens, most probable first, whose probabilities add up to p (of those that topK leaves). Default 1. */
  readonly topP?: number | null;
  /** Only tokens that are at least this share as probable as the most probable one. Default 0. */
  readonly minP?: number | null;
  /** A whole number; the same seed gives the same tokens on the same adapter. Default: drawn from that of `setSeed`. */
  readonly seed?: number | null;
  /** Ids, and with a vocabulary texts, that end the generation; they are not part of what it gives. Default: none. */
  readonly stop?: number | string | readonly (number | string)[] | null;
  /**
   * What a model of several inputs reads beside the tokens, such as the sentence to translate: a tensor or array for one
   * input, a list in the order of the inputs, of which the last takes the tokens, or an object by name, which leaves out
   * the one of the tokens. [B, …] each, as many rows as prompts; beside one prompt also one sample without the batch. They
   * may end as soon as they were given.
   */
  readonly inputs?: ModelData | null;
  /** Turns the prompt into ids and tokens into text. Needed for a prompt that is text. */
  readonly vocabulary?: TextCodec | null;
  /**
   * Whether the model gives logits (or log-probabilities); else probabilities. Default: logits, unless the last layer's
   * activation is softmax.
   */
  readonly fromLogits?: boolean | null;
  /**
   * Most tokens, W, that the model sees at a time. A model that runs step by step begins anew with the last half of them
   * when it has seen W; any other sees the last W at each step. Default: what came before, as far as the model has
   * positions for it; for a model that cannot run step by step the length of its `inputShape`, or that of the prompt.
   */
  readonly window?: number | null;
  /** Ends the generation with an AbortError. */
  readonly signal?: AbortSignal | null;
}

/** The config, checked and complete. */
export interface Settings {
  readonly maxTokens: number;
  readonly rules: SamplingRules;
  readonly seed: number;
  readonly stopIds: ReadonlySet<number>;
  readonly stopTexts: readonly string[];
  readonly inputs: ModelData | null;
  readonly fromLogits: boolean | null;
  readonly window: number | null;
  readonly signal: AbortSignal | null;
}

const KEYS: ConfigKeys<GenerateConfig> = {
  maxTokens: "number",
  temperature: "number",
  topK: "number",
  topP: "number",
  minP: "number",
  seed: "number",
  stop: "any",
  inputs: "any",
  vocabulary: "any",
  fromLogits: "boolean",
  window: "number",
  signal: "any",
};

/**
 * What a config asks for.
 * @throws {ArgumentError} for settings that nobody reads, or out of bounds.
 */
export function settingsOf(config: GenerateConfig): Settings {
  checkKeys("generate", config, KEYS);
  return {
    maxTokens: wholeNumber(config.maxTokens ?? 256, "generate: maxTokens"),
    rules: rulesOf(config),
    seed: seedOf("generate", config.seed),
    ...stopsOf(config),
    inputs: config.inputs ?? null,
    fromLogits: config.fromLogits ?? null,
    window: isGiven(config.window) ? wholeNumber(config.window, "generate: window") : null,
    signal: signalOf("generate", config.signal),
  };
}

function rulesOf({ temperature, topK, topP, minP }: GenerateConfig): SamplingRules {
  const rules = {
    temperature: temperature ?? 1,
    topK: isGiven(topK) ? wholeNumber(topK, "generate: topK") : 0,
    topP: topP ?? 1,
    minP: minP ?? 0,
  };
  check(rules.temperature >= 0 && Number.isFinite(rules.temperature), {
    ...{ name: "temperature", received: temperature },
    expected: "a finite number from 0 (greedy) on",
  });
  check(rules.topP > 0 && rules.topP <= 1, {
    ...{ name: "topP", received: topP },
    expected: "a number above 0 and up to 1",
  });
  check(rules.minP >= 0 && rules.minP <= 1, {
    ...{ name: "minP", received: minP },
    expected: "a number from 0 to 1",
  });
  return rules;
}

/** @throws {ArgumentError} unless the seed is a whole number; its low 32 bits count. */
export function seedOf(label: string, seed: number | null | undefined): number {
  if (!isGiven(seed)) return nextSeed();
  if (Number.isSafeInteger(seed)) return seed | 0;
  throw new ArgumentError(
    `${label}: received ${describeValue(seed)} as seed. Expected a whole number.`,
  );
}

/** @throws {ArgumentError} for what is no signal. */
export function signalOf(
  label: string,
  signal: AbortSignal | null | undefined,
): AbortSignal | null {
  if (!isGiven(signal)) return null;
  if (typeof signal === "object" && typeof signal.addEventListener === "function") return signal;
  throw new ArgumentError(
    `${label}: received ${describeValue(signal)} as signal. Expected an AbortSignal: new AbortController().signal.`,
  );
}

function stopsOf({ stop, vocabulary }: GenerateConfig): Pick<Settings, "stopIds" | "stopTexts"> {
  const all: readonly unknown[] = isGiven(stop) ? [stop].flat() : [];
  const stopIds = new Set<number>();
  const stopTexts: string[] = [];
  for (const one of all) {
    if (typeof one === "number" && Number.isInteger(one)) stopIds.add(one);
    else if (typeof one === "string" && one !== "" && isGiven(vocabulary)) stopTexts.push(one);
    else {
      const hint = typeof one === "string" && one !== "" ? " Give the vocabulary as well." : "";
      throw new ArgumentError(
        `generate: received ${describeValue(one)} as stop. Expected ids, or texts that are not empty beside a ` +
          `vocabulary.${hint}`,
      );
    }
  }
  return { stopIds, stopTexts };
}

function check(
  isFit: boolean,
  { name, received, expected }: { name: string; received: unknown; expected: string },
): void {
  if (isFit) return;
  throw new ArgumentError(
    `generate: received ${describeValue(received)} as ${name}. Expected ${expected}.`,
    { details: { [name]: received } },
  );
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
