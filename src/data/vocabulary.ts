import { ArgumentError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { resolveName } from "../names/resolve.ts";
import { wholeNumber } from "../names/whole-number.ts";

/** What `data.characters` and `data.words` take beside the text. */
export interface VocabularyConfig {
  /** Most ids, the two reserved ones among them; the most frequent tokens get them. Default: no limit. */
  readonly maxTokens?: number;
  /** What becomes of a token that has no id: `"id"` (default) gives it the unknown id 1, `"error"` refuses the text. */
  readonly unknown?: UnknownRule;
}

export type UnknownRule = "id" | "error";

/** A token where it stands in the text. */
export interface Token {
  readonly text: string;
  /** Place in the text: code points for characters, words for words, from 0. */
  readonly position: number;
}

/** Id of what fills short sequences up; layers mask it with `maskZero`. */
const PADDING_ID = 0;
/** Id of tokens that are not in the vocabulary. */
const UNKNOWN_ID = 1;
const RESERVED = 2;

/**
 * Tokens and their ids. Ids 0 and 1 are reserved, for padding and for unknown tokens, as in Keras; tokens have ids
 * from 2 on, the most frequent first, and in the order of their first appearance where they are equally frequent.
 */
export abstract class Vocabulary {
  /** Tokens in the order of their ids; the first has id 2. */
  readonly tokens: readonly string[];
  readonly unknown: UnknownRule;
  readonly #ids: ReadonlyMap<string, number>;

  /** @throws {ArgumentError} unless the tokens are texts that differ. */
  constructor(tokens: readonly string[], unknown: UnknownRule = "id") {
    const isList =
      Array.isArray(tokens) && tokens.every((one) => typeof one === "string" && one !== "");
    if (!isList || new Set(tokens).size !== tokens.length) {
      throw new ArgumentError(
        `vocabulary: received ${describeValue(tokens)} as tokens. Expected a list of texts, none of them twice.`,
      );
    }
    this.tokens = [...tokens];
    this.unknown = resolveName(unknown, ["id", "error"] as const, { what: "vocabulary: unknown" });
    this.#ids = new Map(tokens.map((token, i) => [token, i + RESERVED]));
  }

  /** Number of ids with the two reserved ones: `inputDim` of an embedding, `units` of the layer that predicts ids. */
  get size(): number {
    return this.tokens.length + RESERVED;
  }

  /** The id of a token; the unknown id for one that is not in the vocabulary. */
  idOf(token: string): number {
    return this.#ids.get(token) ?? UNKNOWN_ID;
  }

  /**
   * The ids of a text, one a token.
   * @throws {ArgumentError} for an unknown token where `unknown` is `"error"`; the message names it and its position.
   */
  encode(text: string): Int32Array {
    const ids: number[] = [];
    for (const token of this.tokenize(checkText(text, "encode"))) {
      const id = this.#ids.get(token.text);
      if (id === undefined && this.unknown === "error") throw unknownToken(token);
      ids.push(id ?? UNKNOWN_ID);
    }
    return Int32Array.from(ids);
  }

  /**
   * The text of ids, such as `encode` or a model gave. Padding is left out, unknown tokens read `unknownText`.
   * @throws {ArgumentError} for what is no id of this vocabulary, with its position.
   */
  decode(ids: ArrayLike<number>): string {
    if (typeof ids !== "object" || ids === null || typeof ids.length !== "number") {
      throw new ArgumentError(
        `decode: received ${describeValue(ids)}. Expected a list of ids; read a tensor first: await ids.data().`,
      );
    }
    const texts: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (id === PADDING_ID) continue;
      const text = id === UNKNOWN_ID ? this.unknownText : this.tokens[Number(id) - RESERVED];
      if (text === undefined) {
        throw new ArgumentError(
          `decode: element ${i} is ${describeValue(id)}. Expected ids from 0 to ${this.size - 1}.`,
          { details: { index: i, received: id } },
        );
      }
      texts.push(text);
    }
    return this.join(texts);
  }

  /** What stands for an unknown token in decoded text. */
  abstract readonly unknownText: string;

  /** @internal The tokens of a text, in order. */
  protected abstract tokenize(text: string): Iterable<Token>;

  /** @internal The text that tokens make. */
  protected abstract join(texts: readonly string[]): string;

  /** Everything there is to know of it, as plain data. */
  getConfig(): Record<string, unknown> {
    return { tokens: [...this.tokens], unknown: this.unknown };
  }
}

/**
 * The tokens of texts, the most frequent first.
 * @throws {ArgumentError} for what is no text, and a limit that leaves no token.
 */
export function countTokens(
  texts: string | Iterable<string>,
  tokenize: (text: string) => Iterable<Token>,
  maxTokens: number | undefined,
): string[] {
  const most =
    maxTokens === undefined ? Infinity : wholeNumber(maxTokens, "vocabulary: maxTokens", 3);
  const counts = new Map<string, number>();
  const isList = typeof texts === "object" && texts !== null && Symbol.iterator in texts;
  for (const text of isList ? texts : [texts]) {
    for (const token of tokenize(checkText(text, "vocabulary"))) {
      counts.set(token.text, (counts.get(token.text) ?? 0) + 1);
    }
  }
  // The sort is stable: equally frequent tokens stay in the order of their first appearance.
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.slice(0, most - RESERVED).map(([token]) => token);
}

/** The options of a maker, checked. */
export function checkVocabularyConfig<C extends VocabularyConfig>(
  label: string,
  config: C,
  own: Readonly<Record<string, "boolean">> = {},
): C {
  checkKeys(label, config, { maxTokens: "number", unknown: "any", ...own });
  return config;
}

function checkText(text: unknown, label: string): string {
  if (typeof text === "string") return text;
  throw new ArgumentError(`${label}: received ${describeValue(text)}. Expected text.`);
}

function unknownToken({ text, position }: Token): ArgumentError {
  const points = [...text].map(
    (c) => `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
  const code = points.length === 1 ? ` (${points[0]})` : "";
  return new ArgumentError(
    `encode: ${JSON.stringify(text)}${code} at position ${position} is not in the vocabulary. Expected known tokens; make ` +
      'the vocabulary from all texts, or with unknown: "id".',
    { details: { token: text, position } },
  );
}
