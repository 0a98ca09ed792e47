/** Numbers that look random, the same for the same seed: from 0 up to, without, 1. */
export type Random = () => number;

/** Mulberry32, a 32-bit generator in the public domain by Tommy Ettinger: short, and good enough to draw data with. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `from` up to, without, `end`. */
export function wholeNumber(random: Random, from: number, end: number): number {
  return from + Math.floor(random() * (end - from));
}
