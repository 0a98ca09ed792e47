// Rule of optimizer_update.wgsl: Adagrad.
//   a += g^2
//   p -= rate * g / sqrt(a + epsilon)
// Numbers: 5 epsilon.
// The sum ends at 1e38, and gradients at the hundredth part of that: infinity would stop the weight for ever.
// Duchi, Hazan & Singer 2011, JMLR 12:2121.
@group(0) @binding(6) var<storage, read_write> a: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = clamp(gradient, -1e18, 1e18);
  let total = min(a[i] + g * g, 1e38);
  a[i] = total;
  return p - rate * g / sqrt(total + number(5u));
}
