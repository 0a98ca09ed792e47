import { type BufferPool, sizeClass } from "./blocks.ts";

/** Slots up to this size lie in buffers of just this size, which are never replaced. */
const SMALL_BYTES = 16 * 1024;

/** What a plan needs: the bytes of each slot; which slots are small, and which large, by falling size. */
export interface Lease {
  readonly slots: readonly number[];
  readonly small: readonly number[];
  readonly large: readonly number[];
}

/**
 * The memory that plans compute in. All plans of an engine use the same buffers: the queue runs one after
 * the other, so training, validation and the last batch need only as much as the largest of them.
 *
 * A plan's largest slot lies in the first large buffer, the second largest in the second, and so on; so a buffer is as
 * large as the slot of the plan that needs most there. Whoever needs more replaces the buffer; `version` tells the
 * others to look again before they run.
 */
export class Scratch {
  /** Grows when a buffer that plans may have bound is replaced. */
  version = 0;
  #isHeld = false;
  readonly #pool: BufferPool;
  readonly #leases = new Set<Lease>();
  readonly #small: (GPUBuffer | null)[] = [];
  readonly #large: (GPUBuffer | null)[] = [];

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Makes room for these slots until `give`. */
  take(slots: readonly number[]): Lease {
    const bytesOf = (slot: number): number => slots[slot] ?? 0;
    const all = slots.map((_, i) => i);
    const small = all.filter((slot) => bytesOf(slot) <= SMALL_BYTES);
    const large = all
      .filter((slot) => bytesOf(slot) > SMALL_BYTES)
      .sort((a, b) => bytesOf(b) - bytesOf(a) || a - b);
    const lease = { slots, small, large };
    this.#leases.add(lease);
    this.buffersOf(lease);
    return lease;
  }

  /** The buffer of each slot, all different. They stay the same until `version` grows. */
  buffersOf({ slots, small, large }: Lease): GPUBuffer[] {
    const buffers = new Array<GPUBuffer>(slots.length);
    small.forEach((slot, k) => {
      this.#small[k] ??= this.#pool.take(SMALL_BYTES);
      buffers[slot] = this.#small[k];
    });
    large.forEach((slot, k) => {
      buffers[slot] = this.#atLeast(slots[slot] ?? 0, k);
    });
    return buffers;
  }

  /** A plan ends; what no other plan needs goes back to the pool. */
  give(lease: Lease): void {
    if (this.#leases.delete(lease) && !this.#isHeld) this.#trim();
  }

  /** From now on buffers stay until `letGo`: a run is under way that goes on later. */
  hold(): void {
    this.#isHeld = true;
  }

  letGo(): void {
    this.#isHeld = false;
    this.#trim();
  }

  /** Bytes held now. */
  get bytes(): number {
    return [...this.#small, ...this.#large].reduce((sum, buffer) => sum + (buffer?.size ?? 0), 0);
  }

  #trim(): void {
    const { small, large } = this.#needed();
    this.#keep(this.#small, { count: small, fits: () => true });
    this.#keep(this.#large, {
      count: large.length,
      // Up to twice too large may be needed again soon, and each exchange costs the other plans new bind groups.
      fits: (buffer, k) => buffer.size <= 2 * sizeClass(large[k] ?? 0),
    });
  }

  /** Keeps the first `count` buffers that fit and hold; who needs another in their place makes it. */
  #keep(
    list: (GPUBuffer | null)[],
    { count, fits }: { count: number; fits: (buffer: GPUBuffer, k: number) => boolean },
  ): void {
    list.forEach((buffer, k) => {
      if (!buffer || (k < count && fits(buffer, k) && !this.#pool.isBroken(buffer))) return;
      list[k] = null;
      this.#pool.give(buffer);
      this.version++;
    });
    list.length = Math.min(list.length, count);
  }

  #atLeast(bytes: number, k: number): GPUBuffer {
    const known = this.#large[k];
    if (known && known.size >= bytes) return known;
    const made = this.#pool.take(Math.max(bytes, this.#needed().large[k] ?? 0));
    this.#large[k] = made;
    if (known) {
      this.#pool.give(known);
      this.version++;
    }
    return made;
  }

  /** How many small buffers, and the bytes of each large one, for the plan that needs most there. */
  #needed(): { small: number; large: number[] } {
    let small = 0;
    const bytes: number[] = [];
    for (const lease of this.#leases) {
      small = Math.max(small, lease.small.length);
      lease.large.forEach((slot, k) => {
        bytes[k] = Math.max(bytes[k] ?? 0, lease.slots[slot] ?? 0);
      });
    }
    return { small, large: bytes };
  }
}
