import { FormatError, UnsupportedError } from "../errors.ts";

/** How the fields of a file are told apart. */
export interface CsvFormat {
  /** One character between two fields. */
  readonly delimiter: string;
  /** What the file is called in messages. */
  readonly name: string;
}

type LineBreak = "\n" | "\r\n" | "\r";

/**
 * The rows of a CSV text that comes in pieces of any size, several rows at a time. Memory holds one piece and the row
 * that is not complete yet.
 *
 * @throws {FormatError} for a quoted field that does not end, or goes on after its closing quote.
 */
export async function* csvRows(
  text: AsyncIterable<string>,
  { delimiter, name }: CsvFormat,
): AsyncGenerator<string[][]> {
  const { Parser } = await loadParser();
  let rest = "";
  let rowCount = 0;
  let newline: LineBreak | null = null;
  // After a piece that completed no row the text has to double before the next try: a long row costs linear time.
  let enough = 0;

  const completeRows = (lineBreak: LineBreak, isEnd: boolean): string[][] => {
    const parser = new Parser({ delimiter, newline: lineBreak });
    const { data, errors, meta } = parser.parse(rest, 0, !isEnd);
    // An error in the last row may only be that it is not complete yet.
    const error = errors.find(({ row }) => row < data.length);
    if (error !== undefined) {
      const row = rowCount + error.row + 1;
      throw new FormatError(
        `data.csv: ${name}, row ${row}: ${error.message}. Expected quotes around a whole field, and quotes inside ` +
          "of it doubled.",
        { details: { row, code: error.code } },
      );
    }
    rowCount += data.length;
    enough = meta.cursor === 0 ? 2 * rest.length : 0;
    rest = rest.slice(meta.cursor);
    return data;
  };

  for await (const piece of text) {
    rest += piece;
    if (rest.length < enough) continue;
    newline ??= firstLineBreak(rest, delimiter);
    if (newline === null) enough = 2 * rest.length;
    else yield completeRows(newline, false);
  }
  newline ??= firstLineBreak(rest, delimiter) ?? (rest.endsWith("\r") ? "\r" : "\n");
  yield completeRows(newline, true);
}

/** The parser comes with the package and loads with the first CSV text. */
async function loadParser() {
  try {
    const { default: papaparse } = await import("papaparse");
    return papaparse;
  } catch (cause) {
    throw new UnsupportedError(
      "data.csv needs the package papaparse, which cannot be loaded here. It is installed with sluice; pages that do not " +
        "bundle need it in their import map.",
      { cause },
    );
  }
}

/** Whether a row is a line with nothing in it. */
export function isBlank(row: readonly string[]): boolean {
  return row.length < 2 && (row[0] ?? "").trim() === "";
}

/** The line break that ends the first row; null while that cannot be told. */
function firstLineBreak(text: string, delimiter: string): LineBreak | null {
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    // A quote opens only where a field begins; inside, each one closes or (doubled) opens again.
    if (c === '"' && (isQuoted || i === 0 || text[i - 1] === delimiter)) isQuoted = !isQuoted;
    else if (c === '"' && text[i - 1] === '"') isQuoted = true;
    else if (!isQuoted && c === "\n") return "\n";
    else if (!isQuoted && c === "\r") {
      if (i + 1 === text.length) return null;
      return text[i + 1] === "\n" ? "\r\n" : "\r";
    }
  }
  return null;
}
