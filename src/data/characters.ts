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

/** A vocabulary of characters: Unicode code points, as they are. Made by `data.characters`. */
export class CharacterVocabulary extends Vocabulary {
  static readonly className = "CharacterVocabulary";
  override readonly unknownText = "\ufffd";

  /** The vocabulary that `getConfig()` describes. */
  static fromConfig(config: Record<string, unknown>): CharacterVocabulary {
    checkKeys("CharacterVocabulary", config, { tokens: "any", unknown: "any" });
    return new CharacterVocabulary(config.tokens as string[], config.unknown as UnknownRule);
  }

  protected override tokenize(text: string): Iterable<Token> {
    return codePoints(text);
  }

  protected override join(texts: readonly string[]): string {
    return texts.join("");
  }
}

function* codePoints(text: string): Generator<Token> {
  let position = 0;
  for (const point of text) yield { text: point, position: position++ };
}

registerClass(CharacterVocabulary);

/**
 * The characters of texts (Unicode code points) and their ids: 0 is padding, 1 unknown, the most frequent character
 * is 2. Saved with a model it comes back as it was.
 *
 * @param texts One text, or any number of them.
 * @throws {ArgumentError} for what is no text, and options that nobody reads.
 * @example
 * const letters = sl.data.characters("banana");
 * letters.encode("nab"); // Int32Array [3, 2, 4]
 * letters.decode([3, 2, 4, 0]); // "nab"
 * const x = sl.oneHot(letters.encode("ban"), letters.size); // [3, 5]
 * @see Keras `keras.layers.TextVectorization(split="character")`
 */
export function characters(
  texts: string | Iterable<string>,
  config: VocabularyConfig = {},
): CharacterVocabulary {
  const { maxTokens, unknown } = checkVocabularyConfig("data.characters", config);
  return new CharacterVocabulary(countTokens(texts, codePoints, maxTokens), unknown);
}
