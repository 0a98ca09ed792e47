import { ArgumentError } from "../../errors.ts";
import { describeValue } from "../../names/describe.ts";
import { type ModelStore, readOnly, writeOnly } from "./store.ts";

/** Bytes as applications hold them. */
export type Bytes = Uint8Array | ArrayBuffer | Blob;

/**
 * A place of one's own: an object with `write`, `read`, or both (as with TF.js's IOHandler, but with the bytes of a
 * file). `ModelStore`s are such objects too.
 *
 * @example
 * const kept = new Map<string, Uint8Array>();
 * const handler = {
 *   write: async (bytes: Uint8Array) => void kept.set("model", bytes),
 *   read: async () => kept.get("model") ?? new Uint8Array(),
 * };
 */
export interface ModelHandler {
  /** Begins messages. Default: `"the given store"`. */
  readonly name?: string;
  read?(): Promise<Bytes> | Bytes;
  write?(bytes: Uint8Array): Promise<unknown> | unknown;
  exists?(): Promise<boolean>;
  remove?(): Promise<void>;
}

export function isBytes(target: unknown): target is Bytes {
  return target instanceof Uint8Array || target instanceof ArrayBuffer || target instanceof Blob;
}

/** Content that is in hand: a File that somebody chose, a Blob, bytes. */
export function bytesStore(content: Bytes): ModelStore {
  const name = nameOf(content);
  return {
    name,
    read: () => bytesOf(content, name),
    ...readOnly(name, "Save without a target for a new Blob."),
  };
}

export function isHandler(target: unknown): target is ModelHandler {
  if (typeof target !== "object" || target === null) return false;
  const { read, write } = target as ModelHandler;
  return typeof read === "function" || typeof write === "function";
}

/** A place of the application's own. What its functions throw goes through unchanged. */
export function handlerStore(handler: ModelHandler): ModelStore {
  const name = handler.name ?? "the given store";
  return {
    name,
    ...writeOnly(name, "Give it a function read()."),
    ...readOnly(name, "Give it a function write(bytes)."),
    ...(handler.read && { read: async () => bytesOf(await handler.read?.(), name) }),
    ...(handler.write && {
      write: async (bytes: Uint8Array) => void (await handler.write?.(bytes)),
    }),
    ...(handler.exists && { exists: async () => (await handler.exists?.()) ?? false }),
    ...(handler.remove && { remove: async () => void (await handler.remove?.()) }),
  };
}

async function bytesOf(content: unknown, name: string): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content;
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  if (content instanceof Blob) return new Uint8Array(await content.arrayBuffer());
  throw new ArgumentError(
    `${name}: read() gave ${describeValue(content)}. Expected a file's content as Uint8Array, ArrayBuffer or Blob.`,
  );
}

function nameOf(content: Bytes): string {
  const fileName: unknown = "name" in content ? content.name : undefined;
  if (typeof fileName === "string" && fileName !== "") return fileName;
  return content instanceof Blob ? "the given Blob" : "the given bytes";
}
