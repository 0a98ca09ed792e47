import { erfInverse } from "./special.ts";

/**
 * Counter-based random numbers: a pure function of a key and an index, so that any element can be
 * had alone, in any order, twice, on the host or on the GPU (shaders/lib/random.wgsl), with the
 * same bits.
 *
 * Threefry-2x32 with 20 rounds: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
 * 2011.
 */

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;
const ROUNDS = 20;

/** The two words of counter `index` under `key`, each from 0 to 2³² - 1. */
export function randomWords(key: number, index: number): readonly [number, number] {
  return threefry([key, 0], [index, 0]);
}

/** The first of `randomWords`: 32 uniform bits as a whole number from 0 to 2³² - 1. */
export function uniformBits(key: number, index: number): number {
  return randomWords(key, index)[0];
}

/** Uniform in [0, 1): a multiple of 2⁻²⁴, exact in float32. */
export function uniform(key: number, index: number): number {
  return toUnit(uniformBits(key, index));
}

/** Standard normal, by Box and Muller's transform of the two words; |z| < 5.8. */
export function normal(key: number, index: number): number {
  const [first, second] = randomWords(key, index);
  // 1 - u lies in (0, 1], where the logarithm is finite.
  const radius = Math.sqrt(-2 * Math.log(1 - toUnit(first)));
  return radius * Math.cos(2 * Math.PI * toUnit(second));
}

/**
 * Standard normal within two standard deviations: the inverse distribution function at a uniform
 * number.
 */
export function truncatedNormal(key: number, index: number): number {
  return Math.SQRT2 * erfInverse(TWO_SIGMA * (2 * toUnitCentered(uniformBits(key, index)) - 1));
}

/**
 * The standard Gumbel distribution, -log(-log u): of log weights with such numbers added the greatest stands at i with a
 * probability that is proportional to weight i.
 */
export function gumbel(key: number, index: number): number {
  return -Math.log(
    -Math.log1p(-Math.min((uniformBits(key, index) + 0.5) * 2 ** -32, MOST_BELOW_1)),
  );
}

/** The generator itself, on keys and counters of two words. */
export function threefry(
  key: readonly [number, number],
  counter: readonly [number, number],
): readonly [number, number] {
  const schedule = [key[0] | 0, key[1] | 0, PARITY ^ key[0] ^ key[1]] as const;
  let a = (counter[0] + schedule[0]) | 0;
  let b = (counter[1] + schedule[1]) | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const by = ROTATIONS[round % 8] ?? 0;
    a = (a + b) | 0;
    b = ((b << by) | (b >>> (32 - by))) ^ a;
    if (round % 4 === 3) {
      const turn = (round + 1) / 4;
      a = (a + (schedule[turn % 3] ?? 0)) | 0;
      b = (b + (schedule[(turn + 1) % 3] ?? 0) + turn) | 0;
    }
  }
  return [a >>> 0, b >>> 0];
}

/** The greatest float32 below 1. */
const MOST_BELOW_1 = 1 - 2 ** -24;

/** P(|z| < 2) */
const TWO_SIGMA = 0.9544997361036416;

function toUnit(bits: number): number {
  return (bits >>> 8) * 2 ** -24;
}

/** In (0, 1), symmetric about 1/2. */
function toUnitCentered(bits: number): number {
  return ((bits >>> 8) + 0.5) * 2 ** -24;
}
