import type { TypedArray } from "../graph/dtype.ts";
import { specBytes } from "../graph/spec.ts";
import type { Storage } from "../graph/storage.ts";

const MIB = 1024 * 1024;

/**
 * Results on the GPU that nobody has read or disposed of, oldest first. A program may let go of them without a word,
 * and no garbage collector minds GPU memory; so when they hold too much of it, the oldest move to the host. Whoever
 * still has a tensor of theirs notices nothing.
 */
export class UnreadResults {
  /** Bytes above which results move, down to three quarters of it. */
  limit = 256 * MIB;
  readonly #bring: (storage: Storage) => Promise<TypedArray>;
  readonly #waiting = new Set<Storage>();
  #bytes = 0;
  #isScheduled = false;
  #hasWarned = false;

  /** @param bring reads a storage, in order with everything else that runs. */
  constructor(bring: (storage: Storage) => Promise<TypedArray>) {
    this.#bring = bring;
  }

  add(storage: Storage): void {
    this.#waiting.add(storage);
    this.#bytes += specBytes(storage.spec);
    if (this.#bytes <= this.limit || this.#isScheduled) return;
    this.#isScheduled = true;
    // Later: the run that fills the newest is being queued just now.
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#relieve();
    });
  }

  remove(storage: Storage): void {
    if (this.#waiting.delete(storage)) this.#bytes -= specBytes(storage.spec);
  }

  #relieve(): void {
    for (const storage of this.#waiting) {
      if (this.#bytes <= 0.75 * this.limit) return;
      if (storage.shared) continue;
      this.#warn(storage.name);
      this.remove(storage);
      this.#bring(storage)
        .then((data) => {
          if (storage.disposed || storage.shared) return;
          storage.host = data;
          storage.owner.release(storage);
        })
        // Whoever reads it gets the error from that read.
        .catch(() => undefined);
    }
  }

  #warn(name: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    console.warn(
      `sluice: results that were neither read nor disposed of hold ${this.limit / MIB} MiB of GPU memory (the oldest: ` +
        `${name}); the oldest move to the host from now on, which costs time. Read what you need with data(), ` +
        "dispose() of what you do not, or work inside tidy().",
    );
  }
}
