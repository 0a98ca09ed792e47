import type { Spec } from "./spec.ts";

let nextId = 1;

/**
 * What a storage is for: variables change in place and are bound directly, results never change, external
 * ones are the application's buffers.
 */
export type StorageKind = "variable" | "result" | "external";

/**
 * A handle to GPU memory that outlives one run. The graph knows only its identity and version; the
 * runtime hangs the buffer on it. `version` counts the writes recorded so far.
 */
export class Storage {
  readonly id = nextId++;
  readonly spec: Spec;
  readonly kind: StorageKind;
  /** Shown in errors: a variable's name. */
  readonly name: string;
  /** The engine that owns the memory; mixing engines is an error. */
  readonly owner: object;
  version = 0;
  disposed = false;
  /** Its buffer was handed out: it stays until its owner lets go, even when it has been read. */
  shared = false;

  constructor(spec: Spec, options: { kind: StorageKind; name: string; owner: object }) {
    this.spec = spec;
    this.kind = options.kind;
    this.name = options.name;
    this.owner = options.owner;
  }
}
