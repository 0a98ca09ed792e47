import { decodeSafetensors, encodeSafetensors, io, openStore } from "../../src/formats/index.ts";

/** What stores.full.test.ts has a page do. Files are made of a tensor that begins with a number. */
function fileOf(first: number, size = 4): Uint8Array {
  const data = Float32Array.from({ length: size }, (_, i) => first + i);
  return encodeSafetensors([{ name: "w", dtype: "float32", shape: [size], data }]);
}

/** The first number of a file, which is checked as a whole. */
function firstOf(file: Uint8Array): number {
  const bytes = decodeSafetensors(file).tensors.get("w")?.bytes.slice() ?? new Uint8Array(4);
  const numbers = new Float32Array(bytes.buffer);
  const [first = Number.NaN] = numbers;
  return numbers.every((value, i) => value === first + i) ? first : Number.NaN;
}

export function isSecure(): boolean {
  return globalThis.isSecureContext;
}

/** Absent, written, replaced, read, removed. */
export async function lifeOf(url: string) {
  const store = openStore(url);
  const before = await store.exists?.();
  await store.write(fileOf(1, 100_000));
  await store.write(fileOf(2));
  const [there, read] = [await store.exists?.(), firstOf(await openStore(url).read())];
  await store.remove?.();
  await store.remove?.();
  return { before, there, read, after: await store.exists?.() };
}

/** The message of what fails. */
export async function failureOf(
  action: "read" | "write" | "open",
  url: string,
  size?: number,
): Promise<string> {
  try {
    const store = openStore(url);
    if (action === "read") await store.read();
    if (action === "write") await store.write(fileOf(2, size));
    return "it did not fail";
  } catch (error) {
    return String(error);
  }
}

/** What happens when the last request of a transaction throws, or when the browser ends it after that request. */
export async function failureOfBrokenWrite(url: string, how: "throw" | "abort"): Promise<string> {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value: unknown, key) {
    const isLast = !(value instanceof Uint8Array);
    if (isLast && how === "throw") throw new DOMException("no more", "QuotaExceededError");
    const request = put.call(this, value, key);
    if (isLast) this.transaction.abort();
    return request;
  };
  try {
    return await failureOf("write", url);
  } finally {
    IDBObjectStore.prototype.put = put;
  }
}

export async function write(url: string, first: number, size?: number): Promise<void> {
  await openStore(url).write(fileOf(first, size));
}

export async function read(url: string): Promise<number> {
  return firstOf(await openStore(url).read());
}

export const { copyModel, moveModel, removeModel } = io;

/** Sizes, and whether each was saved within the last minute. */
export async function list(): Promise<Record<string, { bytes: number; isFresh: boolean }>> {
  const models = Object.entries(await io.listModels());
  return Object.fromEntries(
    models.map(([url, { bytes, dateSaved }]) => {
      const isFresh = Math.abs(Date.now() - dateSaved.getTime()) < 60_000;
      return [url, { bytes, isFresh }];
    }),
  );
}

/** A file of the application's own, beside the models. */
export async function writeNotes(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const writable = await (await root.getFileHandle("notes.txt", { create: true })).createWritable();
  await writable.write("this is no model");
  await writable.close();
}

/** Saves for ever, two sizes in turns; the page is closed meanwhile. */
export async function saveForever(url: string): Promise<void> {
  for (let i = 0; ; i++) await write(url, i % 2 === 0 ? 10 : 20, i % 2 === 0 ? 500_000 : 300_000);
}

/** The same life in a worker, and whether downloads say there that they need a page. */
export function inWorker(url: string): Promise<unknown> {
  const worker = new Worker(new URL("./stores.worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(url);
  }).finally(() => worker.terminate());
}
