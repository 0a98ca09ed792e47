import { uniformBits } from "../ops/random-bits.ts";

/** 0, 1, … count - 1 in an order that `key` decides (Fisher and Yates). */
export function shuffledIndices(count: number, key: number): Int32Array {
  const indices = orderedIndices(count);
  for (let last = count - 1; last > 0; last--) {
    const other = uniformBits(key, last) % (last + 1);
    const moved = indices[other] ?? 0;
    indices[other] = indices[last] ?? 0;
    indices[last] = moved;
  }
  return indices;
}

/** 0, 1, … count - 1. */
export function orderedIndices(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
