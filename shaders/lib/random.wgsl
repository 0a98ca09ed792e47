// Counter-based random numbers: a pure function of a key and an index, the same bits as
// src/ops/random-bits.ts gives on the host. No state, no order, no dependence on the dispatch.
//
//   words    Threefry-2x32, 20 rounds, key (key, 0), counter (index, 0)
//   uniform  top 24 bits of word 0, times 2^-24: in [0, 1), exact
//   normal   Box-Muller: sqrt(-2 log(1 - u0)) * cos(2 pi u1)
//   gumbel   -log(-log(1 - u)), u of all 32 bits of word 0 and never 0 or 1: small u keep their digits
//   truncated_normal  the normal quantile at a uniform number: within two standard deviations
//
// Integer arithmetic wraps at 32 bits, which WGSL guarantees for u32.
// J. Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405
// #import activations
// #import elementary

const THREEFRY_PARITY = 0x1bd11bdau;
// P(|z| < 2) for a standard normal z.
const TWO_SIGMA = 0.9544997361036416;

fn threefry_round(state: vec2<u32>, rotation: u32) -> vec2<u32> {
  let a = state.x + state.y;
  return vec2<u32>(a, ((state.y << rotation) | (state.y >> (32u - rotation))) ^ a);
}

fn threefry_even_rounds(state: vec2<u32>) -> vec2<u32> {
  return threefry_round(threefry_round(threefry_round(threefry_round(state, 13u), 15u), 26u), 6u);
}

fn threefry_odd_rounds(state: vec2<u32>) -> vec2<u32> {
  return threefry_round(threefry_round(threefry_round(threefry_round(state, 17u), 29u), 16u), 24u);
}

// Both words of counter `index` under `key`. The key schedule is (key, 0, parity ^ key), taken in
// turn.
fn random_words(key: u32, index: u32) -> vec2<u32> {
  let k2 = THREEFRY_PARITY ^ key;
  var state = vec2<u32>(index + key, 0u);
  state = threefry_even_rounds(state) + vec2<u32>(0u, k2 + 1u);
  state = threefry_odd_rounds(state) + vec2<u32>(k2, key + 2u);
  state = threefry_even_rounds(state) + vec2<u32>(key, 3u);
  state = threefry_odd_rounds(state) + vec2<u32>(0u, k2 + 4u);
  state = threefry_even_rounds(state) + vec2<u32>(k2, key + 5u);
  return state;
}

fn unit_interval(bits: u32) -> f32 {
  return f32(bits >> 8u) * 5.9604644775390625e-8;
}

fn random_uniform(key: i32, index: i32) -> f32 {
  return unit_interval(random_words(bitcast<u32>(key), bitcast<u32>(index)).x);
}

fn random_bits(key: i32, index: i32) -> i32 {
  return bitcast<i32>(random_words(bitcast<u32>(key), bitcast<u32>(index)).x);
}

fn random_normal(key: i32, index: i32) -> f32 {
  let words = random_words(bitcast<u32>(key), bitcast<u32>(index));
  // 1 - u lies in (0, 1], where the logarithm is finite.
  let radius = sqrt(-2.0 * log1p(-unit_interval(words.x)));
  return radius * cosine_of_turns(unit_interval(words.y));
}

fn random_gumbel(key: i32, index: i32) -> f32 {
  let bits = random_words(bitcast<u32>(key), bitcast<u32>(index)).x;
  let u = min((f32(bits) + 0.5) * 2.3283064365386963e-10, 0.999999940395355224609375);
  return -log(-log1p(-u));
}

// sqrt(2) erfinv(v) for |v| <= TWO_SIGMA, where one polynomial of w = -log(1 - v^2) is enough.
// M. Giles, "Approximating the erfinv function", GPU Computing Gems Jade Edition (2011), single
// precision.
fn random_truncated_normal(key: i32, index: i32) -> f32 {
  let bits = random_words(bitcast<u32>(key), bitcast<u32>(index)).x;
  // 2u - 1 with u = (n + 1/2) 2^-24, taken together so that it stays exact: symmetric, never 0 or
  // 1.
  let v = TWO_SIGMA * (f32(i32(bits >> 8u) * 2 + 1 - 16777216) * 5.9604644775390625e-8);
  let w = -log((1.0 - v) * (1.0 + v)) - 2.5;
  var p = fma(w, 2.81022636e-8, 3.43273939e-7);
  p = fma(p, w, -3.5233877e-6);
  p = fma(p, w, -4.39150654e-6);
  p = fma(p, w, 2.1858087e-4);
  p = fma(p, w, -1.25372503e-3);
  p = fma(p, w, -4.17768164e-3);
  p = fma(p, w, 0.246640727);
  p = fma(p, w, 1.50140941);
  return 1.4142135623730951 * p * v;
}
