// Elementary functions with stated accuracy where WGSL promises little or nothing: sin and cos
// (WGSL allows 2^-11 absolute inside [-pi, pi] and says nothing outside), atan (4096 units in the
// last place), floor division, remainder and power with the signs that arrays of numbers need.
// #import finite

const HALF_PI = 1.5707963267948966;
const QUARTER_PI = 0.7853981633974483;
const PI = 3.141592653589793;
// pi/2 as a sum; the first two have so few bits that whole multiples of them up to 2^13 are exact.
const HALF_PI_HIGH = 1.5703125;
const HALF_PI_MIDDLE = 4.837512969970703125e-4;
const HALF_PI_LOW = 7.549789948768648e-8;

// sin(r + quadrant * pi/2) for |r| <= pi/4: two polynomials, absolute error 1e-7. The coefficients
// are those of the Cephes library (S. Moshier, sinf and cosf).
fn sine_of_reduced(r: f32, quadrant: i32) -> f32 {
  let q = r * r;
  let s = r + r * q * fma(q, fma(q, -1.9515295891e-4, 8.3321608736e-3), -1.6666654611e-1);
  let c4 = fma(q, fma(q, 2.443315711809948e-5, -1.388731625493765e-3), 4.166664568298827e-2);
  let c = fma(q * q, c4, fma(q, -0.5, 1.0));
  let place = quadrant & 3;
  let magnitude = select(s, c, (place & 1) == 1);
  return select(magnitude, -magnitude, place >= 2);
}

// sin(x + quadrant * pi/2). The argument loses a multiple of pi/2 that is held in three parts, so
// that each product is exact (W. Cody & W. Waite, "Software manual for the elementary functions",
// 1980). Absolute error 1e-6 up to |x| = 10,000; beyond 100,000 WGSL's own function.
fn sine_at(x: f32, quadrant: i32) -> f32 {
  let turns = round(x * 0.6366197723675814);
  let r = ((x - turns * HALF_PI_HIGH) - turns * HALF_PI_MIDDLE) - turns * HALF_PI_LOW;
  return sine_of_reduced(r, i32(turns) + quadrant);
}

// cos(2 pi u) for u in [0, 1): whole quarters are taken off exactly, before pi comes in.
fn cosine_of_turns(u: f32) -> f32 {
  let quarters = round(4.0 * u);
  return sine_of_reduced(6.283185307179586 * (u - 0.25 * quarters), i32(quarters) + 1);
}

fn sine(x: f32) -> f32 {
  return select(sine_at(x, 0), sin(x), abs(x) > 100000.0);
}

fn cosine(x: f32) -> f32 {
  return select(sine_at(x, 1), cos(x), abs(x) > 100000.0);
}

// atan of a >= 0, relative error 2e-7: reduced to |z| <= tan(pi/8), then an odd polynomial of
// degree 9. The coefficients are those of the Cephes library (S. Moshier, atanf).
fn arc_tangent_positive(a: f32) -> f32 {
  let is_large = a > 2.414213562373095;
  let is_middle = !is_large && a > 0.4142135623730950;
  let base = select(select(0.0, QUARTER_PI, is_middle), HALF_PI, is_large);
  let z = select(select(a, (a - 1.0) / (a + 1.0), is_middle), -1.0 / a, is_large);
  let q = z * z;
  var p = fma(q, 8.05374449538e-2, -1.38776856032e-1);
  p = fma(p, q, 1.99777106478e-1);
  p = fma(p, q, -3.33329491539e-1);
  return base + fma(p * q, z, z);
}

fn arc_tangent(x: f32) -> f32 {
  let y = arc_tangent_positive(abs(x));
  return select(y, -y, x < 0.0);
}

// Angle of the point (x, y) in (-pi, pi]; 0 at the origin.
fn arc_tangent_2(y: f32, x: f32) -> f32 {
  let is_steep = abs(y) > abs(x);
  let long = select(abs(x), abs(y), is_steep);
  let ratio = select(abs(y), abs(x), is_steep) / select(long, 1.0, long == 0.0);
  var angle = arc_tangent_positive(ratio);
  angle = select(angle, HALF_PI - angle, is_steep);
  angle = select(angle, PI - angle, x < 0.0);
  return select(angle, -angle, y < 0.0);
}

// floor(a / b), put right where the rounded quotient has stepped over a whole number.
fn floor_div_f32(a: f32, b: f32) -> f32 {
  let q = floor(a / b);
  let rest = fma(-q, b, a);
  let is_above = (rest < 0.0 && b > 0.0) || (rest > 0.0 && b < 0.0);
  let is_below = (b > 0.0 && rest >= b) || (b < 0.0 && rest <= b);
  return q - select(0.0, 1.0, is_above) + select(0.0, 1.0, is_below);
}

// a - b floor(a / b); the sign of the result is that of b.
fn floor_mod_f32(a: f32, b: f32) -> f32 {
  return fma(-floor_div_f32(a, b), b, a);
}

// Rounds down; WGSL's quotient by zero is the dividend.
fn floor_div_i32(a: i32, b: i32) -> i32 {
  let is_inexact = (a % b) != 0;
  return a / b - select(0, 1, is_inexact && ((a < 0) != (b < 0)));
}

// 0 where b is 0.
fn floor_mod_i32(a: i32, b: i32) -> i32 {
  return select(a - floor_div_i32(a, b) * b, 0, b == 0);
}

// |a|^b as 2^(b log2 |a|). What would overflow, and powers of 0, are told apart by comparison:
// adapters differ in what exp2 and log2 give there.
fn power_magnitude(a: f32, b: f32) -> f32 {
  let t = b * log2(abs(a));
  let finite = keep_nan(t, exp2(t));
  let is_infinite = (t >= 128.0 && a != 0.0) || (a == 0.0 && b < 0.0);
  let bounded = select(finite, infinity_beside(a), is_infinite);
  return select(keep_nan(a, keep_nan(b, bounded)), 0.0, a == 0.0 && b > 0.0);
}

// a^b; a negative base takes whole exponents only and gives NaN for others. 0^0 = 1.
fn power_f32(a: f32, b: f32) -> f32 {
  let magnitude = select(power_magnitude(a, b), 1.0, b == 0.0);
  let is_whole = floor(b) == b;
  let is_odd = is_whole && floor(b * 0.5) != b * 0.5;
  let signed = select(magnitude, -magnitude, a < 0.0 && is_odd);
  return select(signed, nan_beside(a), a < 0.0 && !is_whole);
}

// By squaring; wraps at 32 bits. A negative exponent gives the whole part of 1 / a^|b|.
fn power_i32(a: i32, b: i32) -> i32 {
  if (b < 0) {
    let odd_sign = select(1, -1, (b & 1) == 1);
    return select(select(0, odd_sign, a == -1), 1, a == 1);
  }
  var result = 1;
  var square = a;
  for (var rest = b; rest > 0; rest = rest >> 1u) {
    if ((rest & 1) == 1) { result = result * square; }
    square = square * square;
  }
  return result;
}
