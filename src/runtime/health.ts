import type { Storage } from "../graph/storage.ts";
import type { LeafSource } from "./run.ts";

/** What became of a run: null, or what went wrong. */
export type Health = Promise<Error | null>;

/**
 * Which run filled each storage last, as long as it is not known to have gone well: whoever reads the storage
 * asks here, so that a failure reaches every read that depends on it.
 */
export class HealthBook {
  readonly #health = new Map<Storage, Health>();

  /** From now on these storages are as well as this run. */
  track(storages: readonly Storage[], health: Health): void {
    for (const storage of storages) this.#health.set(storage, health);
    void health.then((error) => {
      // Nothing went wrong: nobody need ask any more.
      if (error) return;
      for (const storage of storages) {
        if (this.#health.get(storage) === health) this.#health.delete(storage);
      }
    });
  }

  of(storage: Storage): Health | null {
    return this.#health.get(storage) ?? null;
  }

  /** The runs that a run with these inputs depends on. */
  upstreamOf(leaves: readonly LeafSource[]): Health[] {
    const found = new Set<Health>();
    for (const leaf of leaves) {
      const health = leaf.kind === "place" ? this.of(leaf.storage) : null;
      if (health) found.add(health);
    }
    return [...found];
  }
}
