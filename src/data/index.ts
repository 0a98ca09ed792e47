export type { Batched } from "./batches.ts";
export { CSVDataset, type CsvConfig, type CsvElement, csv } from "./csv.ts";
export type { ColumnConfig, CsvRow, CsvValue } from "./csv-columns.ts";
export type { CsvSource, Pieces } from "./csv-source.ts";
export { Dataset } from "./dataset.ts";
export { array, type ElementSource, func, generator } from "./sources.ts";
export { type DatasetStructure, type Zipped, zip } from "./zip.ts";
