// Rule of optimizer_update.wgsl: Adam with Nesterov momentum (Nadam).
//   m += (1 - beta1) * (g - m);   v += (1 - beta2) * (g^2 - v)
//   p -= rate * (ahead * m + now * g) / (sqrt(v / (1 - beta2^t)) + epsilon)
//   ahead = u(t+1) / (1 - u(1)…u(t+1)),   now = (1 - u(t)) / (1 - u(1)…u(t)),   u(t) = beta1 * (1 - 0.96^t / 2)
// Numbers: 5 1 - beta1, 6 1 - beta2, 7 epsilon, 8 ahead, 9 now, 10 1 / sqrt(1 - beta2^t).
// Dozat 2016, "Incorporating Nesterov momentum into Adam".
@group(0) @binding(6) var<storage, read_write> m: array<f32>;
@group(0) @binding(7) var<storage, read_write> v: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = squarable(gradient);
  let mean = m[i] + number(5u) * (g - m[i]);
  let square = v[i] + number(6u) * (g * g - v[i]);
  m[i] = mean;
  v[i] = square;
  let step = (number(8u) * mean + number(9u) * g) / (sqrt(square) * number(10u) + number(7u));
  return p - rate * step;
}
