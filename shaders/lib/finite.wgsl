// NaN and infinity, told by their bits.
// WGSL lets an implementation assume that neither occurs, so `x != x` may be folded to false and
// `max(NaN, 0)` may be 0. Integer comparisons of the bit pattern are not subject to that licence.

const EXPONENT_BITS = 0x7f800000u;
const MAGNITUDE_BITS = 0x7fffffffu;

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & MAGNITUDE_BITS) > EXPONENT_BITS;
}

// Neither NaN nor an infinity.
fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & MAGNITUDE_BITS) < EXPONENT_BITS;
}

// a != b as IEEE 754 has it: NaN differs from everything, itself included. WGSL's own may be false there.
fn differ(a: f32, b: f32) -> bool {
  return is_nan(a) || is_nan(b) || a != b;
}

// NaN from run-time bits: a constant NaN does not compile.
fn nan_beside(x: f32) -> f32 {
  return bitcast<f32>(0x7fc00000u | (bitcast<u32>(x) & 1u));
}

// Infinity from run-time bits, for the same reason.
fn infinity_beside(x: f32) -> f32 {
  return bitcast<f32>(EXPONENT_BITS | (bitcast<u32>(x) & 0u));
}

// `y`, the result of a function of `x`, unless `x` is NaN: clamps inside `y` would have hidden it.
fn keep_nan(x: f32, y: f32) -> f32 {
  return select(y, x, is_nan(x));
}

// The greater of two; NaN where either is, which `max` leaves open.
fn max_or_nan(a: f32, b: f32) -> f32 {
  return keep_nan(a, keep_nan(b, max(a, b)));
}

// The smaller of two; NaN where either is.
fn min_or_nan(a: f32, b: f32) -> f32 {
  return keep_nan(a, keep_nan(b, min(a, b)));
}
