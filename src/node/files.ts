import {
  access,
  appendFile,
  type FileHandle,
  mkdir,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Files } from "../gpu/platform.ts";
import { draftIn, removeStaleDrafts } from "./drafts.ts";
import { codeOf, during } from "./file-errors.ts";

/** What is read at a time of a file that may be larger than memory. */
const PIECE_BYTES = 256 * 1024;

/** The file system of Node. */
export const files: Files = {
  read: (path) =>
    during({ doing: "read", path }, async () => {
      const { buffer, byteOffset, length } = await readFile(pathOf(path));
      return new Uint8Array(buffer, byteOffset, length);
    }),

  async *open(path) {
    const work = { doing: "read", path };
    const handle = await during(work, () => open(pathOf(path), "r"));
    try {
      for (;;) {
        const piece = new Uint8Array(PIECE_BYTES);
        const { bytesRead } = await during(work, () => handle.read(piece, 0, PIECE_BYTES));
        if (bytesRead === 0) return;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  },

  replace: (path, content) =>
    during({ doing: "write", path }, async () => {
      await makeFolderOf(pathOf(path));
      const target = await followLinks(pathOf(path));
      const mode = await modeOf(target);
      const folder = dirname(target);
      await removeStaleDrafts(folder);
      // Beside the target: only within one file system a rename puts the whole file in place at once.
      const draft = draftIn(folder);
      try {
        await writeThrough(draft, { content, mode });
        await rename(draft, target);
      } catch (error) {
        // The first failure counts; where nothing can be removed, the next save does it.
        await rm(draft, { force: true }).catch(() => undefined);
        throw error;
      }
      await syncFolder(folder);
    }),

  append: (path, text) =>
    during({ doing: "write", path }, async () => {
      await makeFolderOf(pathOf(path));
      await appendFile(pathOf(path), text);
    }),

  exists: (path) =>
    during({ doing: "look for", path }, async () => {
      try {
        await access(pathOf(path));
        return true;
      } catch (error) {
        if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return false;
        throw error;
      }
    }),

  locate: (path) => during({ doing: "find", path }, () => followLinks(pathOf(path))),

  remove: (path) => during({ doing: "remove", path }, () => rm(pathOf(path), { force: true })),
};

/** Hours of training must not be lost for a folder that nobody made. */
async function makeFolderOf(path: string): Promise<void> {
  await makeFolder(dirname(path));
}

/**
 * With the folders above it. Not by `mkdir(…, { recursive: true })`: where a system says of a new folder that there is no
 * such thing (Linux in /proc does), that never ends.
 */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const above = dirname(folder);
  if (above !== folder) await makeFolder(above);
  try {
    await mkdir(folder);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!(await isFolder(folder))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}

function pathOf(path: string): string {
  return path.startsWith("file:") ? fileURLToPath(path) : path;
}

/** Where a path leads, through links; the file itself need not be there. */
async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  // Not by resolve(): it takes ".." away before links are followed, and may end in another folder.
  const folder = await realpath(dirname(path));
  const direct = join(folder, basename(path));
  const link = await readlink(direct).catch(() => null);
  if (link === null) return direct;
  return followLinks(isAbsolute(link) ? link : `${folder}/${link}`);
}

/** The permissions of the file that is replaced; undefined where there is none. */
async function modeOf(target: string): Promise<number | undefined> {
  let found: Awaited<ReturnType<typeof stat>>;
  try {
    found = await stat(target);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  if (found.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
  // A device or a pipe would be gone, with a plain file under its name.
  if (!found.isFile()) throw new Error("is no plain file");
  // A rename asks for no right to the file itself; somebody protected it all the same.
  await (await open(target, "r+")).close();
  return found.mode & 0o7777;
}

/** Writes a file and waits until it is on the disk: a rename must not come there first. */
async function writeThrough(
  path: string,
  { content, mode }: { content: Uint8Array; mode: number | undefined },
): Promise<void> {
  const handle = await open(path, "wx");
  try {
    if (mode !== undefined) await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The rename itself is on the disk once the folder is. Windows opens no folders; it needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, "r");
    await handle.sync();
  } catch (error) {
    // Folders that may be written to but not read, and file systems that know no sync of a folder: the file is in place.
    if (!["EACCES", "EINVAL", "ENOTSUP"].includes(codeOf(error))) throw error;
  } finally {
    await handle?.close();
  }
}
