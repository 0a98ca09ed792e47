import { checkKeys } from "../names/check-keys.ts";
import { registerClass } from "../names/class-registry.ts";
import {
  checkVocabularyConfig,
  countTokens,
  type Token,
  type UnknownRule,
  Vocabulary,
  type VocabularyConfig,
} from "./vocabulary.ts";

/** What `data.words` takes beside the text. */
export interface WordsConfig extends VocabularyConfig {
  /** Whether upper case counts as lower case. Default true. */
  readonly lowercase?: boolean;
  /** Whether punctuation and symbols are taken out of the text. Default true; else each one is a word of its own. */
  readonly stripPunctuation?: boolean;
}

/** How a text is cut into words. */
type Cutting = Required<Pick<WordsConfig, "lowercase" | "stripPunctuation">>;

/** A vocabulary of words. Made by `data.words`. */
export class WordVocabulary extends Vocabulary {
  static readonly className = "WordVocabulary";
  override readonly unknownText = "[UNK]";
  readonly lowercase: boolean;
  readonly stripPunctuation: boolean;

  /** The vocabulary that `getConfig()` describes. */
  static fromConfig(config: Record<string, unknown>): WordVocabulary {
    checkKeys("WordVocabulary", config, {
      ...{ tokens: "any", unknown: "any" },
      ...{ lowercase: "boolean", stripPunctuation: "boolean" },
    });
    return new WordVocabulary(config.tokens as string[], config as WordsConfig);
  }

  /** @throws {ArgumentError} unless the tokens are texts that differ. */
  constructor(tokens: readonly string[], config: WordsConfig = {}) {
    super(tokens, config.unknown as UnknownRule);
    const { lowercase, stripPunctuation } = cuttingOf(config);
    this.lowercase = lowercase;
    this.stripPunctuation = stripPunctuation;
  }

  protected override tokenize(text: string): Iterable<Token> {
    return wordsIn(text, this);
  }

  protected override join(texts: readonly string[]): string {
    return texts.join(" ");
  }

  override getConfig(): Record<string, unknown> {
    const { lowercase, stripPunctuation } = this;
    return { ...super.getConfig(), lowercase, stripPunctuation };
  }
}

function cuttingOf({ lowercase = true, stripPunctuation = true }: WordsConfig): Cutting {
  return { lowercase, stripPunctuation };
}

function* wordsIn(text: string, { lowercase, stripPunctuation }: Cutting): Generator<Token> {
  const cased = lowercase ? text.toLowerCase() : text;
  const plain = cased.replace(/[\p{P}\p{S}]/gu, stripPunctuation ? "" : " $& ");
  let position = 0;
  for (const [word] of plain.matchAll(/\S+/gu)) yield { text: word, position: position++ };
}

registerClass(WordVocabulary);

/**
 * The words of texts and their ids: 0 is padding, 1 unknown, the most frequent word is 2. Words are what white space
 * separates, in lower case and without punctuation. Saved with a model it comes back as it was.
 *
 * @param texts One text, or any number of them.
 * @throws {ArgumentError} for what is no text, and options that nobody reads.
 * @example
 * const words = sl.data.words(["The cat.", "The dog!"], { maxTokens: 1000 });
 * words.encode("The bird, the dog"); // Int32Array [2, 1, 2, 4]
 * words.decode([2, 4]); // "the dog"
 * @see Keras `keras.layers.TextVectorization`
 */
export function words(texts: string | Iterable<string>, config: WordsConfig = {}): WordVocabulary {
  const label = "data.words";
  checkVocabularyConfig(label, config, { lowercase: "boolean", stripPunctuation: "boolean" });
  const cutting = cuttingOf(config);
  return new WordVocabulary(
    countTokens(texts, (text) => wordsIn(text, cutting), config.maxTokens),
    config,
  );
}
