import { ArgumentError, FormatError } from "../../errors.ts";
import { describeValue } from "../../names/describe.ts";
import type { StoredDType } from "./dtypes.ts";
import { parseHeader } from "./header.ts";
import { PREFIX_BYTES } from "./header-text.ts";

/** The longest header that the format allows, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;

/** A tensor as a file holds it. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** Elements in row-major order, little-endian. Where it was decoded: a view of the file, not a copy. */
  readonly bytes: Uint8Array;
}

/** What a safetensors file holds. */
export interface StoredTensors {
  /** By name, in the order of the data. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Opens a file of the safetensors format. Every rule of the format is checked before a tensor is handed out, and
 * nothing is allocated in proportion to what the header claims. Names are keys of Maps, never of objects.
 *
 * Stricter than some readers: keys that come twice, keys other than `dtype`, `shape` and `data_offsets`, and numbers
 * that are not plain digits are refused.
 *
 * @param options.source What the file is called; begins every message. Default `"safetensors"`.
 * @throws {FormatError} saying which byte or tensor breaks which rule.
 * @example
 * const { tensors, metadata } = decodeSafetensors(await openStore("model.safetensors").read());
 * for (const [name, { dtype, shape }] of tensors) console.log(name, dtype, shape);
 * @see https://github.com/huggingface/safetensors#format
 */
export function decodeSafetensors(
  file: Uint8Array,
  { source = "safetensors" }: { readonly source?: string } = {},
): StoredTensors {
  if (!(file instanceof Uint8Array)) {
    throw new ArgumentError(
      `${source}: received ${describeValue(file)}. Expected a file's content as Uint8Array.`,
    );
  }
  // Without the methods of Node's Buffer, whose slice() is a view.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.length);
  const dataStart = PREFIX_BYTES + headerLength(bytes, source);
  const text = headerText(bytes.subarray(PREFIX_BYTES, dataStart), source);
  const dataBytes = bytes.length - dataStart;
  const { entries, metadata } = parseHeader(text, { source, dataBytes });
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const content = bytes.subarray(dataStart + begin, dataStart + end);
    tensors.set(name, { name, dtype, shape, bytes: content });
  }
  return { tensors, metadata };
}

/** The checked length of the header. */
function headerLength(bytes: Uint8Array, source: string): number {
  if (bytes.length < PREFIX_BYTES) {
    throw new FormatError(
      `${source}: received ${bytes.length} bytes. Expected at least the ${PREFIX_BYTES} that hold the length of ` +
        `the header.${otherFormat(bytes)}`,
      { details: { byte: 0, received: bytes.length, expected: PREFIX_BYTES } },
    );
  }
  const prefix = new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES);
  const length = prefix.getBigUint64(0, true);
  const limit = Math.min(MAX_HEADER_BYTES, bytes.length - PREFIX_BYTES);
  if (length > limit) {
    const why =
      length > MAX_HEADER_BYTES
        ? "the most that the format allows"
        : "what the file has behind it: the file is cut off, or of another format";
    throw new FormatError(
      `${source}: byte 0: received ${length} as length of the header. Expected at most ${limit}, ${why}.` +
        otherFormat(bytes),
      { details: { byte: 0, received: String(length), expected: limit } },
    );
  }
  return Number(length);
}

function headerText(header: Uint8Array, source: string): string {
  if (header[0] !== 0x7b) {
    const received = header[0] === undefined ? "an empty header" : `byte 0x${hex(header[0])}`;
    throw new FormatError(
      `${source}: byte ${PREFIX_BYTES} (header): received ${received}. Expected "{" as its first character.`,
      { details: { byte: PREFIX_BYTES, received: header[0], expected: 0x7b } },
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    throw new FormatError(`${source}: the header is not UTF-8. Expected JSON in UTF-8.`, { cause });
  }
}

/** How files begin that are often taken for one of these. */
const OTHER_FORMATS: readonly (readonly [start: string, advice: string])[] = [
  ["PK\x03\x04", "This is a zip archive, as .keras and PyTorch's .pt files are"],
  ["\x89HDF", "This is an HDF5 file, as Keras's .h5 files are"],
  ["version https://git-lfs", "This is a pointer of Git LFS, not the file itself"],
  ["<", "This looks like a page of HTML: the address may be wrong"],
  ["{", "This looks like JSON: TF.js's model.json has its weights in other files"],
];

/** A sentence for a file that is known to be of another format, else "". */
function otherFormat(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 32));
  const found = OTHER_FORMATS.find(([mark]) => start.startsWith(mark));
  return found === undefined ? "" : ` ${found[1]}.`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
