import { f16round } from "@petamoriken/float16";

/** The nearest float16, ties to even; beyond 65504 infinite. IEEE 754-2019, binary16. */
export const roundToHalf: (x: number) => number = f16round;

/**
 * The float32 of a float16, both as bits: a NaN keeps its payload. Every float16 is a float32: the exponent gets
 * another bias (15 → 127), the fraction 13 more bits. IEEE 754-2019, §3.4.
 */
export function float32BitsOfHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Subnormal as float16, normal as float32: shifted until the leading one stands where it is implied.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** The numbers of `count` float16, as they lie in GPU memory: little-endian. */
export function floatsOfHalves(bytes: Uint8Array, count: number): Float32Array<ArrayBuffer> {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  return new Float32Array(Uint32Array.from(halves, float32BitsOfHalf).buffer);
}

/** float16 bits of numbers, each rounded to the nearest. */
export function halvesOfFloats(numbers: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  // Other arrays may hold float64: rounded to float32 first, a number could come to lie halfway between two halves.
  const floats =
    numbers instanceof Float32Array ? numbers : Float32Array.from(numbers, roundToHalf);
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(floats.length);
  for (let i = 0; i < halves.length; i++) halves[i] = halfBitsOfFloat32(words[i] ?? 0);
  return new Uint8Array(halves.buffer);
}

/** The float16 nearest to a float32, ties to even, both as bits; a NaN keeps the front of its payload. */
export function halfBitsOfFloat32(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // from 65520 on, halfway from 65504 to 65536
  if (magnitude >= 0x38800000) return sign | dropBits(magnitude - 0x38000000, 13);
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // less than half of the least, 2^-24
  return sign | dropBits((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

/** `bits` without the last `count`, rounded to the nearest, ties to even. */
function dropBits(bits: number, count: number): number {
  const kept = bits >>> count;
  return (bits + (1 << (count - 1)) - 1 + (kept & 1)) >>> count;
}
