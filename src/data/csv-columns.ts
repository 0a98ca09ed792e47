import { ArgumentError, FormatError } from "../errors.ts";
import { checkKeys } from "../names/check-keys.ts";
import { describeValue } from "../names/describe.ts";
import { nearestName } from "../names/resolve.ts";

/** What becomes of one column. */
export interface ColumnConfig {
  /** Whether an empty field is an error. Default false; labels are always required. */
  readonly required?: boolean;
  /**
   * Default: numbers where the text is one, else text. `"float32"` takes numbers only ("nan" among them), `"int32"`
   * drops fractions, `"bool"` gives 1 for `1` and `true` and else 0, `"string"` leaves the text.
   */
  readonly dtype?: "float32" | "int32" | "bool" | "string";
  /** Stands in for empty fields. Default: none, they are undefined. */
  readonly default?: number | string | boolean;
  /** Whether the column belongs to `ys`. Default false. */
  readonly isLabel?: boolean;
}

/** A field of a row; undefined where it is empty. */
export type CsvValue = number | string | undefined;

/** Fields by the names of their columns. */
export type CsvRow = Record<string, CsvValue>;

/** Which columns there are and what becomes of them. */
export interface Columns {
  /** All columns of the file, in order. */
  readonly names: readonly string[];
  readonly configs: Readonly<Record<string, ColumnConfig>>;
  readonly configuredOnly: boolean;
  /** What the file is called in messages. */
  readonly file: string;
}

/** @throws {ArgumentError} for settings that nobody reads, and kinds that there are not. */
export function checkColumnConfigs(configs: Readonly<Record<string, ColumnConfig>>): void {
  for (const [name, config] of Object.entries(configs)) {
    const label = `data.csv: columnConfigs["${name}"]`;
    const rules = {
      required: "boolean",
      dtype: "string",
      default: "any",
      isLabel: "boolean",
    } as const;
    checkKeys(label, config, rules);
    const { dtype } = config;
    if (dtype === undefined || ["float32", "int32", "bool", "string"].includes(dtype)) continue;
    throw new ArgumentError(
      `${label}: received dtype ${describeValue(dtype)}. Expected "float32", "int32", "bool" or "string".`,
    );
  }
}

/** @throws {ArgumentError} for names given twice, and for settings of a column that is not there. */
export function checkColumns({ names, configs, file }: Columns): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ArgumentError(
      `data.csv: ${file} has two columns "${twice}". Expected names that differ; give others as columnNames.`,
    );
  }
  const unknown = Object.keys(configs).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, names);
  const hint = nearest === null ? "" : ` Did you mean "${nearest}"?`;
  throw new ArgumentError(
    `data.csv: columnConfigs has "${unknown}", which is no column of ${file}.${hint} Expected some of ${names.join(", ")}.`,
    { details: { name: unknown, nearest } },
  );
}

/**
 * A row as an element: its fields by name, or `{ xs, ys }` where a column is a label.
 *
 * @param row Number of the row in the file, from 1.
 * @throws {FormatError} for too few or too many fields, empty ones that are required, and text where numbers belong.
 */
export function elementOf(
  fields: readonly string[],
  row: number,
  columns: Columns,
): CsvRow | { xs: CsvRow; ys: CsvRow } {
  const { names, configs, configuredOnly, file } = columns;
  if (fields.length !== names.length) {
    throw new FormatError(
      `data.csv: ${file}, row ${row} has ${fields.length} fields. Expected ${names.length}: ${names.join(", ")}.`,
      { details: { row, received: fields.length, expected: names.length } },
    );
  }
  const xs: [string, CsvValue][] = [];
  const ys: [string, CsvValue][] = [];
  names.forEach((name, i) => {
    const config = Object.hasOwn(configs, name) ? configs[name] : undefined;
    if (config === undefined && configuredOnly) return;
    const value = valueIn(
      fields[i] ?? "",
      config,
      () => `data.csv: ${file}, row ${row}, column "${name}"`,
    );
    (config?.isLabel === true ? ys : xs).push([name, value]);
  });
  // fromEntries makes own properties, also of a column that is called __proto__.
  if (ys.length === 0) return Object.fromEntries(xs);
  return { xs: Object.fromEntries(xs), ys: Object.fromEntries(ys) };
}

function valueIn(field: string, config: ColumnConfig | undefined, where: () => string): CsvValue {
  if (field.trim() === "" && !(config?.dtype === "string" && field !== "")) {
    if (config?.default !== undefined) {
      return typeof config.default === "boolean" ? Number(config.default) : config.default;
    }
    if (config?.required !== true && config?.isLabel !== true) return undefined;
    throw new FormatError(`${where()} is empty. Expected a value; give the column a default.`);
  }
  const number = Number(field);
  switch (config?.dtype) {
    case undefined:
      return Number.isNaN(number) ? field : number;
    case "string":
      return field;
    case "bool":
      return ["1", "true"].includes(field.trim().toLowerCase()) ? 1 : 0;
    default:
      if (!Number.isNaN(number)) return config?.dtype === "int32" ? Math.floor(number) : number;
      if (config?.dtype === "float32" && field.trim().toLowerCase() === "nan") return Number.NaN;
      throw new FormatError(`${where()} is ${JSON.stringify(field)}. Expected a number.`);
  }
}
