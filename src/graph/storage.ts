import type { TypedArray } from "./dtype.ts";
import type { Spec } from "./spec.ts";

let nextId = 1;

/**
 * What a storage is for: variables change in place and are bound directly, results never change, external
 * ones are the application's buffers.
 */
export type StorageKind = "variable" | "result" | "external";

/** What holds the memory of storages and takes it back: the books of one engine. */
export interface StorageOwner {
  /** The storage is wanted no more. Doing it twice is harmless. */
  release(storage: Storage): void;
}

/** Writes so far; all storages in one buffer of the application share theirs. */
export interface WriteCount {
  count: number;
}

/**
 * A handle to GPU memory that outlives one run. The graph knows only its identity and version; the
 * runtime hangs the buffer on it. `version` counts the writes that were queued so far.
 */
export class Storage {
  readonly id = nextId++;
  readonly spec: Spec;
  readonly kind: StorageKind;
  /** Shown in errors: a variable's name. */
  readonly name: string;
  /** Knows where it lies; mixing storages of different owners is an error. */
  readonly owner: StorageOwner;
  readonly #writes: WriteCount;
  disposed = false;
  /** Its buffer was handed out: it stays until its owner lets go, even when it has been read. */
  shared = false;
  /** Its content, when it was brought to the host to make room; its GPU memory is given back then. */
  host: TypedArray | null = null;

  constructor(
    spec: Spec,
    options: { kind: StorageKind; name: string; owner: StorageOwner; writes?: WriteCount },
  ) {
    this.spec = spec;
    this.kind = options.kind;
    this.name = options.name;
    this.owner = options.owner;
    this.#writes = options.writes ?? { count: 0 };
  }

  get version(): number {
    return this.#writes.count;
  }

  set version(version: number) {
    this.#writes.count = version;
  }
}
