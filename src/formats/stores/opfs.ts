import { StoreError, UnsupportedError } from "../../errors.ts";
import { PREFIX_BYTES } from "../safetensors/header-text.ts";
import { toBlob } from "./blob.ts";
import { failureName, inBrowser } from "./browser-failure.ts";
import type { ModelInfo, ModelStore } from "./store.ts";

export function hasOpfs(): boolean {
  return typeof globalThis.navigator?.storage?.getDirectory === "function";
}

/**
 * A model as a file of the browser's own file system (OPFS), under a path of folders, which are made. A file without
 * content counts as none: browsers make the file first, and put the content in its place when all of it is written.
 */
export function opfsStore(path: string): ModelStore {
  const name = `opfs://${path}`;
  const folders = path.split("/");
  const file = folders.pop() ?? "";
  return {
    name,
    read: () =>
      inBrowser({ doing: "read", name }, async () => {
        const handle = await (await folderAt(folders)).getFileHandle(file);
        const content = await handle.getFile();
        if (content.size > 0) return new Uint8Array(await content.arrayBuffer());
        throw new StoreError(
          `Cannot read ${name}: the file is empty. Its first save was broken off.`,
        );
      }),
    write: (bytes) =>
      inBrowser({ doing: "write", name }, async () => {
        const folder = await folderAt(folders, { create: true });
        await writeWhole(await folder.getFileHandle(file, { create: true }), bytes);
      }),
    exists: () =>
      inBrowser({ doing: "look for", name }, () =>
        unlessMissing(false, async () => {
          const handle = await (await folderAt(folders)).getFileHandle(file);
          return (await handle.getFile()).size > 0;
        }),
      ),
    remove: () =>
      inBrowser({ doing: "remove", name }, () =>
        unlessMissing(undefined, async () => (await folderAt(folders)).removeEntry(file)),
      ),
  };
}

/** The models of the browser's file system, by URL: an application keeps other files there too. */
export function listOpfs(): Promise<[url: string, info: ModelInfo][]> {
  return inBrowser({ doing: "list", name: "opfs://" }, async () => {
    const found: [string, ModelInfo][] = [];
    await collect(await folderAt([]), { path: "opfs://", found });
    return found;
  });
}

async function collect(
  folder: FileSystemDirectoryHandle,
  { path, found }: { path: string; found: [string, ModelInfo][] },
): Promise<void> {
  for await (const [name, handle] of folder) {
    if (handle.kind === "directory") {
      await collect(handle, { path: `${path}${name}/`, found });
      continue;
    }
    const file = await handle.getFile();
    if (!(await looksLikeSafetensors(file))) continue;
    found.push([`${path}${name}`, { dateSaved: new Date(file.lastModified), bytes: file.size }]);
  }
}

/** By the first nine bytes: a length that lies within the file, then "{". */
async function looksLikeSafetensors(file: Blob): Promise<boolean> {
  const start = new DataView(await file.slice(0, PREFIX_BYTES + 1).arrayBuffer());
  if (start.byteLength <= PREFIX_BYTES) return false;
  return (
    start.getBigUint64(0, true) <= file.size - PREFIX_BYTES && start.getUint8(PREFIX_BYTES) === 0x7b
  );
}

async function folderAt(
  folders: readonly string[],
  options: FileSystemGetDirectoryOptions = {},
): Promise<FileSystemDirectoryHandle> {
  let folder = await navigator.storage.getDirectory();
  for (const name of folders) folder = await folder.getDirectoryHandle(name, options);
  return folder;
}

/** Puts the content in place at `close`, as a whole. */
async function writeWhole(handle: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  if (typeof handle.createWritable !== "function") {
    throw new UnsupportedError(
      "This browser cannot replace a file of its file system as a whole (createWritable). Save to indexeddb:// instead.",
    );
  }
  const writable = await handle.createWritable();
  try {
    // As a Blob: of bytes beyond the quota Chromium sometimes says only that a pipe broke, not that space ran out.
    await writable.write(toBlob(bytes));
    await writable.close();
  } catch (error) {
    // The first failure counts; abort() fails too where the stream has ended already.
    await writable.abort().catch(() => undefined);
    throw error;
  }
}

async function unlessMissing<T>(missing: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (failureName(error) === "NotFoundError") return missing;
    throw error;
  }
}
