// Rule of optimizer_update.wgsl: Adam with the greatest mean square so far (AMSGrad).
//   m += (1 - beta1) * (g - m);   v += (1 - beta2) * (g^2 - v);   greatest = max(greatest, v)
//   p -= rate * correction * m / (sqrt(greatest) + epsilon)      correction = sqrt(1 - beta2^t) / (1 - beta1^t)
// Numbers: 5 1 - beta1, 6 1 - beta2, 7 epsilon, 8 correction.
// Reddi, Kale & Kumar 2018, arXiv:1904.09237.
@group(0) @binding(6) var<storage, read_write> m: array<f32>;
@group(0) @binding(7) var<storage, read_write> v: array<f32>;
@group(0) @binding(8) var<storage, read_write> greatest: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = squarable(gradient);
  let mean = m[i] + number(5u) * (g - m[i]);
  let square = v[i] + number(6u) * (g * g - v[i]);
  let top = max(greatest[i], square);
  m[i] = mean;
  v[i] = square;
  greatest[i] = top;
  return p - rate * number(8u) * mean / (sqrt(top) + number(7u));
}
