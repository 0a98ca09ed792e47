import { type Spec, specBytes } from "./spec.ts";

/**
 * Bind groups take offsets that are multiples of this on every device; so ranges of a buffer, the members of an
 * arena among them, begin at multiples of it.
 */
export const ALIGNMENT = 256;

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * An arena is bound as a whole, so it has at most the bytes that every device binds at once (the default of
 * `maxStorageBufferBindingSize`); a member that is larger has an arena of its own. The bound is the same
 * everywhere: arenas are laid out before there is a device, and results do not depend on it.
 */
export const ARENA_BYTES = 128 * 1024 * 1024;

/** What a member takes of an arena; an empty one has a place of its own, too. */
export function memberBytes(spec: Spec): number {
  return alignUp(Math.max(1, specBytes(spec)));
}

/** Where the members of an arena begin, and its length. */
export function layOut(members: readonly Spec[]): { offsets: number[]; bytes: number } {
  const offsets: number[] = [];
  let bytes = 0;
  for (const spec of members) {
    offsets.push(bytes);
    bytes += memberBytes(spec);
  }
  return { offsets, bytes };
}

/** Cuts a list, in its order, into as few arenas as hold it: the indices of the members of each. */
export function cutIntoArenas(members: readonly Spec[], most = ARENA_BYTES): number[][] {
  const arenas: number[][] = [];
  let room = 0;
  members.forEach((spec, index) => {
    const bytes = memberBytes(spec);
    if (arenas.length === 0 || bytes > room) {
      arenas.push([]);
      room = most;
    }
    arenas.at(-1)?.push(index);
    room -= bytes;
  });
  return arenas;
}
