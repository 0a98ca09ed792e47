import { currentEngine } from "../tensor/current.ts";
import type { Tally, TallyReading } from "./tally.ts";

/** How often the figures are read when nobody watches: so rarely, and yet a NaN ends an epoch of hours early. */
const UNWATCHED_MS = 60_000;

/** How a pacer works. */
export interface PacerOptions {
  /** Milliseconds between two turns of the rest of the program. */
  readonly everyMs: number;
  /** Whether somebody sees the figures while an epoch runs; they are read at every turn then, else once a minute. */
  readonly isWatched: boolean;
}

/**
 * Keeps `fit` at most a few steps ahead of the GPU, gives the rest of the program its turn, and reads figures now and
 * then without waiting for them.
 */
export class Pacer {
  readonly #tally: Tally;
  readonly #everyMs: number;
  readonly #readEveryMs: number;
  #yieldedAt = performance.now();
  #readAt = performance.now();
  #reading: Promise<void> | null = null;
  #latest: TallyReading | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(tally: Tally, { everyMs, isWatched }: PacerOptions) {
    this.#tally = tally;
    this.#everyMs = everyMs;
    this.#readEveryMs = isWatched ? 0 : UNWATCHED_MS;
  }

  /** To be called after each step; gives new figures when there are some. */
  async turn(): Promise<TallyReading | null> {
    await currentEngine().drained();
    const now = performance.now();
    if (now - this.#yieldedAt >= this.#everyMs) {
      if (now - this.#readAt >= this.#readEveryMs) {
        this.#readAt = now;
        this.#reading ??= this.#read();
      }
      await nextTurn();
      this.#yieldedAt = performance.now();
    }
    if (this.#failure !== null) throw this.#failure.error;
    const latest = this.#latest;
    this.#latest = null;
    return latest;
  }

  async #read(): Promise<void> {
    try {
      this.#latest = await this.#tally.read();
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#reading = null;
    }
  }
}

/**
 * Lets everything else that waits run first. Timers would do, but pages that are not seen get one a second; frames would
 * not come at all there.
 */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
