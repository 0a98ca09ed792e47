import type { Storage } from "../graph/storage.ts";

/** What became of a run: null, or what went wrong. */
export type Health = Promise<Error | null>;

/** The health of a task that waits, and what settles it. */
export function pendingHealth(): {
  readonly health: Health;
  readonly settle: (error: Error | null | Health) => void;
} {
  let settle: (error: Error | null | Health) => void = () => undefined;
  const health = new Promise<Error | null>((resolve) => {
    settle = resolve;
  });
  return { health, settle };
}

/**
 * Which run filled each storage last, as long as it is not known to have gone well: whoever reads the storage
 * asks here, so that a failure reaches every read that depends on it.
 */
export class HealthBook {
  /** Weak: a failure is remembered as long as somebody can ask for it. */
  readonly #health = new WeakMap<Storage, Health>();

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

  /** The runs that whoever reads these storages depends on. */
  upstreamOf(storages: readonly Storage[]): Health[] {
    const found = new Set<Health>();
    for (const storage of storages) {
      const health = this.of(storage);
      if (health) found.add(health);
    }
    return [...found];
  }
}
