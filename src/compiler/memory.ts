import { alignUp } from "../graph/arena-layout.ts";

/** A piece of memory that is needed from step `first` to step `last`, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** The slot of each lifetime, and each slot's size in bytes. */
export interface Slots {
  readonly slots: readonly number[];
  readonly bytes: readonly number[];
}

/** One buffer, and who has it when. */
interface Slot {
  bytes: number;
  /** In the order of time; no two overlap. */
  readonly taken: Lifetime[];
}

/**
 * Gives every lifetime a slot, so that two that overlap never share one. A slot is a whole buffer: WebGPU
 * forbids one dispatch to read one part of a buffer and write another.
 *
 * Two orders are tried, and the one that needs less memory is taken. By size, largest first: no small piece sits in a large
 * slot when a large one comes (Pisarchyk & Lee 2020, arXiv:2001.03288, "greedy by size" over shared objects). By time, each
 * slot growing to what it has to hold: better where many pieces of a few sizes follow each other closely.
 */
export function assignSlots(lifetimes: readonly Lifetime[]): Slots {
  const entries = [...lifetimes.entries()];
  const bySize = fill(
    entries.toSorted(([i, a], [j, b]) => b.bytes - a.bytes || a.first - b.first || i - j),
  );
  const byTime = fill(entries.toSorted(([i, a], [j, b]) => a.first - b.first || i - j));
  return total(byTime) < total(bySize) ? byTime : bySize;
}

function total({ bytes }: Slots): number {
  return bytes.reduce((sum, one) => sum + one, 0);
}

/** One after the other, each into the free slot that fits best. */
function fill(lifetimes: readonly (readonly [number, Lifetime])[]): Slots {
  const made: Slot[] = [];
  const slots = new Array<number>(lifetimes.length).fill(-1);
  for (const [i, lifetime] of lifetimes) {
    const wanted = alignUp(Math.max(4, lifetime.bytes));
    const slot = bestOf(made, wanted, lifetime) ?? made.push({ bytes: 0, taken: [] }) - 1;
    const { taken } = made[slot] as Slot;
    taken.splice(placeIn(taken, lifetime) ?? 0, 0, lifetime);
    (made[slot] as Slot).bytes = Math.max((made[slot] as Slot).bytes, wanted);
    slots[i] = slot;
  }
  return { slots, bytes: made.map(({ bytes }) => bytes) };
}

/** The smallest free slot that is large enough, else the largest free one, which then grows. */
function bestOf(made: readonly Slot[], wanted: number, lifetime: Lifetime): number | null {
  let best: number | null = null;
  made.forEach(({ bytes, taken }, i) => {
    const than = best === null ? null : (made[best]?.bytes ?? 0);
    if (than !== null && !isBetter(bytes, than, wanted)) return;
    if (placeIn(taken, lifetime) !== null) best = i;
  });
  return best;
}

function isBetter(size: number, than: number, wanted: number): boolean {
  if (size >= wanted) return than < wanted || size < than;
  return than < wanted && size > than;
}

/** Where a lifetime goes among those of a slot, or null where it overlaps with one. */
function placeIn(taken: readonly Lifetime[], { first, last }: Lifetime): number | null {
  let [from, to] = [0, taken.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((taken[middle]?.first ?? 0) <= last) from = middle + 1;
    else to = middle;
  }
  const before = taken[from - 1];
  return before === undefined || before.last < first ? from : null;
}
