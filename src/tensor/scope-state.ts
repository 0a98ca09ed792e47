import { nextNodeId, type Value } from "../graph/node.ts";
import type { Storage } from "../graph/storage.ts";

/** What happens between entering and leaving the outermost library scope. */
export interface ScopeState {
  /** New content of variables, to be stored when the scope ends. */
  readonly writes: Map<Storage, Value>;
  /** Values that would be stale after the writes, kept along with them. */
  readonly retained: Set<Value>;
  /** Nodes recorded before the scope have ids below this. */
  readonly firstNode: number;
  /** A function is being recorded for replay: nothing may wait, and every run draws its own numbers. */
  readonly isTracing: boolean;
}

let current: ScopeState | null = null;

export function newScopeState(isTracing: boolean): ScopeState {
  return { writes: new Map(), retained: new Set(), firstNode: nextNodeId(), isTracing };
}

/** The scope that is open, or null. */
export function openScope(): ScopeState | null {
  return current;
}

export function isTracing(): boolean {
  return current?.isTracing === true;
}

/** Runs `body` with `state` as the open scope. */
export function within<T>(state: ScopeState, body: () => T): T {
  const outer = current;
  current = state;
  try {
    return body();
  } finally {
    current = outer;
  }
}
