/**
 * Bits of an element by dtype, in the order of the format, which is by alignment. F8 and narrower floats and C64 have
 * no counterpart here: their tensors are found in a file and skipped over, not converted.
 */
const BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** A dtype as the safetensors format spells it. */
export type StoredDType = keyof typeof BITS;

/** All dtypes of the format; those with larger elements, which a file holds first, come last. */
export const storedDTypes = Object.keys(BITS) as readonly StoredDType[];

export function isStoredDType(name: string): name is StoredDType {
  return Object.hasOwn(BITS, name);
}

/**
 * Bytes of a tensor; null where they are no whole number (F4, F6) or where a product of sizes goes beyond 2^53,
 * past which numbers are no longer exact.
 */
export function storedBytes(dtype: StoredDType, shape: readonly number[]): number | null {
  let bits: number = BITS[dtype];
  for (const dim of shape) {
    bits *= dim;
    if (bits > Number.MAX_SAFE_INTEGER) return null;
  }
  return bits % 8 === 0 ? bits / 8 : null;
}
