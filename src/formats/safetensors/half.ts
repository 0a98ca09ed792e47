/**
 * The float32 of a float16, both as bits. Every float16 is a float32: the exponent gets another bias (15 → 127), the
 * fraction 13 more bits. A library would be the only runtime dependency, for these lines.
 * IEEE 754-2019, §3.4.
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
