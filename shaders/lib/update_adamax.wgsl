// Rule of optimizer_update.wgsl: Adamax.
//   m += (1 - beta1) * (g - m);   u = max(beta2 * u, |g|)
//   p -= rate / (1 - beta1^t) * m / (u + epsilon)
// Numbers: 5 1 - beta1, 6 beta2, 7 epsilon, 8 1 / (1 - beta1^t).
// Kingma & Ba 2015, arXiv:1412.6980, section 7.1.
@group(0) @binding(6) var<storage, read_write> m: array<f32>;
@group(0) @binding(7) var<storage, read_write> u: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = squarable(gradient);
  let mean = m[i] + number(5u) * (g - m[i]);
  let greatest = max(number(6u) * u[i], abs(g));
  m[i] = mean;
  u[i] = greatest;
  return p - rate * number(8u) * (mean / (greatest + number(7u)));
}
