import { StoreError } from "../../errors.ts";
import { toBlob } from "./blob.ts";
import { inBrowser } from "./browser-failure.ts";
import type { ModelInfo, ModelStore } from "./store.ts";

const DATABASE = "sluice";
const MODELS = "models";

/** A Blob, because a list of models reads only its size, and because browsers limit the size of other values. */
interface Entry {
  readonly content: Blob;
  readonly dateSaved: Date;
}

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
        const entry = await onModels<Entry | undefined>("readonly", (models) => models.get(key));
        if (entry === undefined) {
          throw new StoreError(
            `Cannot read ${name}: there is no such model; io.listModels() tells which there are.`,
          );
        }
        return new Uint8Array(await entry.content.arrayBuffer());
      }),
    write: (bytes) =>
      inBrowser({ doing: "write", name }, async () => {
        const entry: Entry = { content: toBlob(bytes), dateSaved: new Date() };
        await onModels("readwrite", (models) => models.put(entry, key));
      }),
    exists: () =>
      inBrowser({ doing: "look for", name }, async () => {
        return (await onModels("readonly", (models) => models.count(key))) > 0;
      }),
    remove: () =>
      inBrowser({ doing: "remove", name }, () =>
        onModels("readwrite", (models) => models.delete(key)),
      ),
  };
}

/** All models of the database, by URL. */
export function listIndexedDb(): Promise<[url: string, info: ModelInfo][]> {
  return inBrowser({ doing: "list", name: "indexeddb://" }, async () => {
    const found: [string, ModelInfo][] = [];
    await onModels("readonly", (models) => {
      const request = models.openCursor();
      request.addEventListener("success", () => {
        const cursor = request.result;
        if (cursor === null) return;
        const { content, dateSaved } = cursor.value as Entry;
        found.push([`indexeddb://${cursor.key}`, { dateSaved, bytes: content.size }]);
        cursor.continue();
      });
      return request;
    });
    return found;
  });
}

/** One request in one transaction: it happens as a whole, or not at all. Resolves once it is on the disk. */
async function onModels<T>(
  mode: IDBTransactionMode,
  request: (models: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(MODELS, mode, { durability: "strict" });
      const made = request(transaction.objectStore(MODELS));
      transaction.oncomplete = () => resolve(made.result);
      // A failed request ends its transaction; a full disk shows at the end of the transaction only.
      transaction.onabort = () => reject(transaction.error ?? made.error);
    });
  } finally {
    database.close();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(MODELS);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
