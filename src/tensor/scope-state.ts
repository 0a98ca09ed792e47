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
  /** The body of a scan is being recorded: nothing may wait, and nothing may be stored. */
  readonly isBody: boolean;
}

let current: ScopeState | null = null;

export function newScopeState(isTracing: boolean): ScopeState {
  const firstNode = nextNodeId();
  return { writes: new Map(), retained: new Set(), firstNode, isTracing, isBody: false };
}

/** The scope that is open, or null. */
export function openScope(): ScopeState | null {
  return current;
}

/** A state for the body of a scan: it sees what the scope around has assigned. */
export function newBodyState(): ScopeState {
  const outer = current;
  const writes = new Map(outer?.writes);
  return { ...newScopeState(outer?.isTracing === true), writes, isBody: true };
}

/** What is being recorded, for messages, when nothing may wait; null when something may. */
export function recording(): string | null {
  if (current?.isBody) return "the body of a scan";
  return current?.isTracing ? "a function that is being compiled" : null;
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
