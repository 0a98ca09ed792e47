import { registerClass } from "../names/class-registry.ts";
import { CharacterVocabulary } from "./characters.ts";
import { Normalizer } from "./normalizer.ts";
import { WordVocabulary } from "./words.ts";

/** Makes what is saved beside models known to whoever reads one, however little else is imported. */
export function registerData(): void {
  for (const one of [CharacterVocabulary, Normalizer, WordVocabulary]) registerClass(one);
}
