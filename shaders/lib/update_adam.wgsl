// Rule of optimizer_update.wgsl: Adam; with DECAYS also decoupled weight decay (AdamW).
//   m += (1 - beta1) * (g - m);   v += (1 - beta2) * (g^2 - v)
//   DECAYS: p -= rate * decay * p
//   p -= rate * correction * m / (sqrt(v) + epsilon)      correction = sqrt(1 - beta2^t) / (1 - beta1^t)
// Numbers: 3 1 - beta1, 4 1 - beta2, 5 epsilon, 6 correction, 7 decay.
// Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter 2019, arXiv:1711.05101.
@group(0) @binding(6) var<storage, read_write> m: array<f32>;
@group(0) @binding(7) var<storage, read_write> v: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = squarable(gradient);
  let mean = m[i] + number(3u) * (g - m[i]);
  let square = v[i] + number(4u) * (g * g - v[i]);
  m[i] = mean;
  v[i] = square;
  var kept = p;
  if (DECAYS) { kept -= rate * number(7u) * p; }
  return kept - rate * number(6u) * mean / (sqrt(square) + number(5u));
}
