import { ArgumentError, LimitError, ShapeError } from "../../errors.ts";
import { formatShape } from "../../graph/shape.ts";
import { describeValue } from "../../names/describe.ts";
import { MAX_HEADER_BYTES, type StoredTensor } from "./decode.ts";
import { isStoredDType, storedBytes, storedDTypes } from "./dtypes.ts";
import { METADATA_KEY } from "./header.ts";
import { PREFIX_BYTES, quote } from "./header-text.ts";
import { type HostTensor, toStoredTensor } from "./host-tensor.ts";

/** Data begins at a multiple of this, so that a reader may look at elements where they lie. */
const ALIGNMENT = 8;

/** Texts by name, as a plain object or a Map. */
export type Metadata = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/**
 * Writes a file of the safetensors format, byte for byte as the reference implementation does: dtypes with larger
 * elements first, then by name; the header in this order too, with the metadata before it, padded with spaces.
 *
 * @param tensors Elements as bytes of a dtype of the format, or as host data of a dtype of this library. Each name once.
 * @param metadata Written in the order in which it is given; left out when there is none.
 * @throws {ArgumentError} for a name that comes twice, that the format keeps for itself, or that is no Unicode.
 * @throws {ShapeError} when bytes and shape do not agree.
 * @throws {LimitError} when header or file are too large.
 * @example
 * const kernel = { name: "dense/kernel", dtype: "float32", shape: [2], data: Float32Array.of(1, 2) } as const;
 * await openStore("model.safetensors").write(encodeSafetensors([kernel], { format: "pt" }));
 * @see https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors(
  tensors: Iterable<StoredTensor | HostTensor>,
  metadata: Metadata = {},
): Uint8Array {
  const stored = [...tensors].map((tensor) => ("data" in tensor ? toStoredTensor(tensor) : tensor));
  for (const tensor of stored) check(tensor);
  checkNames(stored);
  stored.sort(
    (a, b) =>
      storedDTypes.indexOf(b.dtype) - storedDTypes.indexOf(a.dtype) ||
      compareCodePoints(a.name, b.name),
  );
  const header = new TextEncoder().encode(headerText(stored, metadata));
  const headerBytes = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new LimitError(
      `safetensors: received names and metadata of ${headerBytes} bytes. Expected at most ${MAX_HEADER_BYTES}, the ` +
        "longest header that the format allows.",
    );
  }
  const dataBytes = stored.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const file = allocate(PREFIX_BYTES + headerBytes + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, PREFIX_BYTES);
  file.fill(0x20, PREFIX_BYTES + header.length, PREFIX_BYTES + headerBytes);
  let at = PREFIX_BYTES + headerBytes;
  for (const { bytes } of stored) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/** Written piece by piece: an object has no room for a tensor of the name `__proto__`. */
function headerText(tensors: readonly StoredTensor[], metadata: Metadata): string {
  const members: string[] = [];
  const texts = metadataMembers(metadata);
  if (texts.length > 0) members.push(`"${METADATA_KEY}":{${texts.join()}}`);
  let begin = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    const end = begin + bytes.length;
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join()}],"data_offsets":[${begin},${end}]}`,
    );
    begin = end;
  }
  return `{${members.join()}}`;
}

function metadataMembers(metadata: Metadata): string[] {
  const pairs: Iterable<[string, unknown]> =
    metadata instanceof Map ? metadata : Object.entries(metadata);
  return [...pairs].map(([key, value]) => {
    if (typeof value === "string" && !hasHalfPair(key) && !hasHalfPair(value)) {
      return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
    }
    const received = typeof value === "string" ? "half a surrogate pair" : describeValue(value);
    throw new ArgumentError(
      `safetensors: metadata ${quote(key)}: received ${received}. Expected a string of whole characters; write other ` +
        "things as JSON.",
      { details: { key } },
    );
  });
}

function check({ name, dtype, shape, bytes }: StoredTensor): void {
  if (!isStoredDType(dtype)) {
    throw new ArgumentError(
      `safetensors: tensor ${quote(name)}: received ${describeValue(dtype)} as dtype. Expected one of ` +
        `${storedDTypes.join(", ")}.`,
      { details: { tensor: name, dtype } },
    );
  }
  const isShape = shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
  const expected = isShape ? storedBytes(dtype, shape) : null;
  if (expected !== null && bytes.length === expected) return;
  throw new ShapeError(
    `safetensors: tensor ${quote(name)}: received ${bytes.length} bytes for shape ${formatShape(shape)} of ${dtype}. ` +
      `Expected ${expected === null ? "sizes that are whole and make whole bytes" : `${expected} bytes`}.`,
    { details: { tensor: name, dtype, shape, received: bytes.length, expected } },
  );
}

function checkNames(tensors: readonly StoredTensor[]): void {
  const names = new Set<string>();
  for (const { name } of tensors) {
    const fault = faultOf(name, names);
    if (fault !== null) {
      throw new ArgumentError(
        `safetensors: received ${quote(name)} as name of a tensor, ${fault}. Expected another name.`,
        { details: { name } },
      );
    }
    names.add(name);
  }
}

/** What keeps a tensor from having this name; null when nothing does. */
function faultOf(name: string, taken: ReadonlySet<string>): string | null {
  if (taken.has(name)) return "for the second time";
  if (name === METADATA_KEY) return "which the format keeps for metadata";
  return hasHalfPair(name) ? "which has half a surrogate pair" : null;
}

function hasHalfPair(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/** The order of the names in UTF-8, which is not JavaScript's: that one compares halves of surrogate pairs. */
function compareCodePoints(a: string, b: string): number {
  const [first, second] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  while (true) {
    const [left, right] = [first.next(), second.next()];
    if (left.done === true || right.done === true) {
      return Number(right.done === true) - Number(left.done === true);
    }
    const difference = (left.value.codePointAt(0) ?? 0) - (right.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
}

function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new LimitError(
      `safetensors: a file of ${bytes} bytes does not fit in memory here. Save a smaller model, or in parts.`,
      { cause },
    );
  }
}
