import { type BufferPool, sizeClass } from "./blocks.ts";

/** A buffer that plans share. */
interface Shared {
  readonly buffer: GPUBuffer;
  plans: number;
}

/**
 * The memory that plans compute in. All plans of an engine use the same buffers: the queue runs one after
 * the other, so training, validation and the last batch need only as much as the largest of them.
 */
export class Scratch {
  readonly #pool: BufferPool;
  readonly #bySize = new Map<number, Shared[]>();

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** A buffer for each slot, all different. */
  take(slots: readonly number[]): GPUBuffer[] {
    const used = new Map<number, number>();
    return slots.map((bytes) => {
      const size = sizeClass(bytes);
      const index = used.get(size) ?? 0;
      used.set(size, index + 1);
      const list = this.#bySize.get(size) ?? [];
      this.#bySize.set(size, list);
      const shared = list[index] ?? { buffer: this.#pool.take(bytes), plans: 0 };
      list[index] = shared;
      shared.plans++;
      return shared.buffer;
    });
  }

  /** A plan ends; buffers that no other plan uses go back to the pool. */
  give(buffers: readonly GPUBuffer[]): void {
    for (const buffer of buffers) {
      const list = this.#bySize.get(buffer.size) ?? [];
      const shared = list.find((one) => one.buffer === buffer);
      if (shared) shared.plans--;
    }
    for (const list of this.#bySize.values()) {
      // Plans take the first buffers of a size, so only the last can be unused.
      for (let last = list.at(-1); last && last.plans === 0; last = list.at(-1)) {
        list.pop();
        this.#pool.give(last.buffer);
      }
    }
  }

  /** Bytes held now. */
  get bytes(): number {
    let bytes = 0;
    for (const [size, list] of this.#bySize) bytes += size * list.length;
    return bytes;
  }
}
