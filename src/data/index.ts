// Data in: datasets, windows, normalization, vocabularies. Under TF.js's names where it has them.
export type { Batched } from "./batches.ts";
export { CharacterVocabulary, characters } from "./characters.ts";
export { CSVDataset, type CsvConfig, type CsvElement, csv } from "./csv.ts";
export type { ColumnConfig, CsvRow, CsvValue } from "./csv-columns.ts";
export type { CsvSource, Pieces } from "./csv-source.ts";
export { Dataset } from "./dataset.ts";
export {
  type Normalized,
  Normalizer,
  type NormalizerConfig,
  type NormalizerMethod,
  normalizer,
} from "./normalizer.ts";
export { type PadSequencesConfig, padSequences, type SequenceEnd } from "./pad-sequences.ts";
export { array, type ElementSource, func, generator } from "./sources.ts";
export { type Split, type SplitConfig, split } from "./split.ts";
export { type UnknownRule, Vocabulary, type VocabularyConfig } from "./vocabulary.ts";
export {
  type WindowBatchesConfig,
  type WindowPair,
  Windows,
  type WindowsConfig,
  windows,
} from "./windows.ts";
export { type WordsConfig, WordVocabulary, words } from "./words.ts";
export { type DatasetStructure, type Zipped, zip } from "./zip.ts";
