import { alignUp } from "../graph/arena-layout.ts";

/** A piece of memory that is needed from step `first` to step `last`, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Gives every lifetime a slot, so that two that overlap never share one. A slot is a whole buffer: WebGPU
 * forbids one dispatch to read one part of a buffer and write another.
 * @returns the slot of each lifetime, and each slot's size in bytes.
 */
export function assignSlots(lifetimes: readonly Lifetime[]): { slots: number[]; bytes: number[] } {
  const bytes: number[] = [];
  const busyUntil: number[] = [];
  const slots = new Array<number>(lifetimes.length).fill(-1);
  const order = lifetimes.map((_, i) => i).sort((a, b) => first(a) - first(b) || a - b);
  function first(i: number): number {
    return lifetimes[i]?.first ?? 0;
  }
  for (const i of order) {
    const lifetime = lifetimes[i];
    if (!lifetime) continue;
    const slot = bestSlot(lifetime, bytes, busyUntil) ?? bytes.push(0) - 1;
    bytes[slot] = Math.max(bytes[slot] ?? 0, alignUp(Math.max(4, lifetime.bytes)));
    busyUntil[slot] = lifetime.last;
    slots[i] = slot;
  }
  return { slots, bytes };
}

/** The free slot that fits best: the smallest that is large enough, else the largest, which then grows. */
function bestSlot(
  lifetime: Lifetime,
  bytes: readonly number[],
  busyUntil: readonly number[],
): number | null {
  let best: number | null = null;
  bytes.forEach((size, slot) => {
    if ((busyUntil[slot] ?? -1) >= lifetime.first) return;
    if (best === null || isBetter(size, bytes[best] ?? 0, lifetime.bytes)) best = slot;
  });
  return best;
}

function isBetter(size: number, than: number, wanted: number): boolean {
  if (size >= wanted) return than < wanted || size < than;
  return than < wanted && size > than;
}
