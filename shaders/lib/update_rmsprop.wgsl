// Rule of optimizer_update.wgsl: RMSprop.
//   v += (1 - rho) * (g^2 - v)
//   p -= rate * g / sqrt(v + epsilon)
// Numbers: 5 1 - rho, 6 epsilon.
// Tieleman & Hinton 2012, "Lecture 6.5 - RMSProp".
@group(0) @binding(6) var<storage, read_write> v: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = squarable(gradient);
  let square = v[i] + number(5u) * (g * g - v[i]);
  v[i] = square;
  return p - rate * g / sqrt(square + number(6u));
}
