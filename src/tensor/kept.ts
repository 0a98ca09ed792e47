import type { Source, Value } from "../graph/node.ts";
import type { Storage } from "../graph/storage.ts";

/** From now on `value` is read from `storage` instead of being computed. */
export function keepAs(value: Value, storage: Storage | null): void {
  if (storage) setKept(value, { kind: "storage", storage, version: storage.version });
}

/** Where a value's data lies, if it lies anywhere: kept after a computation, or there from the start. */
export function sourceOf(value: Value): Source | null {
  return value.kept ?? value.node.source ?? null;
}

/** Replaces what was kept of a value; GPU memory that held it is given back. */
export function setKept(value: Value, source: Source | null): void {
  const old = value.kept ?? (source ? value.node.source : null);
  value.kept = source;
  if (old?.kind !== "storage" || old.storage.kind !== "result") return;
  if (source?.kind === "storage" && source.storage === old.storage) return;
  old.storage.owner.release(old.storage);
}

/** The last handle of a value is gone: so is the memory that was kept for it. */
export function letGo(value: Value): void {
  const source = sourceOf(value);
  value.kept = null;
  if (source?.kind === "storage" && source.storage.kind !== "variable") {
    source.storage.owner.release(source.storage);
  }
}
