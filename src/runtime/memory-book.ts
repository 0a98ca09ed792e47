import { DisposedError } from "../errors.ts";
import { cutIntoArenas, layOut, memberBytes } from "../graph/arena-layout.ts";
import type { TypedArray } from "../graph/dtype.ts";
import { type Spec, specBytes } from "../graph/spec.ts";
import { Storage, type StorageKind, type StorageOwner, type WriteCount } from "../graph/storage.ts";
import { Block, type BufferPool, toWords } from "./blocks.ts";
import type { MemoryInfo } from "./memory-info.ts";
import type { UnreadResults } from "./unread-results.ts";

/** Where a storage lies. */
export interface Allocation {
  readonly block: Block;
  readonly offset: number;
}

/** One variable on its way. */
export interface MovedPart {
  readonly storage: Storage;
  readonly from: Allocation;
  readonly to: Allocation;
  readonly bytes: number;
}

/** Results up to this size share pages; each takes a range of one. */
const PAGE_BYTES = 64 * 1024;

/** Knows every storage and its place; gives out places and takes them back. */
export class MemoryBook implements StorageOwner {
  readonly #allocations = new Map<Storage, Allocation>();
  /** Runs that still need a storage whose owner has let go of it. */
  readonly #pins = new Map<Storage, number>();
  readonly #free: { block: Block; offset: number; bytes: number }[] = [];
  /** A write to a buffer of the application is one to every storage in it. */
  readonly #foreign = new WeakMap<GPUBuffer, WriteCount>();
  #page: { block: Block; used: number } | null = null;
  #pool: BufferPool | null = null;
  /** Storages that somebody owns, and their bytes; what is disposed no longer counts, even while a run holds it. */
  #owned = 0;
  #bytes = 0;
  #blocks = new Map<Block, number>();
  /** Told of every result that begins and ends. */
  unread: UnreadResults | null = null;
  /** Grows when a variable moves: plans that were looked up before have to be looked up again. */
  epoch = 0;

  usePool(pool: BufferPool): void {
    this.#pool = pool;
  }

  /** A storage with a place of its own; variables may bring their first content. */
  create(spec: Spec, options: { kind: StorageKind; name: string; data?: TypedArray }): Storage {
    const { kind, name, data } = options;
    const storage = new Storage(spec, { kind, name, owner: this });
    const bytes = specBytes(spec);
    const place =
      kind === "result" && bytes <= PAGE_BYTES / 4 ? this.#inPage(memberBytes(spec)) : null;
    this.#put(storage, place ?? { block: new Block(memberBytes(spec)), offset: 0 });
    if (data) this.upload(storage, data);
    if (kind === "result") this.unread?.add(storage);
    return storage;
  }

  /** A storage in a buffer of the application; it owns nothing. */
  adopt(spec: Spec, { buffer, offset }: { buffer: GPUBuffer; offset: number }): Storage {
    const name = buffer.label || "external buffer";
    const writes = this.#foreign.get(buffer) ?? { count: 0 };
    this.#foreign.set(buffer, writes);
    const storage = new Storage(spec, { kind: "external", name, owner: this, writes });
    const block = new Block(buffer.size, { buffer });
    block.users++;
    this.#allocations.set(storage, { block, offset });
    return storage;
  }

  /** Content that is written before the first run that uses the storage. */
  upload(storage: Storage, data: TypedArray): void {
    const { block, offset } = this.placeOf(storage);
    block.uploads.push({ offset, words: toWords(data, storage.spec.dtype) });
  }

  /** @throws {DisposedError} when the storage is gone. */
  placeOf(storage: Storage): Allocation {
    const place = this.#allocations.get(storage);
    if (!place) {
      throw new DisposedError(`"${storage.name}" was disposed and cannot be used any more.`);
    }
    return place;
  }

  has(storage: Storage): boolean {
    return this.#allocations.has(storage);
  }

  /**
   * Moves storages side by side into a new block, in this order, or into several where one would be too large;
   * gives what has to be copied. Until `settle` they keep both places.
   */
  pack(storages: readonly Storage[]): MovedPart[] {
    const specs = storages.map((storage) => storage.spec);
    const parts = cutIntoArenas(specs).flatMap((indices) => {
      const members = indices.map((index) => storages[index] as Storage);
      const { offsets, bytes } = layOut(members.map((storage) => storage.spec));
      const block = new Block(bytes);
      return members.map((storage, i): MovedPart => {
        const to = { block, offset: offsets[i] ?? 0 };
        return { storage, from: this.placeOf(storage), to, bytes: specBytes(storage.spec) };
      });
    });
    for (const { storage, to } of parts) {
      to.block.users++;
      this.#allocations.set(storage, to);
      this.#blocks.set(to.block, (this.#blocks.get(to.block) ?? 0) + 1);
      this.pin(storage);
    }
    this.epoch++;
    return parts;
  }

  /** Ends a move: the old places are free. */
  settle(parts: readonly MovedPart[]): void {
    for (const { storage, from } of parts) {
      this.#leave(from, storage.spec);
      this.unpin(storage);
    }
  }

  /** The owner lets go. The place is free at once, or when the last pinned run has been submitted. */
  release(storage: Storage): void {
    if (storage.disposed) return;
    storage.disposed = true;
    const bytes = specBytes(storage.spec);
    if (storage.kind !== "external") {
      this.#owned--;
      this.#bytes -= bytes;
    }
    this.unread?.remove(storage);
    if (!this.#pins.has(storage)) this.#end(storage);
  }

  /** Keeps a storage's memory until `unpin`, whatever its owner does. */
  pin(storage: Storage): void {
    this.#pins.set(storage, (this.#pins.get(storage) ?? 0) + 1);
  }

  unpin(storage: Storage): void {
    const left = (this.#pins.get(storage) ?? 1) - 1;
    if (left > 0) {
      this.#pins.set(storage, left);
      return;
    }
    this.#pins.delete(storage);
    if (storage.disposed) this.#end(storage);
  }

  info(): MemoryInfo {
    return {
      numTensors: this.#owned,
      numDataBuffers: this.#blocks.size,
      numBytes: this.#bytes,
      unreliable: false,
    };
  }

  /** The block's buffer, made now if there is none yet. */
  bufferOf(block: Block, queue: GPUQueue): GPUBuffer {
    if (!this.#pool) throw new RangeError("the memory book has no pool yet");
    if (!block.buffer) block.buffer = this.#pool.take(block.bytes);
    for (const { offset, words } of block.uploads.splice(0)) {
      if (words.byteLength > 0) queue.writeBuffer(block.buffer, offset, words);
    }
    return block.buffer;
  }

  /** A small place inside a page of results. */
  #inPage(size: number): Allocation {
    const index = this.#free.findIndex((piece) => piece.bytes === size);
    const [known] = index < 0 ? [] : this.#free.splice(index, 1);
    if (known) return known;
    if (!this.#page || this.#page.used + size > PAGE_BYTES) {
      this.#page = { block: new Block(PAGE_BYTES, { isPage: true }), used: 0 };
    }
    const place = { block: this.#page.block, offset: this.#page.used };
    this.#page.used += size;
    return place;
  }

  #put(storage: Storage, place: Allocation): void {
    this.#allocations.set(storage, place);
    place.block.users++;
    this.#blocks.set(place.block, (this.#blocks.get(place.block) ?? 0) + 1);
    this.#owned++;
    this.#bytes += specBytes(storage.spec);
  }

  #end(storage: Storage): void {
    const place = this.#allocations.get(storage);
    if (!place) return;
    this.#allocations.delete(storage);
    this.#leave(place, storage.spec);
  }

  #leave({ block, offset }: Allocation, spec: Spec): void {
    const count = (this.#blocks.get(block) ?? 1) - 1;
    if (count > 0) this.#blocks.set(block, count);
    else this.#blocks.delete(block);
    block.users--;
    if (block.users > 0) {
      if (block.isPage) this.#free.push({ block, offset, bytes: memberBytes(spec) });
      return;
    }
    this.#dropPage(block);
    if (block.buffer && !block.isForeign) this.#pool?.give(block.buffer);
    block.buffer = null;
    block.uploads = [];
  }

  /** An empty page goes back whole, with the pieces of it that were waiting. */
  #dropPage(block: Block): void {
    if (this.#page?.block === block) this.#page = null;
    for (let i = this.#free.length - 1; i >= 0; i--) {
      if (this.#free[i]?.block === block) this.#free.splice(i, 1);
    }
  }
}
