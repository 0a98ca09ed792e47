import { StoreError } from "../../errors.ts";
import { inBrowser } from "./browser-failure.ts";
import type { ModelInfo, ModelStore } from "./store.ts";

const DATABASE = "sluice";
/** What there is: `ModelInfo` by name. A list reads nothing else. */
const INFOS = "infos";
/** What it holds: bytes by [name, number of the chunk]. */
const CHUNKS = "chunks";
/**
 * Bytes and no Blob: of 221 pages of Chromium 153 that were closed amid saving a Blob (its data in memory), 7 left an
 * entry that could never be read again (NotReadableError); of 155 with chunks of this size none did. Chromium makes Blobs
 * of large values too, from about 64 KiB on, so chunks stay below.
 */
const CHUNK_BYTES = 32 * 1024;

export function hasIndexedDb(): boolean {
  return typeof indexedDB !== "undefined";
}

/** A model in the browser's database, which pages and workers of one site share. */
export function indexedDbStore(key: string): ModelStore {
  const name = `indexeddb://${key}`;
  return {
    name,
    read: () =>
      inBrowser({ doing: "read", name }, async () => {
        const [info, chunks] = await transact("readonly", ({ infos, chunks }) => [
          infos.get(key) as IDBRequest<ModelInfo | undefined>,
          chunks.getAll(chunksOf(key)) as IDBRequest<Uint8Array[]>,
        ]);
        if (info.result !== undefined) return joined(chunks.result, info.result.bytes);
        throw new StoreError(
          `Cannot read ${name}: there is no such model; io.listModels() tells which there are.`,
        );
      }),
    write: (bytes) =>
      inBrowser({ doing: "write", name }, async () => {
        const info: ModelInfo = { bytes: bytes.length, dateSaved: new Date() };
        await transact("readwrite", ({ infos, chunks }) => {
          chunks.delete(chunksOf(key));
          for (let i = 0; i * CHUNK_BYTES < bytes.length; i++) {
            chunks.put(bytes.slice(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES), [key, i]);
          }
          return [infos.put(info, key)];
        });
      }),
    exists: () =>
      inBrowser({ doing: "look for", name }, async () => {
        const [count] = await transact("readonly", ({ infos }) => [infos.count(key)]);
        return count.result > 0;
      }),
    remove: () =>
      inBrowser({ doing: "remove", name }, async () => {
        await transact("readwrite", ({ infos, chunks }) => [
          chunks.delete(chunksOf(key)),
          infos.delete(key),
        ]);
      }),
  };
}

/** All models of the database, by URL. */
export function listIndexedDb(): Promise<[url: string, info: ModelInfo][]> {
  return inBrowser({ doing: "list", name: "indexeddb://" }, async () => {
    const [keys, found] = await transact("readonly", ({ infos }) => [
      infos.getAllKeys(),
      infos.getAll() as IDBRequest<ModelInfo[]>,
    ]);
    return found.result.map((info, i) => [`indexeddb://${keys.result[i]}`, info]);
  });
}

/** The keys of all chunks of a model: behind a number IndexedDB sorts lists, also the empty one. */
function chunksOf(key: string): IDBKeyRange {
  return IDBKeyRange.bound([key], [key, []]);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Requests in one transaction: they happen all, or not at all. Resolves once they are on the disk. */
async function transact<Requests extends readonly IDBRequest[]>(
  mode: IDBTransactionMode,
  make: (stores: { infos: IDBObjectStore; chunks: IDBObjectStore }) => readonly [...Requests],
): Promise<readonly [...Requests]> {
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction([INFOS, CHUNKS], mode, { durability: "strict" });
      const [infos, chunks] = [transaction.objectStore(INFOS), transaction.objectStore(CHUNKS)];
      let requests: readonly [...Requests];
      try {
        requests = make({ infos, chunks });
      } catch (error) {
        // Left alone it would commit what was asked for so far.
        transaction.abort();
        throw error;
      }
      transaction.oncomplete = () => resolve(requests);
      // A failed request ends its transaction; a full disk shows at the end of the transaction only.
      transaction.onabort = () =>
        reject(transaction.error ?? new DOMException("The transaction was ended.", "AbortError"));
    });
  } finally {
    database.close();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(INFOS);
      request.result.createObjectStore(CHUNKS);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
