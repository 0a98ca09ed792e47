import { platform } from "#platform";
import { ArgumentError } from "../../errors.ts";
import type { Files } from "../../gpu/platform.ts";
import { describeValue } from "../../names/describe.ts";

/**
 * Where a logger writes: a path (or `file:` URL) in Node; anywhere a function that takes each line, without its end, and is
 * waited for, or a stream of text, which stays open.
 */
export type LogTarget =
  | string
  | URL
  | ((line: string) => void | Promise<void>)
  | WritableStream<string>;

/** Writes lines to one place. */
export class LineTarget {
  readonly #lineEnd: string;
  readonly #sink: Sink;
  #writer: WritableStreamDefaultWriter<string> | null = null;

  /** @throws {ArgumentError} for what is no such place, and for a path where there are no files. */
  constructor(label: string, target: LogTarget, lineEnd: string) {
    this.#lineEnd = lineEnd;
    this.#sink = sinkOf(label, target);
  }

  /** The whole text that is there already; "" where there is none, or where it cannot be known. */
  async existing(): Promise<string> {
    if (this.#sink.kind !== "file") return "";
    const { files, path } = this.#sink;
    return (await files.exists(path)) ? new TextDecoder().decode(await files.read(path)) : "";
  }

  /** Ends a line that is not complete: a process that was killed may have left half of one. */
  async endLine(): Promise<void> {
    if (/[^\r\n]$/.test(await this.existing())) await this.add("");
  }

  /** Empties the file; what was given to a function or a stream is gone. */
  async clear(): Promise<void> {
    if (this.#sink.kind === "file") await this.#sink.files.replace(this.#sink.path, EMPTY);
  }

  /** Adds a line, which may be empty. */
  async add(line: string): Promise<void> {
    switch (this.#sink.kind) {
      case "file":
        return this.#sink.files.append(this.#sink.path, line + this.#lineEnd);
      case "function":
        return this.#sink.take(line);
      case "stream":
        this.#writer ??= this.#sink.stream.getWriter();
        return this.#writer.write(line + this.#lineEnd);
    }
  }

  /** Lets others write to the stream. */
  release(): void {
    this.#writer?.releaseLock();
    this.#writer = null;
  }
}

const EMPTY = new Uint8Array(0);

type Sink =
  | { readonly kind: "file"; readonly files: Files; readonly path: string }
  | { readonly kind: "function"; readonly take: (line: string) => void | Promise<void> }
  | { readonly kind: "stream"; readonly stream: WritableStream<string> };

function sinkOf(label: string, target: LogTarget): Sink {
  if (typeof target === "function") return { kind: "function", take: target };
  if ((typeof target === "string" && target !== "") || target instanceof URL) {
    const { files } = platform;
    if (files !== undefined) return { kind: "file", files, path: String(target) };
    throw new ArgumentError(
      `${label}: received the path ${JSON.stringify(String(target))}, but a page has no files. Expected a function ` +
        "that takes the lines: (line) => lines.push(line), or a WritableStream.",
    );
  }
  if (isStream(target)) return { kind: "stream", stream: target };
  throw new ArgumentError(
    `${label}: received ${describeValue(target)}. Expected a path, a function that takes the lines: ` +
      "(line) => console.log(line), or a WritableStream.",
  );
}

function isStream(target: unknown): target is WritableStream<string> {
  const { getWriter } = (target ?? {}) as Partial<WritableStream<string>>;
  return typeof getWriter === "function";
}
