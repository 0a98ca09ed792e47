// Rule of optimizer_update.wgsl: gradient descent with momentum. Constant: NESTEROV.
//   m = momentum * m - rate * g
//   p += m          NESTEROV: p += momentum * m - rate * g
// Numbers: 5 momentum.
@group(0) @binding(6) var<storage, read_write> m: array<f32>;

fn updated(i: u32, p: f32, g: f32, rate: f32) -> f32 {
  let next = number(5u) * m[i] - rate * g;
  m[i] = next;
  return p + select(next, number(5u) * next - rate * g, NESTEROV);
}
