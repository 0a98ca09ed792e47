import { access, appendFile, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Files } from "../gpu/platform.ts";

/** What is read at a time of a file that may be larger than memory. */
const PIECE_BYTES = 256 * 1024;

/** The file system of Node. */
export const files: Files = {
  read: (path) => readFile(pathOf(path)),

  async *open(path) {
    const handle = await open(pathOf(path), "r");
    try {
      for (;;) {
        const piece = new Uint8Array(PIECE_BYTES);
        const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES);
        if (bytesRead === 0) return;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  },

  async replace(path, content) {
    const target = pathOf(path);
    // Beside the target: only within one file system a rename puts the whole file in place at once.
    const draft = `${target}.${process.pid}-${drafts++}.tmp`;
    try {
      await writeThrough(draft, content);
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await syncFolder(dirname(target));
  },

  append: (path, text) => appendFile(pathOf(path), text),

  exists: (path) =>
    access(pathOf(path)).then(
      () => true,
      () => false,
    ),

  remove: (path) => rm(pathOf(path), { force: true }),
};

let drafts = 0;

function pathOf(path: string): string {
  return path.startsWith("file:") ? fileURLToPath(path) : path;
}

/** Writes a file and waits until it is on the disk: a rename must not come there first. */
async function writeThrough(path: string, content: Uint8Array): Promise<void> {
  const handle = await open(path, "w");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The rename itself is on the disk once the folder is. Windows opens no folders; it needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
