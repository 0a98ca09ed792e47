// Rule of optimizer_update.wgsl: stochastic gradient descent.
//   p -= rate * g

fn updated(i: u32, p: f32, g: f32, rate: f32) -> f32 {
  return p - rate * g;
}
