import { ArgumentError, FormatError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import {
  type ColumnConfig,
  type Columns,
  type CsvRow,
  checkColumnConfigs,
  checkColumns,
  elementOf,
} from "./csv-columns.ts";
import { csvRows, isBlank } from "./csv-rows.ts";
import { type CsvSource, checkSource, decoderFor, nameOfSource, openText } from "./csv-source.ts";
import { Dataset } from "./dataset.ts";

/** What `data.csv` takes beside the source. */
export interface CsvConfig {
  /** Whether the first row holds the names of the columns. Default true. */
  readonly hasHeader?: boolean;
  /** Names of all columns; they stand in for those of the header, and are needed where there is none. */
  readonly columnNames?: readonly string[];
  /** What becomes of columns, by name. Default: numbers where the text is one, else text. */
  readonly columnConfigs?: Readonly<Record<string, ColumnConfig>>;
  /** Whether columns without a config are left out. Default false. */
  readonly configuredColumnsOnly?: boolean;
  /** The character between two fields. Default `","`. */
  readonly delimiter?: string;
  /** How the bytes are text, as `TextDecoder` calls it. Default `"utf-8"`. */
  readonly encoding?: string;
}

/** An element of a CSV dataset: `{ xs, ys }` when the config makes some column a label, else fields by name. */
export type CsvElement<C extends CsvConfig> = C extends {
  readonly columnConfigs: Readonly<Record<string, infer One>>;
}
  ? [Extract<One, { readonly isLabel: true }>] extends [never]
    ? CsvRow
    : { xs: CsvRow; ys: CsvRow }
  : CsvRow;

const keys = {
  hasHeader: "boolean",
  columnNames: "any",
  columnConfigs: "any",
  configuredColumnsOnly: "boolean",
  delimiter: "string",
  encoding: "string",
  delimWhitespace: "notYet",
} as const;

/** The rows of a CSV text. */
export class CSVDataset<T = CsvRow> extends Dataset<T> {
  readonly #readNames: () => Promise<readonly string[]>;

  /** @internal `data.csv` makes it. */
  constructor(iterate: () => AsyncGenerator<T>, readNames: () => Promise<readonly string[]>) {
    super(iterate, null);
    this.#readNames = readNames;
  }

  /**
   * The names of the columns that elements have, in the order of the file. Reads the header where there is one.
   * @throws as reading does.
   */
  async columnNames(): Promise<string[]> {
    return [...(await this.#readNames())];
  }
}

/**
 * The rows of a CSV file: elements `{ column: value }`, or `{ xs, ys }` when `columnConfigs` makes a column a label.
 * The file is streamed: it may be larger than memory, every pass reads it anew, and a pass that stops early closes
 * it. Fields may be quoted, with line breaks inside and quotes doubled (RFC 4180); lines end in LF, CRLF or CR;
 * blank lines are left out. An empty field is `undefined` unless its column has a default.
 *
 * @param source A URL, in Node also a path, a `Blob` or `File`, `{ text }`, or a function that opens a stream.
 * @throws {ArgumentError} for options that nobody reads; while reading, for names given twice, and settings of a column
 *   that is not there.
 * @throws {StoreError} while reading, when the file cannot be read, or the URL cannot be fetched.
 * @throws {FormatError} while reading, for rows of another length, broken quotes, text in a column of numbers, empty
 *   fields that are required, and bytes of another encoding. The message names row (from 1) and column.
 * @example
 * const text = "hour,load\n0,3.5\n1,3.1\n";
 * const rows = sl.data.csv({ text }, { columnConfigs: { load: { isLabel: true } } });
 * await rows.toArray(); // [{ xs: { hour: 0 }, ys: { load: 3.5 } }, …]
 * const batches = rows.map(({ xs, ys }) => ({ xs: Object.values(xs), ys: Object.values(ys) })).batch(32);
 * @see TF.js `tf.data.csv`
 */
export function csv<const C extends CsvConfig>(
  source: CsvSource,
  config?: C,
): CSVDataset<CsvElement<C>> {
  checkSource(source);
  const options = checkConfig(config ?? {});
  const iterate = (): AsyncGenerator<unknown> => elements(source, options);
  const readNames = async (): Promise<readonly string[]> => {
    for await (const { names, configs, configuredOnly } of headed(source, options)) {
      return configuredOnly ? names.filter((name) => Object.hasOwn(configs, name)) : names;
    }
    return [];
  };
  return new CSVDataset<unknown>(iterate, readNames) as CSVDataset<CsvElement<C>>;
}

type Options = Required<Omit<CsvConfig, "columnNames">> & Pick<CsvConfig, "columnNames">;

function checkConfig(config: CsvConfig): Options {
  checkKeys("data.csv", config, keys);
  const { columnNames, columnConfigs = {}, delimiter = ",", encoding = "utf-8" } = config;
  checkColumnConfigs(columnConfigs);
  decoderFor(encoding);
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new ArgumentError(
      `data.csv: received ${describeValue(delimiter)} as delimiter. Expected one character, such as "," or ";".`,
    );
  }
  const hasHeader = config.hasHeader ?? true;
  if (columnNames === undefined ? !hasHeader : !Array.isArray(columnNames)) {
    throw new ArgumentError(
      `data.csv: received ${describeValue(columnNames)} as columnNames. Expected a list of names, which a file without ` +
        "a header needs.",
    );
  }
  const { configuredColumnsOnly = false } = config;
  const options = { hasHeader, columnConfigs, configuredColumnsOnly, delimiter, encoding };
  return columnNames === undefined ? options : { ...options, columnNames };
}

/** Columns of the file and the rows behind the header, in groups; at least one group. */
async function* headed(
  source: CsvSource,
  options: Options,
): AsyncGenerator<Columns & { rows: readonly string[][]; firstRow: number }> {
  const { delimiter, encoding, columnNames, columnConfigs: configs } = options;
  const file = nameOfSource(source);
  let columns: Columns | null = null;
  let firstRow = 1;
  for await (const rows of csvRows(openText(source, encoding), { delimiter, name: file })) {
    let headerRows = 0;
    if (columns === null) {
      const header = rows.findIndex((row) => !isBlank(row));
      if (header < 0) {
        firstRow += rows.length;
        continue;
      }
      headerRows = options.hasHeader ? header + 1 : 0;
      const found = rows[header] ?? [];
      if (columnNames !== undefined && columnNames.length !== found.length) {
        throw new FormatError(
          `data.csv: ${file} has ${found.length} columns, but columnNames has ${columnNames.length}. Expected a name ` +
            "for each column.",
          { details: { received: columnNames.length, expected: found.length } },
        );
      }
      const names = columnNames ?? found.map((name) => name.trim());
      columns = { names, configs, configuredOnly: options.configuredColumnsOnly, file };
      checkColumns(columns);
    }
    yield { ...columns, rows: rows.slice(headerRows), firstRow: firstRow + headerRows };
    firstRow += rows.length;
  }
  if (columns === null) {
    throw new FormatError(`data.csv: ${file} is empty. Expected a header or rows.`);
  }
}

async function* elements(source: CsvSource, options: Options): AsyncGenerator<unknown> {
  for await (const { rows, firstRow, ...columns } of headed(source, options)) {
    for (const [i, row] of rows.entries()) {
      if (!isBlank(row)) yield elementOf(row, firstRow + i, columns);
    }
  }
}
