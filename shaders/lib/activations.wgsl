// Activation functions with stated accuracy, the same on every adapter.
// WGSL's own tanh may be off by 1e-5 and may give NaN for |x| > 88; erf, expm1 and log1p do not exist.
// All of them pass NaN on, take infinities, and are odd or bounded exactly where the function is.
// #import finite

// Hyperbolic tangent, relative error 4e-7: a rational function of degree 13 over 6 on |x| <= 7.905, beyond
// which float32 tanh is 1. The coefficients are those used by Eigen and XLA.
fn tanh_accurate(x: f32) -> f32 {
  let c = clamp(x, -7.90531110763549805, 7.90531110763549805);
  let q = c * c;
  var p = fma(q, -2.76076847742355e-16, 2.00018790482477e-13);
  p = fma(p, q, -8.60467152213735e-11);
  p = fma(p, q, 5.12229709037114e-8);
  p = fma(p, q, 1.48572235717979e-5);
  p = fma(p, q, 6.37261928875436e-4);
  p = fma(p, q, 4.89352455891786e-3);
  var d = fma(q, 1.19825839466702e-6, 1.18534705686654e-4);
  d = fma(d, q, 2.26843463243900e-3);
  d = fma(d, q, 4.89352518554385e-3);
  return keep_nan(x, c * p / d);
}

// Logistic function 1 / (1 + exp(-x)); exp never sees a positive argument, so nothing overflows.
fn sigmoid(x: f32) -> f32 {
  let t = exp(-abs(x));
  return keep_nan(x, select(1.0, t, x < 0.0) / (1.0 + t));
}

// Error function. Below 1 a polynomial in x^2, above it 1 - exp(polynomial), both fitted by minimising the
// largest error (1.2e-9 and 1.1e-9 before rounding to float32). erfc(4) = 1.5e-8 no longer changes 1.
fn erf(x: f32) -> f32 {
  let a = min(abs(x), 4.0);
  let q = a * a;
  var s = fma(q, 7.853861461626366e-5, -8.010193705558777e-4);
  s = fma(s, q, 5.188327748328447e-3);
  s = fma(s, q, -2.6853812858462334e-2);
  s = fma(s, q, 0.1128358542919159);
  s = fma(s, q, -0.3761262595653534);
  s = fma(s, q, 1.1283791065216064);
  var t = fma(a, 1.85573982889764e-4, -2.9396070167422295e-3);
  t = fma(t, a, 2.180531807243824e-2);
  t = fma(t, a, -0.10303736478090286);
  t = fma(t, a, -0.6382256746292114);
  t = fma(t, a, -1.1270400285720825);
  t = fma(t, a, -3.5371974809095263e-4);
  let magnitude = select(1.0 - exp(t), a * s, a < 1.0);
  return keep_nan(x, select(magnitude, -magnitude, x < 0.0));
}

// exp(x) - 1 without cancellation near 0: tanh(x/2) * (exp(x) + 1).
fn expm1(x: f32) -> f32 {
  return keep_nan(x, tanh_accurate(0.5 * x) * (exp(x) + 1.0));
}

// Natural logarithm; -infinity at 0 and NaN below, where some adapters give -88 and the logarithm of |x|.
// Numbers below the smallest normal one, which adapters may take for 0, are their bits times 2^-149: the
// logarithm is that of the bits, less 149 log 2. Numbers come from memory with all bits.
fn natural_log(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let is_tiny = bits - 1u < 0x007fffffu;
  let inside = log(select(x, f32(bits), is_tiny)) - select(0.0, 103.27892990343184, is_tiny);
  let is_zero = (bits & MAGNITUDE_BITS) == 0u;
  let is_negative = (bits >> 31u) == 1u && !is_zero;
  return keep_nan(x, select(select(inside, -infinity_beside(x), is_zero), nan_beside(x), is_negative));
}

// log(1 + x) without cancellation near 0: 2 artanh(x / (2 + x)) by its series where |x| is small.
fn log1p(x: f32) -> f32 {
  let s = x / (2.0 + x);
  let q = s * s;
  var p = fma(q, 1.0 / 11.0, 1.0 / 9.0);
  p = fma(p, q, 1.0 / 7.0);
  p = fma(p, q, 1.0 / 5.0);
  p = fma(p, q, 1.0 / 3.0);
  p = fma(p, q, 1.0);
  return keep_nan(x, select(natural_log(1.0 + x), 2.0 * s * p, abs(x) < 0.5));
}

// log(1 + exp(x)).
fn softplus(x: f32) -> f32 {
  return keep_nan(x, max(x, 0.0) + log1p(exp(-abs(x))));
}

// x * Phi(x), the exact Gaussian error linear unit (Hendrycks & Gimpel 2016, arXiv:1606.08415).
// Below -20 the second factor is 0, and the clamp keeps -infinity times it from being NaN.
fn gelu(x: f32) -> f32 {
  let c = max(x, -20.0);
  return keep_nan(x, 0.5 * c * (1.0 + erf(c * 0.7071067811865476)));
}

// The same by the authors' tanh approximation, with (1 + tanh u) / 2 = sigmoid(2u), which does not cancel.
fn gelu_tanh(x: f32) -> f32 {
  let c = max(x, -20.0);
  let cubic = 0.7978845608028654 * fma(0.044715 * c * c, c, c);
  return keep_nan(x, c * sigmoid(2.0 * cubic));
}
