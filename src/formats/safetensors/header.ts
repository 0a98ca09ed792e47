import { FormatError } from "../../errors.ts";
import { formatShape } from "../../graph/shape.ts";
import { nearestName } from "../../names/resolve.ts";
import { isStoredDType, type StoredDType, storedBytes, storedDTypes } from "./dtypes.ts";
import { HeaderText, quote } from "./header-text.ts";

/** The key of a header that is no tensor. */
export const METADATA_KEY = "__metadata__";

/** Where a tensor lies; bytes count from the end of the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the order of the data. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** What the file holds beside the header's text. */
export interface HeaderPlace {
  /** What the file is called; begins every message. */
  readonly source: string;
  /** Bytes behind the header, all of which belong to some tensor. */
  readonly dataBytes: number;
}

/**
 * The checked content of a header.
 * @throws {FormatError} for every rule of the format that it breaks.
 */
export function parseHeader(text: string, { source, dataBytes }: HeaderPlace): Header {
  const reader = new HeaderText(text, source);
  const metadata = new Map<string, string>();
  const entries: TensorEntry[] = [];
  reader.members("the header", (key) => {
    if (key === METADATA_KEY) readMetadata(reader, metadata);
    else entries.push(readEntry(reader, key));
  });
  reader.end();
  for (const entry of entries) checkSize(entry, source);
  // A tensor without elements lies at the beginning of the one that follows it.
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, { source, dataBytes });
  return { entries, metadata };
}

function readMetadata(reader: HeaderText, metadata: Map<string, string>): void {
  reader.members(METADATA_KEY, (key) => {
    metadata.set(key, reader.string(`a string as ${quote(key)} of ${METADATA_KEY}`));
  });
}

function readEntry(reader: HeaderText, name: string): TensorEntry {
  const label = `tensor ${quote(name)}`;
  let dtype: StoredDType | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  reader.members(label, (key) => {
    if (key === "dtype") dtype = readDType(reader, label);
    else if (key === "shape") shape = reader.counts(`shape of ${label}`);
    else if (key === "data_offsets") offsets = reader.counts(`data_offsets of ${label}`);
    else {
      throw reader.failAt(undefined, {
        received: `the key ${quote(key)} in ${label}`,
        expected: "dtype, shape and data_offsets",
      });
    }
  });
  const [begin, end, ...rest] = offsets ?? [];
  if (dtype === undefined || shape === undefined || begin === undefined || end === undefined) {
    throw reader.failAt(undefined, {
      received: `${label} without all of it`,
      expected: "dtype, shape and data_offsets [begin, end]",
    });
  }
  if (rest.length > 0) {
    throw reader.failAt(undefined, {
      received: `${2 + rest.length} data_offsets in ${label}`,
      expected: "two: [begin, end]",
    });
  }
  return { name, dtype, shape, begin, end };
}

function readDType(reader: HeaderText, label: string): StoredDType {
  const given = reader.string(`dtype of ${label}`);
  if (isStoredDType(given)) return given;
  const nearest = given.length > 20 ? null : nearestName(given, storedDTypes);
  const hint = nearest === null ? "" : ` (the nearest is ${nearest})`;
  throw reader.failAt(undefined, {
    received: `${quote(given)} as dtype of ${label}`,
    expected: `one of ${storedDTypes.join(", ")}${hint}`,
  });
}

/** Offsets and shape say the same size. */
function checkSize({ name, dtype, shape, begin, end }: TensorEntry, source: string): void {
  const bytes = storedBytes(dtype, shape);
  if (bytes !== null && end - begin === bytes) return;
  const size = bytes === null ? "no countable number of bytes" : `${bytes} bytes`;
  const shown = shape.length > 8 ? `of rank ${shape.length}` : formatShape(shape);
  throw new FormatError(
    `${source}: tensor ${quote(name)}: received data_offsets [${begin}, ${end}]. ` +
      `Expected a range as large as its shape ${shown} of ${dtype}: ${size}.`,
    { details: { tensor: name, dtype, shape, begin, end, bytes } },
  );
}

/** Tensors lie one behind the other, without holes or overlaps, and fill the file. */
function checkLayout(entries: readonly TensorEntry[], { source, dataBytes }: HeaderPlace): void {
  let free = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== free) {
      throw new FormatError(
        `${source}: tensor ${quote(name)}: received data_offsets [${begin}, ${end}]. Expected it to begin at ` +
          `${free}, where the tensor before it ends: data has no ${begin > free ? "holes" : "overlaps"}.`,
        { details: { tensor: name, begin, end, expected: free } },
      );
    }
    free = end;
  }
  if (free === dataBytes) return;
  throw new FormatError(
    `${source}: received ${dataBytes} bytes of data. Expected ${free}, where the last tensor ends: the file ` +
      `${dataBytes < free ? "is cut off" : "goes on behind its tensors"}.`,
    { details: { received: dataBytes, expected: free } },
  );
}
