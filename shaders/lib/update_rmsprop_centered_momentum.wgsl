// Rule of optimizer_update.wgsl: RMSprop by the variance of the gradient, with momentum.
//   v += (1 - rho) * (g^2 - v);   a += (1 - rho) * (g - a)
//   m = momentum * m + rate * g / sqrt(max(v - a^2, 0) + epsilon);   p -= m
// Numbers: 5 1 - rho, 6 epsilon, 7 momentum.
// The variance is not negative, but the rounded difference can be.
// Graves 2013, arXiv:1308.0850, equations 38 to 45.
@group(0) @binding(6) var<storage, read_write> v: array<f32>;
@group(0) @binding(7) var<storage, read_write> a: array<f32>;
@group(0) @binding(8) var<storage, read_write> m: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = squarable(gradient);
  let square = v[i] + number(5u) * (g * g - v[i]);
  let mean = a[i] + number(5u) * (g - a[i]);
  v[i] = square;
  a[i] = mean;
  let next = number(7u) * m[i] + rate * g / sqrt(max(square - mean * mean, 0.0) + number(6u));
  m[i] = next;
  return p - next;
}
