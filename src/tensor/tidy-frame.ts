import type { Evaluated } from "./evaluate.ts";

/** What a frame knows of a tensor. */
export interface Handle extends Evaluated {
  dispose(): void;
}

/** The handles made in the innermost `tidy` so far; null outside. */
let frame: Set<Handle> | null = null;
/** Handles that outlive every `tidy`. */
const kept = new WeakSet<Handle>();

/** Takes down a new handle. */
export function noteTensor(tensor: Handle): void {
  frame?.add(tensor);
}

/** The handle outlives the frames that are open. */
export function exempt(tensor: Handle): void {
  kept.add(tensor);
}

/**
 * Runs `body` and then `end` with the handles made meanwhile that nobody holds on to; `survivors` says which of the
 * others the result has. They belong to the frame around from then on.
 */
export function withFrame<T>(
  body: () => T,
  end: (ended: readonly Handle[], survivors: readonly Handle[]) => void,
  survivorsOf: (result: T) => readonly Handle[],
): T {
  const outer = frame;
  const own = new Set<Handle>();
  frame = own;
  let survivors: readonly Handle[] = [];
  try {
    const result = body();
    survivors = survivorsOf(result);
    return result;
  } finally {
    frame = outer;
    for (const tensor of survivors) {
      if (own.delete(tensor)) frame?.add(tensor);
    }
    const all = [...own];
    const stays = (tensor: Handle): boolean => kept.has(tensor) || tensor.isMutable;
    end(
      all.filter((tensor) => !stays(tensor)),
      [...survivors, ...all.filter(stays)],
    );
  }
}
