import type { Canonical } from "../compiler/canonical.ts";
import { DisposedError, SluiceError, StaleReadError } from "../errors.ts";
import type { Storage } from "../graph/storage.ts";
import type { MemoryBook } from "./memory-book.ts";

/** @throws {SluiceError} when a storage belongs to another engine; this comes before all else that is wrong with it. */
export function checkOwner(storage: Storage, book: MemoryBook): void {
  if (storage.owner === book) return;
  throw new SluiceError(
    "engine",
    `"${storage.name}" belongs to another engine: it was made before init() was given a device or options, or on a ` +
      "device that is lost. Tensors of two devices do not mix: bring the data over with await t.data(), or make " +
      "them after init().",
    { details: { name: storage.name } },
  );
}

/** @throws when a leaf reads content that has changed since, or memory that is gone. */
export function checkFresh({ leaves }: Canonical, book: MemoryBook): void {
  for (const { source, value } of leaves) {
    if (source.kind !== "storage") continue;
    const { storage, version } = source;
    checkOwner(storage, book);
    if (storage.disposed || !book.has(storage)) {
      throw new DisposedError(
        `"${storage.name}" was disposed, but a tensor that is evaluated now still reads it. Evaluate ` +
          "before you dispose: `await t.data()`.",
      );
    }
    if (storage.kind !== "result" && storage.version !== version) {
      throw new StaleReadError(
        `A lazy tensor reads ${storage.kind === "variable" ? "variable " : ""}"${storage.name}" as it was before it ` +
          `changed (version ${version}, now ${storage.version})${value.node.scope ? `, recorded in ${value.node.scope}` : ""}. ` +
          "Evaluate it before the update (await t.data()), or return it from the function that updates.",
        { details: { variable: storage.name, read: version, now: storage.version } },
      );
    }
  }
}
