import type { Tensor } from "../tensor/index.ts";
import type { AnyLayer } from "./layer.ts";
import type { States } from "./recurrent-config.ts";
import type { Sequences } from "./step-loop.ts";

/** What a layer that carries states over time is about to run over. */
export interface ObservedRun {
  /** [B, T, I] */
  readonly x: Tensor;
  /** bool [B, T] */
  readonly mask: Tensor | null;
  /** The states to begin with, [B, size] each. */
  readonly first: () => States;
}

/** Runs a layer in its place, with all that happens in between to be seen. */
export type RecurrenceObserver = (layer: AnyLayer, run: ObservedRun) => Sequences;

let current: RecurrenceObserver | null = null;

/** Lets `observer` run every recurrent layer that is applied in `body`. */
export function observeRecurrences<T>(observer: RecurrenceObserver, body: () => T): T {
  const outer = current;
  current = observer;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** Whether somebody looks on: then every layer has to run by itself. */
export function isObserved(): boolean {
  return current !== null;
}

/** What the observer makes of the run; null when nobody looks on. */
export function runObserved(layer: AnyLayer, run: ObservedRun): Sequences | null {
  return current === null ? null : current(layer, run);
}
