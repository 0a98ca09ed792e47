import type { Files } from "../../gpu/platform.ts";
import type { ModelStore } from "./store.ts";

/** A file of the place that the program runs in. */
export function fileStore(path: string, files: Files): ModelStore {
  return {
    name: path,
    read: () => files.read(path),
    write: (bytes) => files.replace(path, bytes),
    exists: () => files.exists(path),
    remove: () => files.remove(path),
    locate: () => files.locate(path),
  };
}
