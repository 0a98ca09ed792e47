/** Reproducible test values: a small multiplicative congruential generator (Park & Miller 1988), seeded. */
export function randomSource(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** `count` numbers from -scale to scale, as float32. */
export function randomFloats(count: number, seed: number, scale = 1): Float32Array {
  const next = randomSource(seed);
  return Float32Array.from({ length: count }, () => scale * (2 * next() - 1));
}

/** `count` whole numbers from 0 to below - 1. */
export function randomIds(count: number, seed: number, below: number): Int32Array {
  const next = randomSource(seed);
  return Int32Array.from({ length: count }, () => Math.floor(next() * below));
}
