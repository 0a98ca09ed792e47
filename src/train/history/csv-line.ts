/**
 * A record of a CSV file without its end: cells with separators, quotes or line ends are quoted; what is missing is an empty
 * cell. RFC 4180.
 */
export function csvLine(
  cells: readonly (string | number | undefined)[],
  separator: string = ",",
): string {
  const quoted = cells.map((cell) => {
    const text = String(cell ?? "");
    const isPlain = !text.includes(separator) && !/["\r\n]/.test(text);
    return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
  });
  return quoted.join(separator);
}

/** The cells of one record. */
export function csvCells(line: string, separator: string = ","): string[] {
  const cells: string[] = [];
  let at = 0;
  while (at <= line.length) {
    const isQuoted = line[at] === '"';
    const end = isQuoted ? endOfQuotes(line, at) : at;
    const next = line.indexOf(separator, end);
    const stop = next === -1 ? line.length : next;
    const text = line.slice(at, stop);
    cells.push(isQuoted ? text.slice(1, -1).replaceAll('""', '"') : text);
    at = stop + 1;
  }
  return cells;
}

/** Where the quotes that open at `from` are closed; doubled ones do not. */
function endOfQuotes(line: string, from: number): number {
  for (let at = from + 1; at < line.length; at++) {
    if (line[at] !== '"') continue;
    if (line[at + 1] !== '"') return at;
    at++;
  }
  return line.length;
}
