import { f16round, setFloat16 } from "@petamoriken/float16";

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
  const bytes = new Uint8Array(2 * numbers.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < numbers.length; i++) setFloat16(view, 2 * i, numbers[i] ?? 0, true);
  return bytes;
}
