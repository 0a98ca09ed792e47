import { BufferUsage } from "../gpu/constants.ts";
import type { Faults } from "../gpu/faults.ts";
import type { DType, TypedArray } from "../graph/dtype.ts";
import { halvesOfFloats } from "../graph/half.ts";

let nextId = 1;

/** Every buffer that holds tensors can be bound, read back and filled. */
const USAGE = BufferUsage.storage | BufferUsage.copySrc | BufferUsage.copyDst;

export interface BlockOptions {
  readonly isPage?: boolean;
  readonly buffer?: GPUBuffer | null;
}

/**
 * One GPU buffer, perhaps not made yet: a block has an identity as soon as something is to live in it, and
 * memory when the first run that uses it is submitted. So variables exist before there is a device.
 */
export class Block {
  readonly id = nextId++;
  readonly bytes: number;
  buffer: GPUBuffer | null = null;
  /** Host data that is to be written when the buffer is made. */
  uploads: { offset: number; words: ArrayBufferView<ArrayBuffer> }[] = [];
  /** Things that live in the block; at zero its buffer goes back to the pool. */
  users = 0;

  /** Shared by small results. */
  readonly isPage: boolean;
  /** The application's buffer: bound as it is, never pooled or destroyed. */
  readonly isForeign: boolean;

  constructor(bytes: number, { isPage = false, buffer = null }: BlockOptions = {}) {
    this.bytes = bytes;
    this.isPage = isPage;
    this.buffer = buffer;
    this.isForeign = buffer !== null;
  }
}

/** Host data as a buffer holds it: bool becomes words of 0 and 1, float16 two bytes each. */
export function toWords(data: TypedArray, dtype: DType): ArrayBufferView<ArrayBuffer> {
  if (dtype === "float16") {
    // Writes come in whole words.
    const even = new Float32Array(2 * Math.ceil(data.length / 2));
    even.set(data);
    return halvesOfFloats(even);
  }
  if (data instanceof Uint8Array) return Uint32Array.from(data, (x) => (x ? 1 : 0));
  return data as ArrayBufferView<ArrayBuffer>;
}

/** Four sizes an octave: at most a quarter is wasted, and buffers of like size replace each other. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const octave = 2 ** Math.floor(Math.log2(bytes));
  const step = Math.max(256, octave / 4);
  return Math.ceil(bytes / step) * step;
}

const IDLE_BYTES = 64 * 1024 * 1024;

/** Makes buffers and keeps a bounded number of freed ones, the latest, for the next who asks. */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #faults: Faults;
  /** By size, each list in the order in which they were freed. */
  readonly #idle = new Map<number, GPUBuffer[]>();
  /** All of them in that order. */
  readonly #freed = new Set<GPUBuffer>();
  /** Buffers that there was no memory for: nobody else shall get them. */
  readonly #broken = new WeakSet<GPUBuffer>();
  #idleBytes = 0;
  created = 0;

  constructor(device: GPUDevice, faults: Faults) {
    this.#device = device;
    this.#faults = faults;
  }

  /** A failure shows in the scope of faults around the call, and makes the work that uses the buffer fail. */
  take(bytes: number): GPUBuffer {
    // The largest class may lie beyond the limit, which itself is no class.
    const size = Math.max(bytes, Math.min(sizeClass(bytes), this.#device.limits.maxBufferSize));
    const known = this.#idle.get(size)?.pop();
    if (known) {
      this.#idleBytes -= size;
      this.#freed.delete(known);
      return known;
    }
    this.created++;
    const { result, error } = this.#faults.scope(`allocating ${size} bytes`, () =>
      this.#device.createBuffer({ label: "sluice tensors", size, usage: USAGE }),
    );
    void error.then((failure) => {
      if (failure) this.#broken.add(result);
    });
    return result;
  }

  /** Whether there was no memory for a buffer, as far as that is known. */
  isBroken(buffer: GPUBuffer): boolean {
    return this.#broken.has(buffer);
  }

  /**
   * A freed buffer is usable at once: the queue runs what was submitted before first. Where there are too many, those that
   * have lain idle longest go: what is freed now is what is asked for next.
   */
  give(buffer: GPUBuffer): void {
    if (this.isBroken(buffer) || buffer.size > IDLE_BYTES) {
      buffer.destroy();
      return;
    }
    this.#idleBytes += buffer.size;
    this.#freed.add(buffer);
    const list = this.#idle.get(buffer.size);
    if (list) list.push(buffer);
    else this.#idle.set(buffer.size, [buffer]);
    for (const oldest of this.#freed) {
      if (this.#idleBytes <= IDLE_BYTES) break;
      this.#freed.delete(oldest);
      this.#idle.get(oldest.size)?.shift();
      this.#idleBytes -= oldest.size;
      oldest.destroy();
    }
  }

  destroy(): void {
    for (const list of this.#idle.values()) for (const buffer of list) buffer.destroy();
    this.#idle.clear();
    this.#freed.clear();
    this.#idleBytes = 0;
  }
}
