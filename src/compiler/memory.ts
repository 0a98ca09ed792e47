import { alignUp } from "../graph/arena-layout.ts";

/** A piece of memory that is needed from step `first` to step `last`, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** One buffer, and who has it when. */
interface Slot {
  readonly bytes: number;
  /** In the order of time; no two overlap. */
  readonly taken: Lifetime[];
}

/**
 * Gives every lifetime a slot, so that two that overlap never share one. A slot is a whole buffer: WebGPU
 * forbids one dispatch to read one part of a buffer and write another.
 *
 * The largest go first, each into the smallest slot that is free all its life: taken in the order of time, small pieces sit
 * in large slots when large ones come. Pisarchyk & Lee 2020, arXiv:2001.03288, "greedy by size" over shared objects.
 * @returns the slot of each lifetime, and each slot's size in bytes.
 */
export function assignSlots(lifetimes: readonly Lifetime[]): { slots: number[]; bytes: number[] } {
  const made: Slot[] = [];
  const slots = new Array<number>(lifetimes.length).fill(-1);
  const bySize = [...lifetimes.entries()].sort(
    ([i, a], [j, b]) => b.bytes - a.bytes || a.first - b.first || i - j,
  );
  for (const [i, lifetime] of bySize) {
    // Slots come in falling sizes: the last that is free is the smallest.
    let slot = made.length - 1;
    while (slot >= 0 && !hasTaken(made[slot], lifetime)) slot--;
    if (slot < 0) {
      const bytes = alignUp(Math.max(4, lifetime.bytes));
      slot = made.push({ bytes, taken: [lifetime] }) - 1;
    }
    slots[i] = slot;
  }
  return { slots, bytes: made.map(({ bytes }) => bytes) };
}

/** Takes the slot for a lifetime, if it is free then. */
function hasTaken(slot: Slot | undefined, lifetime: Lifetime): boolean {
  if (slot === undefined) return false;
  const { taken } = slot;
  let [from, to] = [0, taken.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((taken[middle]?.first ?? 0) <= lifetime.last) from = middle + 1;
    else to = middle;
  }
  const before = taken[from - 1];
  if (before !== undefined && before.last >= lifetime.first) return false;
  taken.splice(from, 0, lifetime);
  return true;
}
