import type { Canonical, Request } from "../compiler/canonical.ts";
import type { Plan } from "../compiler/plan.ts";
import type { TypedArray } from "../graph/dtype.ts";
import type { Storage } from "../graph/storage.ts";
import type { Allocation } from "./memory-book.ts";
import type { PlanInstance, ScalarValue } from "./plan-instance.ts";

/** A plan in the cache, with its GPU side once something ran. */
export interface PlanEntry {
  readonly plan: Plan;
  instance: PlanInstance | null;
  /** Compiled functions and waiting runs that hold the plan. */
  pins: number;
  /** Out of the cache: whoever still knows it has to ask for the plan anew. */
  isEnded: boolean;
}

/** A graph that can be run again and again: its canonical form, and its plan once there is a device. */
export interface Program {
  readonly request: Request;
  readonly canonical: Canonical;
  entry: PlanEntry | null;
}

/** Where an input of a run comes from. */
export type LeafSource =
  | { readonly kind: "host"; readonly data: TypedArray }
  | { readonly kind: "place"; readonly place: Allocation; readonly storage: Storage };

/** What becomes of an output: kept in GPU memory, brought to the host, or both. */
export interface OutputTarget {
  readonly keep: Storage | null;
  readonly read: { resolve(data: TypedArray): void; reject(error: unknown): void } | null;
}

/** A variable that a run gives new content, and where it lay when the run was queued: it may move meanwhile. */
export interface WriteTarget {
  readonly storage: Storage;
  readonly place: Allocation;
}

/** One execution of a program that waits for its turn. Everything that may change later is in it already. */
export interface Run {
  readonly label: string;
  readonly program: Program;
  /** The plan, if there was one when the run was queued: it stays until the run is over. */
  readonly entry: PlanEntry | null;
  readonly leaves: readonly LeafSource[];
  readonly scalars: readonly ScalarValue[];
  readonly outputs: readonly OutputTarget[];
  readonly writes: readonly WriteTarget[];
  /** Failures of runs that this one builds on. */
  readonly upstream: readonly Promise<Error | null>[];
  /** Settles this run's own health: null when nothing went wrong. */
  readonly settle: (error: Error | null | Promise<Error | null>) => void;
  readonly health: Promise<Error | null>;
}
