import { resolve } from "node:path";
import { StoreError } from "../errors.ts";

/** What is done to a file, for messages: `{ doing: "read", path }`. */
export interface FileWork {
  readonly doing: string;
  readonly path: string;
}

/** What to do about a failure of the system, by its code. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file or folder. Check the path.",
  ENOTDIR: "A part of the path is a file. Expected folders up to the last part.",
  EISDIR: "This is a folder. Expected the path of a file, like model.safetensors.",
  EACCES:
    "The right is missing. To write needs a folder that may be written to: the new file is made beside the old.",
  EPERM: "The system forbids it. Check the owner and the attributes of file and folder.",
  EROFS: "The file system is read-only. Choose another place.",
  ENOSPC:
    "There is no space left. The file that was there is unchanged; make room, or choose another place.",
  EDQUOT:
    "The quota is used up. The file that was there is unchanged; make room, or choose another place.",
  EMFILE: "Too many files are open. Close some, or raise the limit (ulimit -n).",
  ELOOP: "The links of this path lead in a circle.",
  ENAMETOOLONG: "The name is longer than the file system allows.",
  ERR_FS_FILE_TOO_LARGE: "Node reads files of up to 2 GiB. Save the model in parts.",
};

/**
 * Runs work on a file.
 * @throws {StoreError} when the system fails.
 */
export async function during<T>({ doing, path }: FileWork, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = codeOf(cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = Object.hasOwn(ADVICE, code) ? ` ${ADVICE[code]}` : "";
    throw new StoreError(`Cannot ${doing} ${nameOf(path)}: ${reason}.${advice}`, {
      cause,
      details: { path, code },
    });
  }
}

/** The system's code of a failure, `"ENOENT"`; "" where it has none. */
export function codeOf(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** In full: a relative path alone does not say where it was looked for. */
function nameOf(path: string): string {
  return path.startsWith("file:") ? path : resolve(path);
}
