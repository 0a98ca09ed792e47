// Rule of optimizer_update.wgsl: Lion, the sign of a mean.
//   p -= rate * sign(m + (1 - beta1) * (g - m))
//   m += (1 - beta2) * (g - m)
// Numbers: 5 1 - beta1, 6 1 - beta2.
// Chen et al. 2023, arXiv:2302.06675.
@group(0) @binding(6) var<storage, read_write> m: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = squarable(gradient);
  let mean = m[i];
  m[i] = mean + number(6u) * (g - mean);
  return p - rate * sign(mean + number(5u) * (g - mean));
}
