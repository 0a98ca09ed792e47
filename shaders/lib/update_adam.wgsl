// Rule of optimizer_update.wgsl: Adam.
//   m += (1 - beta1) * (g - m);   v += (1 - beta2) * (g^2 - v)
//   p -= rate * correction * m / (sqrt(v) + epsilon)      correction = sqrt(1 - beta2^t) / (1 - beta1^t)
// Numbers: 5 1 - beta1, 6 1 - beta2, 7 epsilon, 8 correction.
// Kingma & Ba 2015, arXiv:1412.6980.
@group(0) @binding(6) var<storage, read_write> m: array<f32>;
@group(0) @binding(7) var<storage, read_write> v: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = squarable(gradient);
  let mean = m[i] + number(5u) * (g - m[i]);
  let square = v[i] + number(6u) * (g * g - v[i]);
  m[i] = mean;
  v[i] = square;
  return p - rate * number(8u) * mean / (sqrt(square) + number(7u));
}
