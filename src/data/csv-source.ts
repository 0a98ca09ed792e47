import { platform } from "#platform";
import { ArgumentError, FormatError, StoreError } from "../errors.ts";
import { describeValue } from "../names/describe.ts";

/** Pieces of a file: bytes, or text that is decoded already. */
export type Pieces = AsyncIterable<Uint8Array | string> | ReadableStream<Uint8Array | string>;

/**
 * Where a CSV text comes from: a URL, in Node also a path, a `Blob` (a `File`), text in memory, or a function that
 * opens a stream of pieces; it is called at the start of every pass.
 */
export type CsvSource =
  | string
  | URL
  | Blob
  | { readonly text: string }
  | (() => Pieces | Promise<Pieces>);

/** What a source is called in messages. */
export function nameOfSource(source: CsvSource): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  return source instanceof Blob && "name" in source ? String(source.name) : "the text";
}

/** @throws {ArgumentError} for what is no source. */
export function checkSource(source: unknown): void {
  if (typeof source === "string") {
    if (!/[\r\n]/.test(source)) return;
    throw new ArgumentError(
      "data.csv: received text of several lines, where a URL or a path is expected. Give text as data.csv({ text }).",
    );
  }
  const isText =
    typeof source === "object" &&
    source !== null &&
    "text" in source &&
    typeof source.text === "string";
  if (isText || source instanceof URL || source instanceof Blob) return;
  if (typeof source === "function") return;
  throw new ArgumentError(
    `data.csv: received ${describeValue(source)}. Expected a URL, a path (in Node), a Blob, { text }, or a function ` +
      "that opens a stream.",
  );
}

/**
 * The text of a source in pieces, without its byte order mark. What is opened is closed at the end, and when the
 * reader stops early.
 *
 * @throws {StoreError} when a file cannot be read or a URL fetched; {FormatError} when the bytes are not of the encoding.
 */
export async function* openText(source: CsvSource, encoding: string): AsyncGenerator<string> {
  const name = nameOfSource(source);
  const decoder = decoderFor(encoding);
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw new FormatError(
        `data.csv: ${name} is not text in ${encoding}. Give the encoding it has: { encoding: "windows-1252" }.`,
        { cause },
      );
    }
  };
  let isFirst = true;
  for await (const piece of await open(source)) {
    const text = typeof piece === "string" ? piece : decode(piece);
    if (text === "") continue;
    yield isFirst && text.startsWith("\ufeff") ? text.slice(1) : text;
    isFirst = false;
  }
  const end = decode();
  if (end !== "") yield end;
}

/** @throws {ArgumentError} for an encoding that nobody knows. */
export function decoderFor(encoding: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw new ArgumentError(
      `data.csv: received ${describeValue(encoding)} as encoding. Expected a name such as "utf-8" or "windows-1252".`,
      { cause },
    );
  }
}

async function open(source: CsvSource): Promise<AsyncIterable<Uint8Array | string>> {
  if (typeof source === "function") return iterable(await source());
  if (source instanceof Blob) return iterable(source.stream());
  if (typeof source === "string" || source instanceof URL) return openAddress(String(source));
  return (async function* () {
    yield source.text;
  })();
}

async function openAddress(address: string): Promise<AsyncIterable<Uint8Array>> {
  const isFetched = platform.files === undefined || /^(https?|data|blob):/i.test(address);
  if (!isFetched && platform.files !== undefined) return platform.files.open(address);
  let response: Response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw new StoreError(
      `data.csv: ${address} cannot be fetched. Expected a server that can be reached and, from pages of another site, ` +
        "one that allows it (CORS).",
      { cause, details: { url: address } },
    );
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new StoreError(
      `data.csv: ${address} answered ${response.status} ${response.statusText}. Expected a file.`,
      { details: { url: address, status: response.status } },
    );
  }
  return iterable(response.body);
}

/** Not every browser iterates over streams. */
async function* iterable<T>(pieces: AsyncIterable<T> | ReadableStream<T>): AsyncGenerator<T> {
  if (!("getReader" in pieces)) {
    yield* pieces;
    return;
  }
  const reader = pieces.getReader();
  let isOpen = true;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        isOpen = false;
        return;
      }
      yield value;
    }
  } finally {
    if (isOpen) await reader.cancel();
  }
}
